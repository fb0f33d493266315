import ArgumentParser
import TouchlineBench

struct BenchReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "How fast a log is read and folded into views.",
        discussion: """
            Without an argument a log is made of synthetic events; an NDJSON file is appended to a log of its own; a \
            data folder, or the folder of a log, is opened for reading only and never changed.

              frames        the files read, checksums checked, LZ4, and nothing more
              dispatch      every event by its type and subject, `data` not looked at
              type.NAME     the events of one type, about one in a hundred, that stand next to each other
              PROJECTOR     one projector alone, into memory: what a rebuild does, without its database
              all           all built-in projectors, on one core, and with as many threads as --workers says
              lz4           as many threads that only decompress, by one: what the machine allows workers

            NAME.cpu is the same by processor time, which others on the machine disturb less.

            The limit is LZ4 decompression alone, of the same frames, in turn with the figures. Compare the ratio, not \
            events/s: frames and events differ from log to log.

              touchline bench replay
              touchline bench replay ./touchline-data --runs 3 --only dispatch,all
            """)

    @OptionGroup var bench: BenchOptions

    @OptionGroup var log: BenchLog

    @Option(help: "Numbers of threads, as in 1,2.")
    var workers = "1,2"

    @Option(help: "Only these figures, as in dispatch,type,customers,all (default: all of them).")
    var only: String?

    func validate() throws {
        guard !counts.isEmpty, counts.count == workers.split(separator: ",").count else {
            throw ValidationError("--workers \(workers): give numbers from 1 to 64, as in 1,2")
        }
    }

    private var counts: [Int] {
        workers.split(separator: ",").compactMap { Int($0) }.filter { (1...64).contains($0) }
    }

    func run() async throws {
        var options = ReplayBenchmark.Options()
        options.source = log.replaySource
        options.events = log.count
        options.workers = counts.sorted()
        options.only = Set((only ?? "").split(separator: ",").map(String.init))
        options.runs = bench.runs
        try await bench.run { try await ReplayBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
