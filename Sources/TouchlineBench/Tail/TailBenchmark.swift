import CRM
import EventLog
import Foundation
package import SystemPackage
import TouchlineService

/// How long it takes from the moment an event is due until a tail in another process has seen it.
///
/// Open loop: events are sent at their times, whether or not those before were answered; whoever is late is measured
/// from the time that was due.
package struct TailBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// Events a second.
        package var rate = 1_000
        /// Seconds of a run.
        package var seconds = 5.0
        /// How often it is done.
        package var runs = 5
        /// The arguments by which this program reads the tail, before the log's folder and the number of events.
        package var reader: [String]

        /// The defaults, with this reader.
        package init(reader: [String]) { self.reader = reader }

        var events: Int { max(1, Int(Double(rate) * seconds)) }
    }

    /// Redis Streams with appendfsync always, on the machine of the peers' figures: microseconds.
    private static let budget = [50.0: 407.0, 99: 611]

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let folder = try BenchFolder(given, bytes: 1 << 28)
        defer { folder.remove() }
        return try await TailBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        let bare = try BareAppend(in: folder.path)
        var series = BenchSeries()
        for run in 0..<max(1, options.runs) {
            try progress(
                "appending and following", UInt64(run * options.events), of: UInt64(options.runs * options.events))
            let directory = folder.path.appending("log")
            let latencies = try await follow(directory)
            try FileManager.default.removeItem(atPath: directory.string)
            let limit = try bare.loop(bytes: 512, seconds: max(0.2, options.seconds / 5)).latencies
            for hundredth in [50.0, 99] {
                series.add(
                    "tail.p\(Int(hundredth))", "us", percentile(hundredth, ofSorted: latencies) / 1000,
                    limit: percentile(hundredth, ofSorted: limit) / 1000,
                    limitIs: "one bare write + fdatasync of 512 bytes, in a loop",
                    budget: Self.budget[hundredth].map { .atMost($0, .figure) })
            }
        }
        let data = BenchData(name: "synthetic", ids: nil, events: UInt64(options.events), raw_bytes: nil)
        return meter.report(
            "tail", data, runs: options.runs, series.rows,
            notes: [
                "\(options.rate) events/s, one a request, sent when they are due whatever became of those before; from "
                    + "that moment until another process has read it"
            ])
    }

    /// Appends at the times due while the child reads; nanoseconds, sorted.
    private func follow(_ directory: FilePath) async throws -> [UInt64] {
        try EventLog.create(at: directory)
        let sequencer = try LocalSequencer.open(directory) { .now() }
        do {
            let child = try BenchChild(options.reader + [directory.string, "\(options.events)"])
            defer { child.kill() }
            guard child.nextLine() == TailReader.ready else {
                throw BenchError(.failed, "the child that follows the log ended; what it said stands above")
            }
            try await send(to: sequencer)
            let line = child.nextLine() ?? ""
            let latencies = line.split(separator: " ").compactMap { UInt64($0) }
            guard child.finish(), latencies.count == options.events else {
                throw BenchError(.failed, "the child saw \(latencies.count) of \(options.events) events")
            }
            await sequencer.close()
            return latencies.sorted()
        } catch {
            await sequencer.close()
            throw error
        }
    }

    /// Sends each event when it is due, from a thread that does nothing else, and waits for all answers.
    private func send(to sequencer: LocalSequencer) async throws {
        let ingest = Ingest(catalogue: try Catalogue.load(user: nil))
        let period = UInt64(1_000_000_000 / options.rate)
        let (due, sending) = AsyncStream.makeStream(of: (number: Int, due: UInt64).self)
        let count = options.events
        Thread.detachNewThread {
            let first = MonotonicTime.now() + 50_000_000
            for number in 0..<count {
                let time = first + UInt64(number) * period
                MonotonicTime.sleep(until: time)
                sending.yield((number, time))
            }
            sending.finish()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for await (number, due) in due {
                group.addTask {
                    var parser = ingest.makeParser()
                    let line = """
                        {"id":"tail-\(number)","source":"/bench","type":"x.due","subject":"c-\(number % 50)",\
                        "data":{"due":\(due),"note":"an event of about the usual size, so that a sync has its work"}}
                        """
                    let draft = try ingest.draft(line: Array(line.utf8)[...], parser: &parser).0
                    _ = try await sequencer.append(AppendRequest(events: [draft]))
                }
                if number % 256 == 0 { try progress("appending and following") }
            }
            try await group.waitForAll()
        }
    }
}
