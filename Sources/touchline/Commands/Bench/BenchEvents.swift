import ArgumentParser
import SystemPackage
import TouchlineBench

/// The events of a benchmark that makes a log of its own.
struct BenchEvents: ParsableArguments {
    @Option(help: "How many events are made up, or taken from --input at most.")
    var events: UInt64 = 1_000_000

    @Option(help: "The events: an NDJSON file, as `touchline append` takes it (default: made up).")
    var input: String?

    @Option(help: "Ids of the events that are made up: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
    }

    /// Where they come from.
    var source: EventSource { input.map { .file(FilePath($0)) } ?? .synthetic(ids) }
}

/// The log of a benchmark that reads one.
struct BenchLog: ParsableArguments {
    @Argument(help: "An NDJSON file, a data folder or a log's folder (default: made-up events).")
    var source: String?

    @Option(help: "How many events are made up (default: 1000000), or taken from a file at most.")
    var events: UInt64?

    @Option(help: "Ids of the events that are made up: uuid, short or none.")
    var ids = SyntheticLife.IDs.uuid

    func validate() throws {
        guard events != 0 else { throw ValidationError("--events 0: give at least 1") }
    }

    /// What is read.
    var replaySource: ReplaySource { source.map { .path(FilePath($0)) } ?? .synthetic(ids) }

    /// How many events at most.
    var count: UInt64 { events ?? (source == nil ? 1_000_000 : .max) }
}
