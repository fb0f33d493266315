import ArgumentParser
import CRM
import EventLog
import TouchlineService

struct ChurnExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Why a customer has the score it has: terms that add up, and the events behind.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions
    @OptionGroup var score: ScoreOptions

    @Argument(help: "The customer's id.")
    var subject: String

    func run() throws {
        let query = ChurnExplainQuery(
            subject: subject, horizonDays: score.horizon?.count, modelSequence: score.model,
            bands: try score.chosenBands())
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ChurnCommand.projectors
        ) { try query.run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        show(answer)
        Output.flush()
    }

    private func show(_ answer: ChurnExplainAnswer) {
        if let asked = answer.asked { Output.line("\(asked) was merged into \(answer.subject).") }
        if let model = answer.model { Output.line(ChurnText.model(model)) }
        guard let score = answer.score else {
            Output.line("\(answer.subject) is not scored: \(answer.notScored ?? "no purchase")")
            return
        }
        Output.line(
            "\(answer.subject) as of \(answer.day): risk \(Text.percent(score.risk)) (\(score.band)"
                + (answer.bands.map { ": " + ChurnText.bands($0) } ?? "") + "),"
                + " alive \(Text.percent(score.alive)), x \(score.x),"
                + " t_x \(ChurnText.number(score.recency)) weeks, T \(ChurnText.number(score.age)) weeks")
        let errors = answer.model?.evidence?.standardErrors
        var table = TextTable("term", ">value", ">weight", ">± error", ">adds", "events")
        for term in answer.terms {
            table.add(
                term.name, ChurnText.number(term.value), ChurnText.number(term.weight),
                errors?[term.name].map { ChurnText.number($0) }, ChurnText.number(term.contribution),
                ChurnText.sequences(term.sequences))
        }
        table.add("z", "", "", "", ChurnText.number(score.z), "")
        Output.write(table.text())
        for reason in score.reasons { Output.line("- \(reason.text)  [\(ChurnText.sequences(reason.sequences))]") }
    }
}
