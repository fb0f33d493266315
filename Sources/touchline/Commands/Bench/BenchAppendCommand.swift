import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchAppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "How fast events get into the log, durable.",
        discussion: """
            Lines of JSON go the way that `touchline append` goes: parsed, checked against the catalogue, appended by \
            group commit. Without --tasks and --request four shapes are measured:

              1x1                  one task, one event a request: each waits for its own sync
              64x1                 64 tasks, one event a request each: they share syncs
              1x1000               one task, 1,000 events a request, one request after the other
              1x1000.4-in-flight   the same, and up to four requests wait for their answer at a time

            After each run, in the same process, the limit: bytes as large as an average batch written and synced in a \
            loop, into a file that is filled with zeros (so that no sync has to grow it); for many tasks, as many \
            threads that wait for a bare group commit. Every run starts with an empty log; a run ends after --seconds, \
            or when there are no more events. For the sustained rate over ten million events, repacking included:

              touchline bench append --request 1000 --in-flight 4 --events 10000000 --seconds 600 --runs 1
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "Tasks that append side by side; measures this shape only.")
    var tasks: Int?

    @Option(help: "Events of a request; measures this shape only.")
    var request: Int?

    @Option(help: "Requests of a task that wait for their answer at a time, with --tasks or --request.")
    var inFlight = 1

    @Option(help: "Events of a run at most.")
    var events: UInt64 = 1_000_000

    @Option(help: "Seconds of a run at most.")
    var seconds = 3.0

    @Option(help: "The events: an NDJSON file, as `touchline append` takes it (default: made up).")
    var input: String?

    @Option(help: "Ids of the events that are made up: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    func validate() throws {
        guard (1...1_000).contains(tasks ?? 1) else { throw ValidationError("--tasks takes 1 to 1000") }
        guard (1...10_000).contains(request ?? 1) else { throw ValidationError("--request takes 1 to 10000") }
        guard (1...64).contains(inFlight) else { throw ValidationError("--in-flight takes 1 to 64") }
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
        guard seconds > 0 else { throw ValidationError("--seconds \(seconds): give more than 0") }
    }

    func run() async throws {
        var options = AppendBenchmark.Options()
        if tasks != nil || request != nil {
            options.shapes = [AppendShape(tasks: tasks ?? 1, request: request ?? 1, inFlight: inFlight)]
        }
        options.events = events
        options.seconds = seconds
        options.runs = bench.runs
        options.source = input.map { .file(FilePath($0)) } ?? .synthetic(ids)
        try await bench.run { try await AppendBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
