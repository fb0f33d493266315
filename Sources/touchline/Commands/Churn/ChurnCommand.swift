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

              touchline churn fit                          publish a model; from then on scores use it
              touchline churn --top 20                     who is most at risk
              touchline churn --changed-since 2026-03-01   whose risk changed since that day
              touchline churn explain C-1042               why, with the events
              touchline churn evaluate --fit-until 2025-12-31 --svg calibration.svg
            """,
        subcommands: [
            ChurnRisksCommand.self, ChurnExplainCommand.self, ChurnFitCommand.self, ChurnEvaluateCommand.self,
        ], defaultSubcommand: ChurnRisksCommand.self)

    /// What a score reads.
    static let projectors = ["churn", "customers", "merges"]
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

/// How customers are scored and their risks called.
struct ScoreOptions: ParsableArguments {
    @Option(help: "The horizon, such as 182d or 26w (default: the model's own).")
    var horizon: Days?

    @Option(help: "The model published by event SEQ (default: the last one known).")
    var model: UInt64?

    @Option(help: "From which risk on it is medium, and high, as in 0.5,0.8 (default: risk_bands of config.yaml).")
    var bands: String?

    /// The bands asked for; `nil` = the folder's.
    func chosenBands() throws -> ChurnBands? { try bands.map { try ChurnBands(text: $0) } }
}
