import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchDiskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk", abstract: "How much room a log, its indexes and its views take.",
        discussion: """
            By the bytes of the lines as they were sent, with ids that are UUIDs and without ids. The log is repacked \
            first; what is still in the active segment, which is not, stands in a row of its own. The limit is the \
            lines alone at LZ4-HC in frames of 64 KiB: no directories, no footers, no indexes.
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "How many events are made up, or taken from --input at most.")
    var events: UInt64 = 1_000_000

    @Option(help: "The events: an NDJSON file, as `touchline append` takes it (default: made up).")
    var input: String?

    @Option(help: .hidden)
    var segmentBytes: UInt64?

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
    }

    func run() async throws {
        var options = DiskBenchmark.Options()
        if let input { options.sources = [.file(FilePath(input))] }
        options.events = events
        options.segmentBytes = segmentBytes
        try await bench.run { try await DiskBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
