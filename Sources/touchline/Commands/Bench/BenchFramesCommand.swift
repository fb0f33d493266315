import ArgumentParser
import TouchlineBench

struct BenchFramesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "frames", abstract: "What the size of a frame costs and gains.",
        discussion: """
            The same lines are repacked into frames of several sizes: small ones let a customer's history be read with \
            little decompressed, large ones take less room. For each size:

              bytes, size   what the closed segments take, and that by the bytes of their lines
              dispatch      every event by its type and subject, `data` not looked at, on one core
              history       one customer's events, p50 and p99

              touchline bench frames
              touchline bench frames --sizes 32,64 --events 300000 --runs 3
            """)

    @OptionGroup var bench: BenchOptions

    @OptionGroup var feed: BenchEvents

    @Option(help: "Lines of a frame in KiB, as in 16,64.")
    var sizes = "16,32,64,128,256"

    @Option(help: "Bytes of lines after which a segment is closed.")
    var segmentBytes: UInt64 = 32 << 20

    @Option(help: "How many customers' histories are read.")
    var customers = 1_000

    func validate() throws {
        guard !counts.isEmpty, counts.count == sizes.split(separator: ",").count else {
            throw ValidationError("--sizes \(sizes): give numbers from 1 to 4096, as in 16,64")
        }
        guard segmentBytes >= 100_000 else { throw ValidationError("--segment-bytes takes 100000 or more") }
        guard customers > 0 else { throw ValidationError("--customers \(customers): give at least 1") }
    }

    private var counts: [Int] {
        sizes.split(separator: ",").compactMap { Int($0) }.filter { (1...4096).contains($0) }
    }

    func run() async throws {
        var options = FramesBenchmark.Options()
        options.source = feed.source
        options.events = feed.events
        options.sizes = counts
        options.segmentBytes = segmentBytes
        options.customers = customers
        options.runs = bench.runs
        try await bench.run { try await FramesBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
