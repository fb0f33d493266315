import CRM
import EventLog
import Foundation
package import SystemPackage

/// How fast events get into the log, durable, beside bare writing and syncing of the same bytes.
package struct AppendBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// How events are sent.
        package var shapes = AppendShape.all
        /// Events of a run at most.
        package var events: UInt64 = 1_000_000
        /// Seconds of a run at most.
        package var seconds = 3.0
        /// How often each figure is taken.
        package var runs = 5
        /// The events.
        package var source = EventSource.synthetic(.uuid)

        /// The defaults.
        package init() {}

        /// Room for the events, the log of one run, and the bare file.
        var bytesMax: UInt64 { BenchRoom.bytes(events, each: EventSource.lineBytes + EventSource.storedBytes) }
    }

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, what is wrong with the events, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let folder = try BenchFolder(given, bytes: options.bytesMax)
        defer { folder.remove() }
        return try await AppendBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        let file = try options.source.file(options.events, in: folder.path, progress)
        let bare = try BareAppend(in: folder.path)
        let catalogue = try Catalogue.load(user: nil)
        var series = BenchSeries()
        var sent: (events: UInt64, bytes: UInt64) = (0, 0)
        for _ in 0..<max(1, options.runs) {
            for shape in options.shapes {
                let directory = folder.path.appending("log")
                let feed = try EventFeed(file, limit: options.events)
                let run = AppendRun(
                    shape: shape, directory: directory, catalogue: catalogue, seconds: options.seconds,
                    progress: progress)
                let figure = try await run.run(feed)
                try FileManager.default.removeItem(atPath: directory.string)
                let limit = try limit(shape, figure, bare)
                add(shape, figure, limit, to: &series)
                if feed.handedOut.events > sent.events { sent = feed.handedOut }
            }
        }
        return meter.report(
            "append", options.source.description(events: sent.events, bytes: sent.bytes), runs: options.runs,
            series.rows, notes: Self.notes)
    }

    private static let notes = [
        "rate: events acknowledged as on disk a second; p50, p99: from a request's first line parsed to its answer",
        "TASKSxEVENTS: so many tasks, each with so many events a request and, unless said, one request at a time",
    ]

    /// The bare appending of what was written, right after it was.
    private func limit(
        _ shape: AppendShape, _ figure: AppendMeasurement, _ bare: BareAppend
    ) throws -> (latencies: [UInt64], rate: Double) {
        try progress("bare writing")
        let seconds = max(0.2, figure.seconds / 2)
        if shape.tasks > 1 {
            let bytes = figure.batchBytes / max(figure.batchEvents, 1e-9) * Double(shape.request)
            let run = try BareGroupCommit(bare).run(threads: shape.tasks, bytes: Int(bytes), seconds: seconds)
            return (run.latencies, Double(run.latencies.count * shape.request) / run.seconds)
        }
        let run = try bare.loop(bytes: Int(figure.batchBytes), seconds: seconds)
        return (run.latencies, Double(run.latencies.count) * figure.batchEvents / run.seconds)
    }

    private func add(
        _ shape: AppendShape, _ figure: AppendMeasurement, _ limit: (latencies: [UInt64], rate: Double),
        to series: inout BenchSeries
    ) {
        let name =
            shape.tasks > 1
            ? "a bare group commit with \(shape.tasks) waiting threads" : "bare write + fdatasync of an equal batch"
        series.add(
            shape.name + ".rate", "events/s", figure.rate, limit: limit.rate, limitIs: name, budget: shape.budget)
        series.addAllocations(shape.name, figure.allocations, events: Double(figure.events))
        for hundredth in [50.0, 99] {
            series.add(
                "\(shape.name).p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: figure.latencies) / 1000,
                limit: percentile(hundredth, ofSorted: limit.latencies) / 1000, limitIs: name)
        }
    }
}
