import EventLog
import Foundation
import Projection
package import SystemPackage
import TouchlineService

/// How long it takes to make all views anew from a log.
package struct RebuildBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// The events.
        package var source = EventSource.synthetic(.uuid)
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 1_000_000
        /// Threads that fold.
        package var workers = 2
        /// How often it is done.
        package var runs = 3

        /// The defaults.
        package init() {}
    }

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
        let made = try await BenchDataFolder.make(
            options.source, events: options.events, in: folder.path, progress)
        return try run(options, made, in: folder.path, progress)
    }

    private static func run(
        _ options: Options, _ made: BenchDataFolder, in folder: FilePath, _ progress: BenchProgress
    ) throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder))
        let data = made.filled.data
        var series = BenchSeries()
        var notes = ["\(options.workers) threads fold; verify: every frame's checksum, every directory by its lines"]
        for _ in 0..<max(1, options.runs) {
            let run = try RebuildRun(made.folder, workers: options.workers, verifies: true, progress)
            guard let views = try made.folder.views.current() else {
                throw BenchError(.failed, "there are no views after the rebuild")
            }
            try progress("bare tables")
            let bare = try BareTables.fill(from: views, in: folder)
            // The goal was set for a million events.
            let isMillion = data.events == 1_000_000
            series.add(
                "rebuild.total", "s", run.seconds, limit: bare.seconds,
                limitIs: "SQLite alone filling equal tables with the same rows, then the indexes, then a sync",
                budget: isMillion ? .atMost(5, .figure) : nil)
            series.add("rebuild.rate", "events/s", Double(data.events) / run.seconds)
            for phase in [RebuildProgress.Phase.fold, .index, .verify, .catchUp, .swap] {
                series.add("rebuild.\(phase.rawValue)", "s", run.phases[phase] ?? 0)
            }
            notes = [notes[0], "\(bare.rows) rows in \(bare.tables) tables"]
        }
        return meter.report("rebuild", data, runs: options.runs, series.rows, notes: notes)
    }
}
