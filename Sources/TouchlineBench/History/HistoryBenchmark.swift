import EventLog
package import SystemPackage

/// How long it takes to get one customer's events out of a log whose files are in memory.
package struct HistoryBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// The log.
        package var source = ReplaySource.synthetic(.uuid)
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 1_000_000
        /// How many customers are asked for.
        package var customers = 1_000
        /// How often each is asked for.
        package var runs = 5

        /// The defaults.
        package init() {}
    }

    /// Does it; a folder given as the source is only read.
    ///
    /// - Parameter folder: where a log is made of events that are in none; empty or not there yet.
    /// - Throws: `BenchError`, `LogError`, or what `progress` threw; what was made is gone in any case.
    package static func run(
        _ options: Options, folder: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let log = try await ReplayLog.open(options.source, events: options.events, folder: folder, progress)
        defer { log.remove() }
        let meter = NoiseMeter(Machine.current(log.directory))
        let probe = try HistoryProbe(
            LogReader.open(log.directory), of: log.directory, customers: options.customers, progress)
        var series = BenchSeries()
        for run in 0..<max(1, options.runs) {
            try progress("asking", UInt64(run), of: UInt64(options.runs))
            try take(probe, &series)
        }
        let counts = (probe.eventCounts, probe.frameCounts)
        let note = [50.0, 99].map { hundredth in
            "p\(Int(hundredth)): \(Int(percentile(hundredth, ofSorted: counts.0))) events, "
                + "\(Int(percentile(hundredth, ofSorted: counts.1))) frames"
        }
        return meter.report(
            "history", log.data, runs: options.runs, series.rows,
            notes: [
                "\(probe.count) customers, all equally likely, their files in memory; " + note.joined(separator: "; "),
                "closed: up to the active segment, whose frames are as large as the batches that were committed",
                "allowance: 100 µs, and 20 µs for each frame that holds events of the customer",
            ])
    }

    private static func take(_ probe: HistoryProbe, _ series: inout BenchSeries) throws {
        try take(probe, .all, "history", &series)
        if probe.hasClosed { try take(probe, .closed, "history.closed", &series) }
        let frames = try probe.bareFrames(probe.count)
        guard !frames.isEmpty else { return }
        for hundredth in [50.0, 99] {
            series.add("history.frame.p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: frames) / 1000)
        }
    }

    private static func take(
        _ probe: HistoryProbe, _ part: HistoryProbe.Part, _ name: String, _ series: inout BenchSeries
    ) throws {
        let asked = try probe.ask(part)
        let bare = try probe.bare(part)
        for hundredth in [50.0, 99] {
            series.add(
                "\(name).p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: asked.latencies) / 1000,
                limit: percentile(hundredth, ofSorted: bare) / 1000, limitIs: "pread and LZ4 of the same frames")
        }
        for hundredth in [50.0, 99] {
            series.add(
                "\(name).allowance.p\(Int(hundredth))", "x",
                percentile(hundredth, ofSorted: asked.ofAllowance) / 1000, budget: .atMost(1, .figure))
        }
    }
}
