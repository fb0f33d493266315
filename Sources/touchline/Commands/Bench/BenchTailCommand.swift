import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "How long it takes until a tail in another process has seen an event.",
        discussion: """
            --rate events a second are appended, one a request, each sent when it is due, whether or not those before \
            were answered. A second process follows the log as `touchline tail -f` does. The time is from when an \
            event was due until that process has read it; in between lies one sync, whose time alone is the limit.
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "Events a second.")
    var rate = 1_000

    @Option(help: "Seconds of a run.")
    var seconds = 5.0

    func validate() throws {
        guard (1...20_000).contains(rate) else { throw ValidationError("--rate takes 1 to 20000") }
        guard seconds > 0, seconds <= 600 else { throw ValidationError("--seconds takes up to 600") }
    }

    func run() async throws {
        var options = TailBenchmark.Options(reader: ["bench", BenchTailChild.name])
        options.rate = rate
        options.seconds = seconds
        options.runs = bench.runs
        try await bench.run { try await TailBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}

/// Follows a log.
struct BenchTailChild: ParsableCommand {
    static let name = "tail-read"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @Argument var directory: String
    @Argument var count: Int

    func run() throws {
        BenchChild.endWithParent()
        let latencies = try TailReader.run(FilePath(directory), count: count) {
            Output.line(TailReader.ready)
            Output.flush()
        }
        Output.line(latencies.map(String.init).joined(separator: " "))
        Output.flush()
    }
}
