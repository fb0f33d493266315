import CRM
import EventLog
import Foundation
package import SystemPackage

/// Where a benchmark's events come from.
package enum EventSource: Sendable {
    /// Made up.
    case synthetic(SyntheticLife.IDs, seed: UInt64 = 1)
    /// A file of NDJSON, as `touchline append` takes it.
    case file(FilePath)

    /// About so many bytes a synthetic event takes as a line.
    static let lineBytes: UInt64 = 300
    /// About so many bytes an event takes in the log and its indexes, before it is repacked.
    static let storedBytes: UInt64 = 250

    /// The events as a file: those made up are written to `folder` first.
    func file(_ events: UInt64, in folder: FilePath, _ progress: BenchProgress) throws -> FilePath {
        switch self {
        case .file(let path): return path
        case .synthetic(let ids, let seed):
            let path = folder.appending("events.ndjson")
            guard FileManager.default.createFile(atPath: path.string, contents: nil),
                let file = FileHandle(forWritingAtPath: path.string)
            else { throw BenchError(.failed, "\(path): cannot be written") }
            var stream = SyntheticLife(seed: seed, events: events, ids: ids).makeStream()
            var done: UInt64 = 0
            while done < events {
                let count = min(events - done, 10_000)
                try file.write(contentsOf: stream.lines(Int(count)))
                done += count
                try progress("making events", done, of: events)
            }
            try file.close()
            return path
        }
    }

    /// Fills a log with the events, and has its closed segments repacked if the options say so.
    func fill(
        _ events: UInt64, log: FilePath, options: LogOptions = LogOptions(), folder: FilePath,
        _ progress: BenchProgress
    ) async throws -> FilledLog {
        let path = try file(events, in: folder, progress)
        let feed = try EventFeed(path, limit: events)
        let run = AppendRun(
            shape: AppendShape(tasks: 1, request: 1_000, inFlight: 4), directory: log,
            catalogue: try Catalogue.load(user: nil), seconds: .infinity, progress: progress,
            events: events, log: options, finishesRepacking: options.repacks)
        let appended = try await run.run(feed)
        let sent = feed.handedOut
        guard sent.events > 0 else { throw BenchError(.refused, "\(path): there are no events") }
        return FilledLog(
            data: description(events: sent.events, bytes: sent.bytes), lines: path, rate: appended.rate)
    }

    /// The name of the data and the ids it has.
    func description(events: UInt64, bytes: UInt64?) -> BenchData {
        switch self {
        case .synthetic(let ids, _): BenchData(name: "synthetic", ids: ids, events: events, raw_bytes: bytes)
        case .file(let path): BenchData(name: path.string, ids: nil, events: events, raw_bytes: bytes)
        }
    }
}

/// A log that was filled.
struct FilledLog {
    /// Its events.
    var data: BenchData
    /// The file they were read from.
    var lines: FilePath
    /// Events acknowledged a second.
    var rate: Double

    /// Bytes of an event as it was sent, on average.
    var rawBytesPerEvent: Double { Double(data.raw_bytes ?? 0) / Double(max(1, data.events)) }

    /// Bytes of the first `count` events as they were sent, without line feeds.
    func rawBytes(of count: UInt64) throws -> UInt64 {
        let feed = try EventFeed(lines, limit: count)
        while try feed.next(100_000) != nil {}
        return feed.handedOut.bytes
    }
}
