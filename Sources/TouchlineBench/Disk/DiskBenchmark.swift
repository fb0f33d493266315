import EventLog
import Foundation
import Projection
package import SystemPackage
import TouchlineService

/// How much room a log, its indexes and its views take, by the bytes that were sent.
package struct DiskBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// The events, each kind in turn.
        package var sources = [EventSource.synthetic(.uuid), .synthetic(.none)]
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 1_000_000
        /// Lines of a segment; nil = as always.
        package var segmentBytes: UInt64?

        /// The defaults.
        package init() {}
    }

    /// The level of the limit: higher ones gain next to nothing.
    private static let limitLevel: Int32 = 9

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let folder = try BenchFolder(
            given, bytes: BenchRoom.bytes(options.events, each: EventSource.lineBytes + EventSource.storedBytes + 1_000)
        )
        defer { folder.remove() }
        return try await DiskBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        var series = BenchSeries()
        var data: BenchData?
        var withUUIDs: Double?
        var notes = [
            "bytes on the disk by bytes as they were sent, line feeds not counted",
            "log, index, log+index: the closed segments, repacked, and the index runs that cover them",
            "by-uuid-lines: by the bytes that as many events have with UUIDs as ids, as that goal was set",
            "active: the segment that is still being written, whose batches are as they were committed",
        ]
        for source in options.sources {
            let made = try await BenchDataFolder.make(
                source, events: options.events, segmentBytes: options.segmentBytes, in: folder.path, progress)
            if made.filled.data.ids == .uuid { withUUIDs = made.filled.rawBytesPerEvent }
            if try !weigh(made, withUUIDs, &series) {
                notes.append("too few events to close a segment: give more with --events")
            }
            try FileManager.default.removeItem(atPath: made.folder.path.string)
            data = data ?? made.filled.data
        }
        guard let data else { throw BenchError(.refused, "there are no events to weigh") }
        return meter.report("disk", data, runs: 1, series.rows, notes: notes)
    }

    /// Adds the rows of one folder; false if it has no closed segment.
    private func weigh(
        _ made: BenchDataFolder, _ withUUIDs: Double?, _ series: inout BenchSeries
    ) throws -> Bool {
        let name = "disk." + (made.filled.data.ids?.rawValue ?? "input")
        let statistics = try made.folder.openReader().statistics()
        let all = Double(made.filled.data.raw_bytes ?? 0)
        let repacked = statistics.segments.filter { $0.state == .repacked }
        let events = repacked.reduce(0) { $0 + $1.events }
        let closed = Double(try made.filled.rawBytes(of: events))
        if !repacked.isEmpty {
            let log = Double(repacked.reduce(0) { $0 + $1.fileBytes })
            let index = Double(statistics.indexBytes)
            let limit = try highlyCompressed(repacked, of: made.folder.log)
            func add(_ row: String, _ bytes: Double, by sent: Double, limit: Double?, _ budget: BenchBudget? = nil) {
                series.add(
                    "\(name).\(row)", "bytes/byte", bytes / sent, limit: limit.map { $0 / sent },
                    limitIs: limit == nil ? nil : Self.limitIs, budget: budget)
            }
            let ids = made.filled.data.ids
            add("log", log, by: closed, limit: limit)
            add("index", index, by: closed, limit: nil)
            add("log+index", log + index, by: closed, limit: limit, ids == .uuid ? .atMost(0.46, .figure) : nil)
            if ids == SyntheticLife.IDs.none, let withUUIDs {
                let sent = withUUIDs * Double(events)
                add("log+index.by-uuid-lines", log + index, by: sent, limit: limit, .atMost(0.31, .figure))
            }
        }
        if let active = statistics.segments.last, active.state == .active, active.events > 0, all > closed {
            series.add(name + ".active", "bytes/byte", Double(active.fileBytes) / (all - closed))
        }
        _ = try RebuildRun(made.folder, workers: 2, verifies: false, progress)
        series.add(
            name + ".views", "bytes/byte", Double(try made.folder.views.bytes()) / all, budget: .atMost(0.6, .figure))
        return !repacked.isEmpty
    }

    private static let limitIs = "the lines alone, LZ4-HC level \(limitLevel), in frames of 64 KiB"

    /// The bytes that the lines of these segments take alone.
    private func highlyCompressed(_ segments: [LogStatistics.Segment], of log: FilePath) throws -> Double {
        var bytes = 0
        for segment in segments {
            let frames = try HeldFrames(segment: segment.firstSequence, of: log)
            for piece in frames.pieces(bytesMax: 64 << 10) {
                guard let compressed = HeldFrames.compressedBytes(piece, level: Self.limitLevel) else {
                    throw BenchError(.failed, "LZ4 cannot compress these lines")
                }
                bytes += compressed
                try progress("compressing")
            }
        }
        return Double(bytes)
    }
}
