import EventLog
package import SystemPackage

/// How fast a closed segment is repacked, beside LZ4-HC of the same lines.
package struct RepackBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// The events.
        package var source = EventSource.synthetic(.uuid)
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 300_000
        /// Lines of the segment.
        package var segmentBytes: UInt64 = 64 << 20
        /// How often it is repacked.
        package var runs = 5

        /// The defaults.
        package init() {}
    }

    private let options: Options
    private let log: LogOptions
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let bytes = BenchRoom.bytes(options.events, each: EventSource.lineBytes + 2 * EventSource.storedBytes)
        let folder = try BenchFolder(given, bytes: bytes)
        defer { folder.remove() }
        var log = LogOptions()
        log.segmentBytesMax = options.segmentBytes
        log.closedSegmentsMax = .max
        return try await RepackBenchmark(options: options, log: log, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        let closed = folder.path.appending("closed")
        var filling = log
        filling.repacks = false
        let filled = try await options.source.fill(
            options.events, log: closed, options: filling, folder: folder.path, progress)
        let segments = try LogReader.open(closed).statistics().segments.filter { $0.state == .closed }
        guard !segments.isEmpty else {
            throw BenchError(.refused, "\(filled.data.events) events close no segment; give more with --events")
        }
        let pieces = try segments.flatMap { segment in
            try HeldFrames(segment: segment.firstSequence, of: closed).pieces(bytesMax: log.repackFrameBytes)
        }
        let events = Double(segments.reduce(0) { $0 + $1.events })
        let lineBytes = Double(segments.reduce(0) { $0 + $1.lineBytes })
        var series = BenchSeries()
        for run in 0..<max(1, options.runs) {
            try progress("repacking", UInt64(run), of: UInt64(options.runs))
            let copy = try RepackedCopy.make(
                of: closed, count: segments.count, options: log, at: folder.path.appending("log"), progress)
            copy.remove()
            var compressed = 0
            let bare = try seconds {
                for piece in pieces { compressed += try compress(piece) }
            }
            let limit = "LZ4-HC level \(log.repackLevel) of the same lines alone, in frames of 64 KiB, on one core"
            series.add("repack.rate", "events/s", events / copy.seconds, limit: events / bare, limitIs: limit)
            series.add(
                "repack.size", "bytes/byte", Double(copy.bytes) / lineBytes, limit: Double(compressed) / lineBytes,
                limitIs: limit)
        }
        let notes = [
            "\(segments.count) closed segments; rate: read, compress, sync, read back and compare, as it is done in "
                + "the background",
            "size: the file with its directories and footer, by the lines",
        ]
        return meter.report("repack", filled.data, runs: options.runs, series.rows, notes: notes)
    }

    private func compress(_ piece: [UInt8]) throws -> Int {
        guard let bytes = HeldFrames.compressedBytes(piece, level: log.repackLevel) else {
            throw BenchError(.failed, "LZ4 cannot compress these lines")
        }
        return bytes
    }
}
