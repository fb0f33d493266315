import EventLog
import Foundation
package import SystemPackage
import TouchlineService

/// What becomes of each cost as the log grows.
package struct CurveBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// How many events, size by size.
        package var sizes: [UInt64] = [100_000, 1_000_000, 10_000_000]
        /// What ids they have.
        package var ids = SyntheticLife.IDs.uuid
        /// Whether the views are rebuilt, too: that takes longest.
        package var rebuilds = true
        /// How often opening, history and rebuilding are measured at each size.
        package var runs = 3
        /// The arguments by which this program opens a log once, before its folder.
        package var open: [String]
        /// The arguments by which this program rebuilds views once, before the data folder.
        package var rebuild: [String]

        /// The defaults, with these children.
        package init(open: [String], rebuild: [String]) {
            self.open = open
            self.rebuild = rebuild
        }
    }

    /// How much greater a cost may be at the greatest size than at the least and still count as not having grown.
    private static let growthMax = 1.25

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let greatest = options.sizes.max() ?? 0
        let folder = try BenchFolder(
            given, bytes: BenchRoom.bytes(greatest, each: EventSource.lineBytes + EventSource.storedBytes + 500))
        defer { folder.remove() }
        return try await CurveBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        var rows: [BenchRow] = []
        for size in options.sizes.sorted() {
            let made = try await BenchDataFolder.make(
                .synthetic(options.ids), events: size, in: folder.path, progress)
            try FileManager.default.removeItem(atPath: made.filled.lines.string)
            var series = BenchSeries()
            series.add(name("append", size), "events/s", made.filled.rate)
            let statistics = try made.folder.openReader().statistics()
            let disk = Double(statistics.segmentBytes + statistics.indexBytes)
            series.add(name("disk", size), "bytes/event", disk / Double(size))
            try takeHistory(made, size, &series)
            // The opening appends an event to the log, so it comes after what reads it.
            for _ in 0..<max(1, options.runs) {
                if options.rebuilds { try takeRebuild(made, size, &series) }
                try takeOpen(made, size, &series)
            }
            try FileManager.default.removeItem(atPath: made.folder.path.string)
            rows += series.rows.map { compared($0, size, with: rows) }
        }
        let data = BenchData(
            name: "synthetic", ids: options.ids, events: options.sizes.max() ?? 0, raw_bytes: nil)
        return meter.report(
            "curve", data, runs: options.runs, rows,
            notes: ["limit: the same at the least size; customers grow with the events, some twenty events each"])
    }

    private func name(_ what: String, _ size: UInt64) -> String { "curve.\(what).\(size)" }

    private func takeHistory(_ made: BenchDataFolder, _ size: UInt64, _ series: inout BenchSeries) throws {
        let probe = try HistoryProbe(made.folder.openReader(), of: made.folder.log, customers: 1_000, progress)
        for _ in 0..<max(1, options.runs) {
            let asked = try probe.ask().latencies
            for hundredth in [50.0, 99] {
                let value = percentile(hundredth, ofSorted: asked) / 1000
                series.add(name("history.p\(Int(hundredth))", size), "us", value)
            }
        }
    }

    private func takeOpen(_ made: BenchDataFolder, _ size: UInt64, _ series: inout BenchSeries) throws {
        let measured: OpenMeasurement = try child(options.open + [made.folder.log.string])
        series.add(
            name("open", size), "s", measured.open_seconds,
            budget: .atMost(OpenBenchmark.openSecondsMax, .figure))
        series.add(
            name("open.memory", size), "bytes", Double(measured.anonymous_bytes),
            budget: .atMost(Double(OpenBenchmark.anonymousBytesMax), .figure))
    }

    private func takeRebuild(_ made: BenchDataFolder, _ size: UInt64, _ series: inout BenchSeries) throws {
        let measured: RebuildMeasurement = try child(options.rebuild + [made.folder.path.string])
        series.add(name("rebuild", size), "us/event", measured.seconds * 1e6 / Double(size))
        series.add(name("rebuild.memory", size), "bytes", Double(measured.anonymous_bytes))
    }

    private func child<Measurement: Decodable>(_ arguments: [String]) throws -> Measurement {
        let child = try BenchChild(arguments)
        defer { child.kill() }
        let line = child.nextLine() ?? ""
        guard child.finish(), let measured = try? JSONDecoder().decode(Measurement.self, from: Data(line.utf8)) else {
            throw BenchError(.failed, "the child for `\(arguments.joined(separator: " "))` failed: see above")
        }
        try progress("measuring")
        return measured
    }

    /// A row beside the same at the least size: what must not grow has that as its limit.
    private func compared(_ row: BenchRow, _ size: UInt64, with rows: [BenchRow]) -> BenchRow {
        guard let least = options.sizes.min(), least != size,
            case let what = row.name.dropLast("\(size)".count),
            let first = rows.first(where: { $0.name == what + "\(least)" }), first.figure.median > 0
        else { return row }
        var row = row
        row.limit = first.figure
        row.limit_is = "the same at \(least) events"
        row.ratio = Spread([row.figure.median / first.figure.median])
        let steady = ["append": true, "history.p50": false, "history.p99": false, "rebuild": false]
        let key = what.dropFirst("curve.".count).dropLast()
        if let isRate = steady[String(key)] {
            row.budget = isRate ? .atLeast(1 / Self.growthMax, .ratio) : .atMost(Self.growthMax, .ratio)
        }
        return row
    }
}
