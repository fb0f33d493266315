import EventLog
package import SystemPackage

/// What the size of a frame costs and gains: the same lines, repacked into frames of several sizes.
package struct FramesBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// The events.
        package var source = EventSource.synthetic(.uuid)
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 1_000_000
        /// Lines of a segment.
        package var segmentBytes: UInt64 = 32 << 20
        /// Lines of a frame, in KiB.
        package var sizes = [16, 32, 64, 128, 256]
        /// How many customers are asked for.
        package var customers = 1_000
        /// How often each figure is taken.
        package var runs = 5

        /// The defaults.
        package init() {}
    }

    /// The log in frames of one size.
    private struct Measured {
        let name: String
        let copy: RepackedCopy
        let replay: LogReplay
        let census: LogReplay.Census
        let probe: HistoryProbe
        /// Bytes of the lines in LZ4 frames and nothing else.
        let bareBytes: Double
    }

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, `LogError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let copies = UInt64(options.sizes.count) + 1
        let bytes = BenchRoom.bytes(options.events, each: EventSource.lineBytes + copies * EventSource.storedBytes)
        let folder = try BenchFolder(given, bytes: bytes)
        defer { folder.remove() }
        return try await FramesBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        let closed = folder.path.appending("closed")
        var filling = LogOptions()
        filling.segmentBytesMax = options.segmentBytes
        filling.closedSegmentsMax = .max
        filling.repacks = false
        let filled = try await options.source.fill(
            options.events, log: closed, options: filling, folder: folder.path, progress)
        let segments = try LogReader.open(closed).statistics().segments.filter { $0.state == .closed }
        guard let last = segments.last else {
            throw BenchError(.refused, "\(filled.data.events) events close no segment; give more with --events")
        }
        let measured = try options.sizes.map { size in
            var log = filling
            log.repacks = true
            log.repackFrameBytes = size << 10
            return try measure(closed, segments, end: last.firstSequence + last.events, size, log)
        }
        let lineBytes = Double(segments.reduce(0) { $0 + $1.lineBytes })
        var series = BenchSeries()
        for run in 0..<max(1, options.runs) {
            // In turn, so that whatever else the machine does disturbs all sizes alike.
            for log in measured {
                try progress("replaying", UInt64(run), of: UInt64(options.runs))
                try take(log, lineBytes, &series)
            }
        }
        return meter.report(
            "frames", filled.data, runs: options.runs, series.rows,
            notes: [
                "\(segments.count) closed segments of the same lines, repacked into frames of each size; the active one "
                    + "is left out",
                "size: the files with their directories and footers, by the lines; dispatch: every event by type and "
                    + "subject, on one core; history: of \(options.customers) customers",
                "a frame of more than 64 KiB is blocks of 64 KiB that are compressed each for itself",
            ])
    }

    /// Repacks into frames of one size.
    private func measure(
        _ closed: FilePath, _ segments: [LogStatistics.Segment], end: UInt64, _ size: Int, _ log: LogOptions
    ) throws -> Measured {
        let copy = try RepackedCopy.make(
            of: closed, count: segments.count, options: log, at: folder.path.appending("frames-\(size)"), progress)
        let reader = try LogReader.open(copy.directory)
        var replay = LogReplay(reader: reader, directory: copy.directory, progress: progress)
        replay.end = end
        var bareBytes = 0.0
        for segment in segments {
            for piece in try HeldFrames(segment: segment.firstSequence, of: copy.directory).pieces(
                bytesMax: log.repackFrameBytes)
            {
                guard let bytes = HeldFrames.compressedBytes(piece, level: log.repackLevel) else {
                    throw BenchError(.failed, "LZ4 cannot compress these lines")
                }
                bareBytes += Double(bytes)
            }
            try progress("compressing")
        }
        return Measured(
            name: "frames.\(size)k", copy: copy, replay: replay, census: try replay.census(),
            probe: try HistoryProbe(reader, of: copy.directory, customers: options.customers, progress),
            bareBytes: bareBytes)
    }

    private func take(_ log: Measured, _ lineBytes: Double, _ series: inout BenchSeries) throws {
        let bytes = Double(log.copy.bytes)
        series.add("\(log.name).bytes", "bytes", bytes)
        series.add(
            "\(log.name).size", "bytes/byte", bytes / lineBytes, limit: log.bareBytes / lineBytes,
            limitIs: "the lines alone in frames of that size, at the same level of LZ4-HC")
        let events = Double(log.census.events)
        let limit = try log.replay.decompress()
        series.add(
            "\(log.name).dispatch", "events/s", events / (try log.replay.dispatch(log.census)).seconds,
            limit: events / limit.seconds, limitIs: "LZ4 decompression alone, of the same frames")
        let asked = try log.probe.ask(.closed).latencies
        let bare = try log.probe.bare(.closed)
        for hundredth in [50.0, 99] where !asked.isEmpty {
            series.add(
                "\(log.name).history.p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: asked) / 1000,
                limit: percentile(hundredth, ofSorted: bare) / 1000, limitIs: "pread and LZ4 of the same frames")
        }
    }
}
