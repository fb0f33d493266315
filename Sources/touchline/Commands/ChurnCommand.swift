public import ArgumentParser
public import BuyTillYouDie
import CRM
import EventLog
import TouchlineService

struct ChurnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "churn", abstract: "Who is about to leave, why, and how good the score is.",
        discussion: """
            The risk is the probability of no purchase within the horizon (182 days unless the model says otherwise), \
            by a model of repeat purchase. Without a subcommand the customers most at risk are listed.
            """,
        subcommands: [Risks.self, Explain.self, Fit.self, Evaluate.self], defaultSubcommand: Risks.self)
}

extension ModelKind: ExpressibleByArgument {}

/// A number of days as a user gives it: `182d`, `182` or `26w`.
struct Days: ExpressibleByArgument {
    var count: Int

    init(count: Int) { self.count = count }

    init?(argument: String) {
        let unit = argument.last.flatMap { $0 == "d" ? 1 : $0 == "w" ? 7 : nil }
        guard let number = Int(unit == nil ? argument : String(argument.dropLast())) else { return nil }
        let (days, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        if overflow { return nil }
        count = days
    }

    var defaultValueDescription: String { "\(count)d" }
}

extension ChurnCommand {
    struct Risks: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "risks", abstract: "The customers most at risk, with reasons.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var moment: MomentOptions

        @Option(help: "How many to list.")
        var top = 10

        @Option(help: "The horizon, such as 182d or 26w (default: the model's own).")
        var horizon: Days?

        @Option(help: "The model published by event SEQ (default: the last one known).")
        var model: UInt64?

        func run() throws {
            guard top > 0 else { throw ValidationError("--top takes 1 or more") }
            let asking = try Asking(options)
            let answer = try asking.answers(moment.request).answer(at: moment.request, projectors: Self.projectors) {
                try ChurnQuery(top: top, horizonDays: horizon?.count, modelSequence: model).run($0, $1)
            }
            ProgressBar.clear()
            if options.json { return try JSONOutput.print(answer) }
            Output.line(
                "As of \(answer.day), known up to \(answer.at.map(String.init) ?? "–"). "
                    + ChurnText.model(answer.model))
            Output.line(
                "\(Text.count(answer.scored)) scored; not scored: \(Text.count(answer.notScored.prospect)) prospects"
                    + " (no purchase), \(Text.count(answer.notScored.contract)) under contract")
            Output.line()
            var table = TextTable("customer", ">risk", "band", ">alive", ">orders", "last purchase", "why")
            for customer in answer.customers {
                table.add(
                    customer.customer, Text.percent(customer.risk), customer.band, Text.percent(customer.alive),
                    String(customer.x + 1), customer.lastPurchase,
                    customer.reasons.map(\.text).joined(separator: "; "))
            }
            Output.write(table.text())
            Output.flush()
        }

        /// What a score reads.
        static let projectors = ["churn", "customers", "merges"]
    }

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Why a customer has the score it has: terms that add up, and the events behind.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var moment: MomentOptions

        @Argument(help: "The customer's id.")
        var subject: String

        @Option(help: "The horizon, such as 182d or 26w (default: the model's own).")
        var horizon: Days?

        @Option(help: "The model published by event SEQ (default: the last one known).")
        var model: UInt64?

        func run() throws {
            let asking = try Asking(options)
            let answer = try asking.answers(moment.request).answer(
                at: moment.request, projectors: Risks.projectors
            ) {
                try ChurnExplainQuery(subject: subject, horizonDays: horizon?.count, modelSequence: model).run($0, $1)
            }
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
                "\(answer.subject) as of \(answer.day): risk \(Text.percent(score.risk)) (\(score.band)),"
                    + " alive \(Text.percent(score.alive)), x \(score.x),"
                    + " t_x \(ChurnText.number(score.recency)) weeks, T \(ChurnText.number(score.age)) weeks")
            var table = TextTable("term", ">value", ">weight", ">adds", "events")
            for term in answer.terms {
                table.add(
                    term.name, ChurnText.number(term.value), ChurnText.number(term.weight),
                    ChurnText.number(term.contribution), ChurnText.sequences(term.sequences))
            }
            table.add("z", "", "", ChurnText.number(score.z), "")
            Output.write(table.text())
            for reason in score.reasons { Output.line("- \(reason.text)  [\(ChurnText.sequences(reason.sequences))]") }
        }
    }

    struct Fit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fit", abstract: "Fit a model of repeat purchase and publish it as an event.",
            discussion: "From its sequence on, scores use it; scores of an earlier --at or --known-at do not.")

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
            let answer = try asking.answers(request).answer(at: request, projectors: Risks.projectors) {
                try ChurnFit(kind: model, horizonDays: horizon.count).run($0, $1)
            }
            ProgressBar.clear()
            var published: UInt64?
            if !dryRun {
                let sequencer = try await DefinitionNote.openWriter(asking.folder)
                do {
                    published = try await ModelPublication.append(answer, to: sequencer)
                } catch {
                    await sequencer.close(finishRepacking: false)
                    throw error
                }
                await sequencer.close(finishRepacking: false)
            }
            if options.json { return try JSONOutput.print(Published(answer: answer, sequence: published)) }
            Output.line(ChurnText.model(answer.model, isBeingFitted: true))
            if let fallback = answer.fallback {
                Output.line("\(answer.requested) degenerated on these purchases, so this is \(fallback).")
            }
            Output.line(published.map { "Published as event \($0)." } ?? "Nothing was published.")
            Output.flush()
        }
    }

    struct Evaluate: ParsableCommand {
        /// What is left out of the past.
        enum Cut: String, ExpressibleByArgument, CaseIterable { case time, known }

        static let configuration = CommandConfiguration(
            commandName: "evaluate", abstract: "Fit to the past, score it, and hold the scores against what came after."
        )

        @OptionGroup var options: GlobalOptions

        @Option(help: "The last day that the fit sees.")
        var fitUntil: String

        @Option(help: "How long after it is held out, such as 182d or 26w.")
        var horizon = Days(count: ChurnModel.horizonDaysDefault)

        @Option(help: "mbg, bg, pareto or nbd.")
        var model = ModelKind.mbg

        @Option(help: "Leave out of the past what happened later (time), or also what was recorded later (known).")
        var cut = Cut.time

        func run() throws {
            let asking = try Asking(options)
            let start = try MomentRequest.startOfDay(fitUntil, "--fit-until", asking.folder.calendar)
            let day = asking.folder.calendar.day(of: start)
            let past = MomentRequest(asOf: fitUntil, knownAt: cut == .known ? fitUntil : nil)
            let answers = try asking.answers(past)
            let answer = try answers.answer(projectors: Risks.projectors) { outcome, context in
                try answers.answer(at: past, projectors: Risks.projectors) { past, _ in
                    try ChurnEvaluate(fitUntil: day, horizonDays: horizon.count, kind: model)
                        .run(past: past, outcome: outcome, context)
                }
            }
            ProgressBar.clear()
            if options.json { return try JSONOutput.print(answer) }
            Output.line(ChurnText.model(answer.model, isBeingFitted: true))
            Output.line(
                "\(Text.count(answer.customers)) customers scored as of \(answer.fitUntil);"
                    + " \(Text.count(answer.stayedAway)) bought nothing until \(answer.heldOutUntil)")
            var table = TextTable("", ">AUC", ">Brier", ">ECE")
            table.add(
                answer.model.title, answer.auc.map { ChurnText.number($0) }, ChurnText.number(answer.brier),
                ChurnText.number(answer.calibrationError))
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
            Output.flush()
        }
    }
}
