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

    @Option(help: "How many events are made up, or taken from --input at most.")
    var events: UInt64 = 1_000_000

    @Option(help: "The events: an NDJSON file, as `touchline append` takes it (default: made up).")
    var input: String?

    @Option(help: "Ids of the events that are made up: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    @Option(help: "Threads that fold.")
    var workers = 2

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
        guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64") }
    }

    func run() async throws {
        var options = RebuildBenchmark.Options()
        options.source = input.map { .file(FilePath($0)) } ?? .synthetic(ids)
        options.events = events
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
