import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchRepackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repack", abstract: "How fast closed segments are repacked.",
        discussion: """
            A closed segment is written again in the background: the same lines in frames of 64 KiB at LZ4-HC, read \
            back and compared before it takes the old one's place. The limit is LZ4-HC of the same lines alone.
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "How many events are made up, or taken from --input at most.")
    var events: UInt64 = 300_000

    @Option(help: "The events: an NDJSON file, as `touchline append` takes it (default: made up).")
    var input: String?

    @Option(help: "Ids of the events that are made up: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    @Option(help: "Bytes of lines after which a segment is closed.")
    var segmentBytes: UInt64 = 64 << 20

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
        guard segmentBytes >= 100_000 else { throw ValidationError("--segment-bytes takes 100000 or more") }
    }

    func run() async throws {
        var options = RepackBenchmark.Options()
        options.source = input.map { .file(FilePath($0)) } ?? .synthetic(ids)
        options.events = events
        options.segmentBytes = segmentBytes
        options.runs = bench.runs
        try await bench.run { try await RepackBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
