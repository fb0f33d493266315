import ArgumentParser
import BuyTillYouDie
import CRM
import EventLog
import TouchlineService

struct ChurnFitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit", abstract: "Fit a model of repeat purchase and publish it as an event.",
        discussion: """
            From its sequence on, scores use it; scores of an earlier --at or --known-at do not.

            With twice the horizon of history and complaints, tickets, surveys or unsubscribes in it, these get \
            weights, too: what they were worth in the last horizon beside purchases, with standard errors.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "mbg, bg, pareto or nbd.")
    var model = ModelKind.mbg

    @Option(help: "The last day that counts (default: today).")
    var until: String?

    @Option(help: "The horizon that its scores have, such as 182d or 26w.")
    var horizon = Days(count: ChurnModel.horizonDaysDefault)

    @Flag(help: "Fit and print, publish nothing.")
    var dryRun = false

    private struct Published: Encodable {
        var answer: ChurnFitAnswer
        var sequence: UInt64?

        enum CodingKeys: String, CodingKey { case published }

        func encode(to encoder: any Encoder) throws {
            try answer.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(sequence, forKey: .published)
        }
    }

    func run() async throws {
        let asking = try Asking(options)
        if let until { _ = try MomentRequest.startOfDay(until, "--until", asking.folder.calendar) }
        let request = MomentRequest(asOf: until)
        let answers = try asking.answers(request)
        let answer = try answers.answer(at: request, projectors: ChurnCommand.projectors) { db, context in
            try ChurnFit(kind: model, horizonDays: horizon.count).run(db, context) { day, read in
                try answers.answer(asOf: day, known: context, projectors: ChurnCommand.projectors, read)
            }
        }
        ProgressBar.clear()
        let published = dryRun ? nil : try await publish(answer, asking)
        if options.json { return try JSONOutput.print(Published(answer: answer, sequence: published)) }
        Output.line(ChurnText.model(answer.model, isBeingFitted: true))
        if let fallback = answer.fallback {
            Output.line("\(answer.requested) degenerated on these purchases, so this is \(fallback).")
        }
        ChurnText.weights(answer.model)
        Output.line(published.map { "Published as event \($0)." } ?? "Nothing was published.")
        Output.flush()
    }

    private func publish(_ answer: ChurnFitAnswer, _ asking: Asking) async throws -> UInt64 {
        let sequencer = try await DefinitionNote.openWriter(asking.folder)
        do {
            let published = try await ModelPublication.append(answer, to: sequencer)
            await sequencer.close(finishRepacking: false)
            return published
        } catch {
            await sequencer.close(finishRepacking: false)
            throw error
        }
    }
}
