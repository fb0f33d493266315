import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchCurveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curve", abstract: "What becomes of each cost as the log grows.",
        discussion: """
            For each size a log is filled, and appending, opening, one customer's history, rebuilding, memory and disk \
            are measured. Beside each figure stands the same at the least size: appending and histories must not get \
            slower with the log, opening keeps to a second, and a rebuild takes as long for each event.

            Ten million events take some ten minutes and 10 GiB; --no-rebuild leaves out what takes longest.
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "Numbers of events, as in 100000,1000000,10000000.")
    var events = "100000,1000000,10000000"

    @Option(help: "Ids of the events: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    @Flag(inversion: .prefixedNo, help: "Rebuild the views at each size.")
    var rebuild = true

    func validate() throws {
        guard !sizes.isEmpty, sizes.count == events.split(separator: ",").count else {
            throw ValidationError("--events \(events): give numbers of at least 1, as in 100000,1000000")
        }
    }

    private var sizes: [UInt64] { events.split(separator: ",").compactMap { UInt64($0) }.filter { $0 > 0 } }

    func run() async throws {
        var options = CurveBenchmark.Options(
            open: ["bench", BenchOpenChild.name], rebuild: ["bench", BenchRebuildChild.name])
        options.sizes = sizes
        options.ids = ids
        options.rebuilds = rebuild
        options.runs = bench.runs
        try await bench.run { try await CurveBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
