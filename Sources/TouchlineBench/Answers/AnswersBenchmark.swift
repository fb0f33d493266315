import CRM
import EventLog
import Foundation
package import SystemPackage
import TouchlineService

/// How long the answers take that a sales team looks at every morning: churn, the funnel, one customer at a past date.
package struct AnswersBenchmark: Sendable {
    /// What can be measured alone.
    package enum Part: String, Sendable, CaseIterable {
        /// Models of repeat purchase, fitted from the views.
        case fit
        /// The churn risk of everyone, from the views.
        case score
        /// The funnel as of past dates.
        case funnel
        /// One customer with a long history as of past dates.
        case customer
    }

    /// What is measured.
    package struct Options: Sendable {
        /// The parts, in any order.
        package var parts = Set(Part.allCases)
        /// How many customers are scored.
        package var customers: UInt64 = 1_000_000
        /// A data folder to whose customers models are fitted; nil = made-up ones.
        package var buyers: FilePath?
        /// How many opportunities the funnel has.
        package var opportunities = 100_000
        /// How many events the log has in which one customer is looked for.
        package var events: UInt64 = 1_000_000
        /// How many events that customer has.
        package var customerEvents = 1_000
        /// How many dates are asked for in each run.
        package var dates = 40
        /// How often it is done.
        package var runs = 5
        /// The arguments by which this program answers for a customer, before its id.
        package var customerCommand: [String]
        /// The arguments by which this program does nothing.
        package var idleCommand: [String]

        /// The defaults, with these commands.
        package init(customerCommand: [String], idleCommand: [String]) {
            self.customerCommand = customerCommand
            self.idleCommand = idleCommand
        }

        /// The greatest part of the room; the parts are done one after the other.
        fileprivate var bytes: UInt64 {
            max(
                BenchRoom.bytes(customers, each: parts.contains(.score) ? SyntheticBuyers.bytesPerCustomer : 0),
                BenchRoom.bytes(
                    UInt64(opportunities), each: parts.contains(.funnel) ? SyntheticDeals.bytesPerDeal : 0),
                BenchRoom.bytes(
                    events,
                    each: parts.contains(.customer) ? EventSource.lineBytes + EventSource.storedBytes + 1_000 : 0))
        }
    }

    /// The folder in which each part makes one of its own.
    let folder: FilePath
    let options: Options
    let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        guard options.events >= LongHistories.eventsMin(length: options.customerEvents) else {
            throw BenchError(
                .refused,
                "\(LongHistories.count) customers of \(options.customerEvents) events each are too many for "
                    + "\(options.events) events; make at least "
                    + "\(LongHistories.eventsMin(length: options.customerEvents))")
        }
        let folder = try BenchFolder(given, bytes: options.bytes)
        defer { folder.remove() }
        return try await AnswersBenchmark(folder: folder.path, options: options, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder))
        var series = BenchSeries()
        var notes: [String] = []
        var events: UInt64 = 0
        for part in Part.allCases where options.parts.contains(part) {
            switch part {
            case .fit: try await fit(&series, &events, &notes)
            case .score: try await score(&series, &events, &notes)
            case .funnel: try await funnel(&series, &events, &notes)
            case .customer: try await customer(&series, &events, &notes)
            }
        }
        let data = BenchData(name: "synthetic", ids: nil, events: events, raw_bytes: nil)
        return meter.report("answers", data, runs: options.runs, series.rows, notes: notes)
    }

    /// Makes a data folder of a file of events, with its views.
    func make(
        _ events: UInt64, _ lines: FilePath, segmentBytes: UInt64? = nil, in parent: FilePath
    ) async throws -> DataFolder {
        let made = try await BenchDataFolder.make(
            .file(lines), events: events, segmentBytes: segmentBytes, in: parent, progress)
        _ = try RebuildRun(made.folder, workers: 2, verifies: false, progress)
        try FileManager.default.removeItem(atPath: lines.string)
        return made.folder
    }

    /// Does work in a folder of its own, which is gone afterwards.
    func withFolder(_ name: String, _ body: (FilePath) async throws -> Void) async throws {
        let parent = folder.appending(name)
        try FileManager.default.createDirectory(atPath: parent.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent.string) }
        try await body(parent)
    }
}

extension BenchSeries {
    /// Adds the median and the 99th percentile of nanoseconds, in microseconds; `atMost` is the budget of both.
    mutating func addPercentiles(
        _ name: String, _ taken: [UInt64], limit: [UInt64], limitIs: String, atMost budget: Double?
    ) {
        let (taken, limit) = (taken.sorted(), limit.sorted())
        for hundredth in [50.0, 99] {
            add(
                "\(name).p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: taken) / 1000,
                limit: percentile(hundredth, ofSorted: limit) / 1000, limitIs: limitIs,
                budget: budget.map { .atMost($0, .figure) })
        }
    }
}
