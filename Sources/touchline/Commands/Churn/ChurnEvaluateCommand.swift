public import ArgumentParser
import BuyTillYouDie
import CRM
import EventLog
import TouchlineService

struct ChurnEvaluateCommand: ParsableCommand {
    /// What is left out of the past.
    enum Cut: String, ExpressibleByArgument, CaseIterable { case time, known }

    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Fit to the past, score it, and hold the scores against what came after.",
        discussion: """
            Nothing after --fit-until enters the fit or the scores. Beside the model stands bare recency: the days \
            since the last purchase, and nothing else. --svg draws predicted against observed risk, ten bins of \
            equal count.

              touchline churn evaluate --fit-until 2025-12-31 --horizon 182d --svg calibration.svg
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "The last day that the fit sees.")
    var fitUntil: String

    @Option(help: "How long after it is held out, such as 182d or 26w.")
    var horizon = Days(count: ChurnModel.horizonDaysDefault)

    @Option(help: "mbg, bg, pareto or nbd.")
    var model = ModelKind.mbg

    @Option(help: "Leave out of the past what happened later (time), or also what was recorded later (known).")
    var cut = Cut.time

    @Option(help: "Write the calibration plot to FILE.")
    var svg: String?

    func run() throws {
        let asking = try Asking(options)
        let start = try MomentRequest.startOfDay(fitUntil, "--fit-until", asking.folder.calendar)
        let query = ChurnEvaluate(
            fitUntil: asking.folder.calendar.day(of: start), horizonDays: horizon.count, kind: model)
        let request = MomentRequest(asOf: fitUntil, knownAt: cut == .known ? fitUntil : nil)
        let answers = try asking.answers(request)
        let answer: ChurnEvaluateAnswer
        do {
            answer = try answers.answer(projectors: ChurnCommand.projectors) { outcome, context in
                try answers.answer(at: request, projectors: ChurnCommand.projectors) { past, pastContext in
                    try query.run(past: past, outcome: outcome, context) { day, read in
                        try answers.answer(asOf: day, known: pastContext, projectors: ChurnCommand.projectors, read)
                    }
                }
            }
        } catch ChurnError.noPurchases where cut == .known {
            throw ServiceError(
                .badInput,
                "no purchase was recorded by \(fitUntil), which is all that --cut known leaves; take --cut time, or a "
                    + "later --fit-until")
        }
        ProgressBar.clear()
        if let svg { try CalibrationPicture(answer).document.write(to: svg) }
        if options.json { return try JSONOutput.print(answer) }
        show(answer)
        if let svg { Output.line("Calibration plot written to \(svg).") }
        Output.flush()
    }

    private func show(_ answer: ChurnEvaluateAnswer) {
        Output.line(ChurnText.model(answer.model, isBeingFitted: true))
        ChurnText.weights(answer.model)
        Output.line(
            "\(Text.count(answer.customers)) customers scored as of \(answer.fitUntil);"
                + " \(Text.count(answer.stayedAway)) bought nothing until \(answer.heldOutUntil)")
        var table = TextTable("", ">AUC", ">Brier", ">ECE")
        table.add(
            answer.model.title + (answer.purchases == nil ? "" : " and signals"),
            answer.auc.map { ChurnText.number($0) }, ChurnText.number(answer.brier),
            ChurnText.number(answer.calibrationError))
        if let purchases = answer.purchases {
            table.add(
                answer.model.title + " alone", purchases.auc.map { ChurnText.number($0) },
                ChurnText.number(purchases.brier), ChurnText.number(purchases.calibrationError))
        }
        table.add("bare recency", answer.recencyAUC.map { ChurnText.number($0) }, "", "")
        Output.write(table.text())
        Output.line()
        var deciles = TextTable(">decile", ">customers", ">predicted", ">observed")
        for (index, decile) in answer.deciles.enumerated() {
            deciles.add(
                String(index + 1), Text.count(decile.customers), Text.percent(decile.predicted),
                Text.percent(decile.observed))
        }
        Output.write(deciles.text())
        for note in answer.notes { Output.line(note) }
    }
}
