import Foundation
package import SystemPackage

/// How long it takes, and how much memory, to open a log for writing after its writer was killed.
///
/// A child appends and is killed with SIGKILL in the midst of it; another opens the log and is measured. That again for
/// every run, with some more events each time, so that runs find the log in different states: an active segment that
/// is all but empty or all but full, closed segments that were not indexed or repacked yet.
package struct OpenBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// Events in the log at the first run.
        package var events: UInt64 = 10_000_000
        /// What ids they have.
        package var ids = SyntheticLife.IDs.uuid
        /// How often the log is killed and opened.
        package var runs = 7
        /// Lines of a segment; nil = as always.
        package var segmentBytes: UInt64?

        /// The defaults.
        package init() {}

        /// More than what the log takes, unless it is killed late: room for the last run's events, too.
        var bytesMax: UInt64 {
            let (count, overflow) = events.addingReportingOverflow(UInt64(runs) * OpenBenchmark.stepMax)
            return BenchRoom.bytes(overflow ? .max : count, each: 220, besides: 1 << 30)
        }
    }

    /// The arguments by which this program does a child's part, before what it is told of the log.
    package struct Children: Sendable {
        /// Appends until it is killed.
        package var fill: [String]
        /// Opens once.
        package var open: [String]

        /// Children with these first arguments.
        package init(fill: [String], open: [String]) {
            self.fill = fill
            self.open = open
        }
    }

    /// The budget of opening, in seconds.
    package static let openSecondsMax = 1.0
    /// The budget of anonymous memory.
    package static let anonymousBytesMax: UInt64 = 256 << 20
    /// Events between two runs: up to a little more than what a segment holds.
    private static let stepMax: UInt64 = 1_000_000

    /// What came out.
    package struct Report: Sendable, Encodable {
        package var machine: Machine
        package var ids: SyntheticLife.IDs
        /// Every run, in order.
        package var runs: [OpenMeasurement]
        package var open_seconds: Spread
        package var first_append_seconds: Spread
        package var cpu_seconds: Spread
        package var limit_seconds: Spread
        package var anonymous_bytes: Spread
        /// The most anonymous memory of a child that appended.
        package var appending_anonymous_bytes: UInt64
        /// How fast the events of the first run were appended, in events a second.
        package var append_rate: Double
        package var budget_open_seconds = OpenBenchmark.openSecondsMax
        package var budget_anonymous_bytes = OpenBenchmark.anonymousBytesMax
        /// The same figures in the form that all benchmarks share.
        package var rows: [BenchRow] = []
        /// Whether the limit itself varied so much, or others were so busy, that the figures say little.
        package var noisy = false

        /// Whether every run kept to the budget.
        package var isMet: Bool {
            open_seconds.max <= budget_open_seconds && anonymous_bytes.max <= Double(budget_anonymous_bytes)
                && appending_anonymous_bytes <= budget_anonymous_bytes
        }
    }

    private let options: Options
    private let children: Children
    private let directory: FilePath
    private let machine: Machine
    private var next: UInt64 = 0
    private var appendingMemory: UInt64 = 0

    private init(_ options: Options, _ children: Children, _ folder: BenchFolder) {
        self.options = options
        self.children = children
        directory = folder.path.appending("log")
        machine = Machine.current(folder.path)
    }

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Parameter progress: told how many events are there and how many shall be, again and again; what it throws ends
    ///   the benchmark. The folder is gone afterwards in any case.
    /// - Throws: `BenchError`, or what `progress` threw.
    package static func run(
        _ options: Options, folder given: FilePath?, children: Children,
        progress: (_ done: UInt64, _ total: UInt64) throws -> Void
    ) throws -> Report {
        let folder = try BenchFolder(given, bytes: options.bytesMax)
        defer { folder.remove() }
        var benchmark = OpenBenchmark(options, children, folder)
        return try benchmark.run(progress)
    }

    private mutating func run(_ progress: (UInt64, UInt64) throws -> Void) throws -> Report {
        var runs: [OpenMeasurement] = []
        var rate = 0.0
        for number in 0..<max(1, options.runs) {
            // Steps that are unlike each other, and the same in every benchmark.
            let step = number == 0 ? options.events : min(options.events, (UInt64(number) &* 377_777) % Self.stepMax)
            let seconds = try fill(round: number, by: step, progress)
            if number == 0 { rate = Double(step) / max(seconds, 1e-9) }
            let measurement = try open()
            next = measurement.events + 1
            runs.append(measurement)
        }
        func spread(_ value: (OpenMeasurement) -> Double) throws -> Spread {
            guard let spread = Spread(runs.map(value)) else { throw BenchError(.failed, "there was no run") }
            return spread
        }
        var report = Report(
            machine: machine, ids: options.ids, runs: runs, open_seconds: try spread(\.open_seconds),
            first_append_seconds: try spread(\.first_append_seconds), cpu_seconds: try spread(\.cpu_seconds),
            limit_seconds: try spread(\.limit_seconds), anonymous_bytes: try spread { Double($0.anonymous_bytes) },
            appending_anonymous_bytes: appendingMemory, append_rate: rate)
        report.rows = rows(runs)
        report.noisy = machine.isBusy || report.limit_seconds.max > 3 * report.limit_seconds.min
        return report
    }

    private func rows(_ runs: [OpenMeasurement]) -> [BenchRow] {
        var series = BenchSeries()
        let memory = BenchBudget.atMost(Double(Self.anonymousBytesMax), .figure)
        for run in runs {
            series.add(
                "open.time", "s", run.open_seconds, limit: run.limit_seconds,
                limitIs: "the same bytes read, their checksums and LZ4, on one core",
                budget: .atMost(Self.openSecondsMax, .figure))
            series.add("open.first-append", "s", run.first_append_seconds)
            series.add("open.memory", "bytes", Double(run.anonymous_bytes), budget: memory)
        }
        series.add("open.memory-appending", "bytes", Double(appendingMemory), budget: memory)
        return series.rows
    }

    /// Lets a child append so many events, and kills it while it goes on; returns the seconds that took.
    private mutating func fill(
        round: Int, by step: UInt64, _ progress: (UInt64, UInt64) throws -> Void
    ) throws -> Double {
        let start = ContinuousClock.now
        let child = try BenchChild(children.fill + arguments + ["--round", "\(round)"])
        defer { child.kill() }
        while true {
            guard let line = child.nextLine(), let said = BenchFill.Progress(line: line) else {
                throw BenchError(.failed, "the child that appends ended by itself; what it said stands above")
            }
            appendingMemory = max(appendingMemory, said.anonymousBytes)
            try progress(next + said.events, next + max(step, said.events))
            if said.events >= step { return (ContinuousClock.now - start) / .seconds(1) }
        }
    }

    private func open() throws -> OpenMeasurement {
        let child = try BenchChild(children.open + arguments)
        let line = child.nextLine() ?? ""
        guard child.finish(), let measurement = try? JSONDecoder().decode(OpenMeasurement.self, from: Data(line.utf8))
        else { throw BenchError(.failed, "the child that opens the log failed; what it said stands above") }
        return measurement
    }

    private var arguments: [String] {
        var arguments = [directory.string, "--ids", options.ids.rawValue, "--customers", "\(options.events / 20)"]
        if let bytes = options.segmentBytes { arguments += ["--segment-bytes", "\(bytes)"] }
        return arguments
    }
}
