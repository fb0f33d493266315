import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchRebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "How long it takes to make all views anew.",
        discussion: """
            As `touchline rebuild --verify` does: fold, rows, indexes, verify, catch up, switch. The limit is SQLite \
            alone filling equal tables with the same rows, out of a file that is in memory, then the indexes, then \
            one sync.
            """)

    @OptionGroup var bench: BenchOptions

    @OptionGroup var feed: BenchEvents

    @Option(help: "Threads that fold.")
    var workers = 2

    func validate() throws {
        guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64") }
    }

    func run() async throws {
        var options = RebuildBenchmark.Options()
        options.source = feed.source
        options.events = feed.events
        options.workers = workers
        options.runs = bench.runs
        try await bench.run { try await RebuildBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}

/// Rebuilds once.
struct BenchRebuildChild: ParsableCommand {
    static let name = "rebuild-measure"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @Argument var folder: String

    func run() throws {
        BenchChild.endWithParent()
        try JSONOutput.line(RebuildMeasurement.take(FilePath(folder), workers: 2))
        Output.flush()
    }
}
