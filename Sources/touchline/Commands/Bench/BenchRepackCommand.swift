import ArgumentParser
import TouchlineBench

struct BenchRepackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repack", abstract: "How fast closed segments are repacked.",
        discussion: """
            A closed segment is written again in the background: the same lines in frames of 64 KiB at LZ4-HC, read \
            back and compared before it takes the old one's place. The limit is LZ4-HC of the same lines alone.
            """)

    @OptionGroup var bench: BenchOptions

    @OptionGroup var feed: BenchEvents

    @Option(help: "Bytes of lines after which a segment is closed.")
    var segmentBytes: UInt64 = 64 << 20

    func validate() throws {
        guard segmentBytes >= 100_000 else { throw ValidationError("--segment-bytes takes 100000 or more") }
    }

    func run() async throws {
        var options = RepackBenchmark.Options()
        options.source = feed.source
        options.events = feed.events
        options.segmentBytes = segmentBytes
        options.runs = bench.runs
        try await bench.run { try await RepackBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
