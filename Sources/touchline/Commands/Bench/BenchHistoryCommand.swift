import ArgumentParser
import TouchlineBench

struct BenchHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "How long one customer's history takes.",
        discussion: """
            Customers are drawn, all equally likely, and all events of each are read through the subject index, with \
            the files in memory. Beside it, the same frames read and decompressed, and nothing more.

              p50, p99     of a customer's history
              allowance    by how much it took of 100 µs and 20 µs for each frame that holds the customer's events
              closed       the same up to the active segment, whose frames are not small yet
              frame        one frame of 64 KiB of lines, read and decompressed

            Without an argument a log is made of synthetic events; an NDJSON file is appended to a log of its own; a \
            data folder, or the folder of a log, is opened for reading only and never changed.
            """)

    @OptionGroup var bench: BenchOptions

    @OptionGroup var log: BenchLog

    @Option(help: "How many customers are asked for.")
    var customers = 1_000

    func validate() throws {
        guard customers > 0 else { throw ValidationError("--customers \(customers): give at least 1") }
    }

    func run() async throws {
        var options = HistoryBenchmark.Options()
        options.source = log.replaySource
        options.events = log.count
        options.customers = customers
        options.runs = bench.runs
        try await bench.run { try await HistoryBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
