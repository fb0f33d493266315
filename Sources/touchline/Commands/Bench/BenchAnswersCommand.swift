import ArgumentParser
import SystemPackage
import TouchlineBench

extension AnswersBenchmark.Part: ExpressibleByArgument {}

struct BenchAnswersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answers", abstract: "How long churn, funnel and one customer's past take to be answered.",
        discussion: """
            Made-up events are appended and folded into views, from which each question is asked as its command asks \
            it. Four parts, which --part can choose from:

              fit        models of repeat purchase, fitted to as many customers as the CDNOW data have
              score      the churn risk of everyone, on one core
              funnel     `funnel --as-of` on different dates in one process, plain and by owner
              customer   `customer --as-of` for customers with a long history in a long log, on different dates: in \
            one process, and as a whole command that is started each time

            p50 and p99 are over all dates of a run.

              touchline bench answers --part customer
              touchline bench answers --part fit --buyers cdnow-data
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "Only this part: fit, score, funnel or customer; may be given again.")
    var part: [AnswersBenchmark.Part] = []

    @Option(help: "How many customers are scored.")
    var customers: UInt64 = 1_000_000

    @Option(help: ArgumentHelp("Fit to the customers of this data folder, which is only read.", valueName: "folder"))
    var buyers: String?

    @Option(help: "How many opportunities the funnel has.")
    var opportunities = 100_000

    @Option(help: "How many events the log has in which a customer is looked for.")
    var events: UInt64 = 1_000_000

    @Option(help: "How many events that customer has.")
    var customerEvents = 1_000

    @Option(help: "How many dates are asked for in each run.")
    var dates = 40

    func validate() throws {
        guard customers >= 200 else { throw ValidationError("--customers \(customers): give at least 200") }
        guard (10...10_000_000).contains(opportunities) else {
            throw ValidationError("--opportunities takes 10 to 10000000")
        }
        guard (10...100_000).contains(customerEvents) else {
            throw ValidationError("--customer-events takes 10 to 100000")
        }
        guard (1...10_000).contains(dates) else { throw ValidationError("--dates takes 1 to 10000") }
    }

    func run() async throws {
        var options = AnswersBenchmark.Options(customerCommand: ["customer"], idleCommand: ["--version"])
        if !part.isEmpty { options.parts = Set(part) }
        options.customers = customers
        options.buyers = buyers.map { FilePath($0) }
        options.opportunities = opportunities
        options.events = events
        options.customerEvents = customerEvents
        options.dates = dates
        options.runs = bench.runs
        try await bench.run { try await AnswersBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
