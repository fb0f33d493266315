import ArgumentParser
import CRM
import EventLog
import TouchlineService

struct ChurnRisksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "risks", abstract: "The customers most at risk, with reasons.",
        discussion: """
            With --changed-since T each customer's risk is compared with the one as of T: by the same model and the \
            same known events, so that only what the customer did, or did not do, moves him.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions
    @OptionGroup var score: ScoreOptions

    @Option(help: "How many to list.")
    var top = 10

    @Option(help: "List whose risk changed since TIME (RFC 3339, or a date: the end of that day).")
    var changedSince: String?

    func validate() throws {
        guard top > 0 else { throw ValidationError("--top takes 1 or more") }
    }

    func run() throws {
        let bands = try score.chosenBands()
        let asking = try Asking(options)
        if let changedSince { return try movers(since: changedSince, bands, asking) }
        let query = ChurnQuery(top: top, horizonDays: score.horizon?.count, modelSequence: score.model, bands: bands)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ChurnCommand.projectors
        ) { try query.run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        show(answer)
        Output.flush()
    }

    private func show(_ answer: ChurnAnswer) {
        Output.line(
            "As of \(answer.day), known up to \(answer.at.map(String.init) ?? "–"). " + ChurnText.model(answer.model))
        let bands = answer.bands.map { "\(Text.count($0.customers)) \($0.band) (from \(Text.percent($0.from)))" }
        Output.line(
            "\(Text.count(answer.scored)) scored: \(bands.joined(separator: ", ")); not scored:"
                + " \(Text.count(answer.notScored.prospect)) prospects (no purchase),"
                + " \(Text.count(answer.notScored.contract)) under contract")
        Output.line()
        var table = TextTable("customer", ">risk", "band", ">alive", ">orders", "last purchase", "why")
        for customer in answer.customers {
            table.add(
                customer.customer, Text.percent(customer.risk), customer.band, Text.percent(customer.alive),
                String(customer.x + 1), customer.lastPurchase,
                customer.reasons.map(\.text).joined(separator: "; "))
        }
        Output.write(table.text())
    }

    private func movers(since: String, _ bands: ChurnBands?, _ asking: Asking) throws {
        let answers = try asking.answers(MomentRequest(asOf: since))
        let query = ChurnMovers(top: top, horizonDays: score.horizon?.count, modelSequence: score.model, bands: bands)
        let answer = try answers.answer(at: moment.request, projectors: ChurnCommand.projectors) { now, context in
            let then = MomentRequest(at: context.lastSequence, asOf: since)
            return try answers.answer(at: then, projectors: ChurnCommand.projectors) { past, pastContext in
                try query.run(now, context, then: past, pastContext)
            }
        }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line(
            "From \(Text.time(answer.since)) to \(Text.time(answer.now)), known up to "
                + "\(answer.at.map(String.init) ?? "–"). " + ChurnText.model(answer.model))
        let moves = answer.moves.filter { $0.customers > 0 }.map { "\(Text.count($0.customers)) \($0.from) → \($0.to)" }
        Output.line(
            "\(Text.count(answer.compared)) compared, \(Text.count(answer.new)) new, \(Text.count(answer.gone)) gone"
                + (moves.isEmpty ? "" : "; " + moves.joined(separator: ", ")) + " (\(ChurnText.bands(answer.bands)))")
        show(answer.risen, "Risk rose")
        show(answer.fallen, "Risk fell")
        Output.flush()
    }

    private func show(_ movers: [ChurnMover], _ title: String) {
        guard !movers.isEmpty else { return }
        Output.line()
        Output.line(title)
        var table = TextTable("customer", ">then", ">now", ">change", "band", "new", "gone")
        for mover in movers {
            table.add(
                mover.customer, Text.percent(mover.riskThen), Text.percent(mover.risk), Text.percent(mover.change),
                mover.band == mover.bandThen ? mover.band : "\(mover.bandThen) → \(mover.band)",
                mover.reasons.map(\.text).joined(separator: "; "),
                mover.reasonsGone.map(\.text).joined(separator: "; "))
        }
        Output.write(table.text())
    }
}
