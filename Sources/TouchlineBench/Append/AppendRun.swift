import CRM
import EventLog
import Foundation
import SystemPackage
import TouchlineService

/// One run of appending into an empty log, made if it is not there.
///
/// By the way that `touchline append` goes: parse, catalogue, append.
struct AppendRun: Sendable {
    /// Events appended before the clock starts: the log's files are there then.
    private static let warmUpEvents = 20

    var shape: AppendShape
    var directory: FilePath
    var catalogue: Catalogue
    var seconds: Double
    var progress: BenchProgress
    /// What the progress is counted against.
    var events: UInt64 = 0
    /// How the log is written.
    var log = LogOptions()
    /// Whether closed segments are repacked before it ends.
    var finishesRepacking = false

    /// Appends until the feed is empty or the time is over.
    func run(_ feed: EventFeed) async throws -> AppendMeasurement {
        if !FileManager.default.fileExists(atPath: directory.string) {
            try EventLog.create(at: directory, options: log)
        }
        let sequencer = try LocalSequencer.open(directory, options: log) { .now() }
        do {
            // Merges are checked against those in the log, as always.
            let ingest = Ingest(catalogue: catalogue, merges: MergeGuard(reader: try LogReader.open(directory)))
            for _ in 0..<Self.warmUpEvents {
                var parser = ingest.makeParser()
                guard let lines = try feed.next(1) else { break }
                _ = try await sequencer.append(AppendRequest(events: drafts(lines, ingest, &parser)))
            }
            var measurement = try await measure(feed, ingest, sequencer)
            await sequencer.close(finishRepacking: finishesRepacking)
            try weigh(&measurement)
            return measurement
        } catch {
            await sequencer.close()
            throw error
        }
    }

    private func measure(
        _ feed: EventFeed, _ ingest: Ingest, _ sequencer: LocalSequencer
    ) async throws -> AppendMeasurement {
        let start = ContinuousClock.now
        let allocations = AllocationCount.now
        // A year is as good as for ever, and no duration overflows.
        let deadline = start.advanced(by: .seconds(min(seconds, 31_536_000)))
        let parts = try await withThrowingTaskGroup(of: Tally.self) { group in
            for task in 0..<shape.tasks {
                group.addTask {
                    shape.inFlight > 1
                        ? try await pipeline(feed, ingest, sequencer, until: deadline)
                        : try await loop(feed, ingest, sequencer, until: deadline, reports: task == 0)
                }
            }
            return try await group.reduce(into: [Tally]()) { $0.append($1) }
        }
        let taken = (ContinuousClock.now - start) / .seconds(1)
        return AppendMeasurement(
            events: parts.reduce(0) { $0 + $1.events }, seconds: taken,
            latencies: parts.flatMap(\.latencies).sorted(), batchBytes: 0, batchEvents: 0,
            allocations: AllocationCount.since(allocations))
    }

    /// What one task has done.
    private struct Tally: Sendable {
        var events: UInt64 = 0
        var latencies: [UInt64] = []

        mutating func count(_ acknowledged: Int, since start: ContinuousClock.Instant) {
            events += UInt64(acknowledged)
            latencies.append(nanoseconds(since: start))
        }
    }

    /// One request after the other.
    private func loop(
        _ feed: EventFeed, _ ingest: Ingest, _ sequencer: LocalSequencer, until deadline: ContinuousClock.Instant,
        reports: Bool
    ) async throws -> Tally {
        var parser = ingest.makeParser()
        var tally = Tally()
        while true {
            let start = ContinuousClock.now
            guard start < deadline, let lines = try feed.next(shape.request) else { return tally }
            let request = AppendRequest(events: try drafts(lines, ingest, &parser))
            tally.count(try await sequencer.append(request).count, since: start)
            if reports, tally.latencies.count % 64 == 0 { try progress("appending", feed.handedOut.events, of: events) }
        }
    }

    /// One task parses, and goes on while so many requests wait for their acknowledgement.
    private func pipeline(
        _ feed: EventFeed, _ ingest: Ingest, _ sequencer: LocalSequencer, until deadline: ContinuousClock.Instant
    ) async throws -> Tally {
        var parser = ingest.makeParser()
        var tally = Tally()
        return try await withThrowingTaskGroup(of: (Int, ContinuousClock.Instant).self) { group in
            var waiting = 0
            while true {
                let start = ContinuousClock.now
                guard start < deadline, let lines = try feed.next(shape.request) else { break }
                let request = AppendRequest(events: try drafts(lines, ingest, &parser))
                group.addTask { (try await sequencer.append(request).count, start) }
                waiting += 1
                try progress("appending", feed.handedOut.events, of: events)
                guard waiting == shape.inFlight, let (count, start) = try await group.next() else { continue }
                tally.count(count, since: start)
                waiting -= 1
            }
            for try await (count, start) in group { tally.count(count, since: start) }
            return tally
        }
    }

    /// Parses and checks lines as `touchline append` does.
    private func drafts(_ lines: ArraySlice<UInt8>, _ ingest: Ingest, _ parser: inout EventParser) throws
        -> [EventDraft]
    {
        var drafts: [EventDraft] = []
        drafts.reserveCapacity(shape.request)
        var start = lines.startIndex
        while let end = lines[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = lines[start..<end]
            start = end + 1
            guard line.contains(where: { $0 != UInt8(ascii: " ") }) else { continue }
            do {
                drafts.append(try ingest.draft(line: line, parser: &parser).0)
            } catch {
                throw BenchError(.refused, "an event cannot be appended: \(error)")
            }
        }
        return drafts
    }

    /// Looks at the batches as they were written: those of the active segment, which is not repacked.
    private func weigh(_ measurement: inout AppendMeasurement) throws {
        let statistics = try LogReader.open(directory).statistics()
        for segment in statistics.segments.reversed() {
            let sum = try BareFrames.read(segment: segment.firstSequence, of: directory)
            guard sum.batches > 0 else { continue }
            measurement.batchBytes = Double(sum.fileBytes) / Double(sum.batches)
            measurement.batchEvents = Double(segment.events) / Double(sum.batches)
            return
        }
    }
}
