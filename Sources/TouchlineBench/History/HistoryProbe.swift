import EventLog
import Foundation
import SystemPackage

/// Asks for the histories of customers out of a log, and reads the bare frames that they stand in.
struct HistoryProbe {
    /// One customer.
    private struct Customer {
        var subject: String
        /// How many events it has.
        var events: Int
        /// The frames that hold them: segment and frame.
        var frames: [(segment: Int, frame: Int)]
    }

    private let reader: LogReader
    private let held: [HeldFrames]
    /// The sequence with which the active segment begins.
    private let activeStart: UInt64
    private let customers: [Customer]

    /// Chooses `count` customers, all equally likely, and reads their histories once.
    init(_ reader: LogReader, of directory: FilePath, customers count: Int, _ progress: BenchProgress) throws {
        self.reader = reader
        let starts = try reader.statistics().segments.map(\.firstSequence)
        let held = try starts.map { try HeldFrames(segment: $0, of: directory) }
        self.held = held
        activeStart = starts.last ?? 0
        let subjects = try Self.draw(count, from: reader, progress)
        customers = try subjects.enumerated().map { index, subject in
            try progress("looking up", UInt64(index), of: UInt64(subjects.count))
            let events = try reader.history(of: subject, passingGaps: true)
            var frames: [(Int, Int)] = []
            for event in events {
                guard let segment = starts.lastIndex(where: { $0 <= event.sequence }),
                    let frame = held[segment].frame(holding: event.sequence)
                else { continue }
                if frames.last.map({ $0 != (segment, frame) }) ?? true { frames.append((segment, frame)) }
            }
            return Customer(subject: subject, events: events.count, frames: frames)
        }
    }

    /// How many customers were chosen.
    var count: Int { customers.count }
    /// Events of a customer: sorted.
    var eventCounts: [UInt64] { customers.map { UInt64($0.events) }.sorted() }
    /// Frames of a customer: sorted.
    var frameCounts: [UInt64] { customers.map { UInt64($0.frames.count) }.sorted() }

    /// Which part of the log is asked.
    enum Part {
        case all
        /// What is in closed segments, whose frames are small once they are repacked.
        case closed
    }

    /// Whether there are closed segments with anything of these customers.
    var hasClosed: Bool { customers.contains { !frames(of: $0, in: .closed).isEmpty } }

    /// Every history once: nanoseconds, sorted, and by how much of its allowance each took, in thousandths, sorted.
    func ask(_ part: Part = .all) throws -> (latencies: [UInt64], ofAllowance: [UInt64]) {
        let end = part == .all ? reader.head : activeStart
        var latencies: [UInt64] = []
        var shares: [UInt64] = []
        for customer in customers {
            let frames = frames(of: customer, in: part).count
            guard frames > 0 else { continue }
            let start = ContinuousClock.now
            let events = try reader.history(of: customer.subject, before: end, passingGaps: true)
            let taken = nanoseconds(since: start)
            guard part == .closed || events.count == customer.events else {
                throw BenchError(.failed, "\(customer.subject) has \(events.count) events, and had \(customer.events)")
            }
            latencies.append(taken)
            shares.append(taken / (100 + 20 * UInt64(frames)))
        }
        return (latencies.sorted(), shares.sorted())
    }

    /// The frames of every history read and decompressed, and nothing more: nanoseconds, sorted.
    func bare(_ part: Part) throws -> [UInt64] {
        try customers.compactMap { customer in
            let frames = frames(of: customer, in: part)
            guard !frames.isEmpty else { return nil }
            let start = ContinuousClock.now
            for (segment, frame) in frames { _ = try held[segment].readAgain(frame) }
            return nanoseconds(since: start)
        }.sorted()
    }

    /// The frames of a customer that lie in a part; in the order of the log, so the active segment's come last.
    private func frames(of customer: Customer, in part: Part) -> ArraySlice<(segment: Int, frame: Int)> {
        part == .all ? customer.frames[...] : customer.frames.prefix { $0.segment < held.count - 1 }
    }

    /// Single frames of repacking's size, 32 to 64 KiB of lines, read and decompressed: nanoseconds, sorted; empty if
    /// there are none.
    func bareFrames(_ count: Int) throws -> [UInt64] {
        let small = held.indices.flatMap { segment in
            (0..<held[segment].count).filter { (32 << 10...64 << 10).contains(held[segment].lineBytes(of: $0)) }.map {
                (segment, $0)
            }
        }
        guard !small.isEmpty else { return [] }
        var chance = Chance(state: 11)
        return try (0..<count).map { _ in
            let (segment, frame) = small[chance.below(small.count)]
            let start = ContinuousClock.now
            _ = try held[segment].readAgain(frame)
            return nanoseconds(since: start)
        }.sorted()
    }

    private static func draw(_ count: Int, from reader: LogReader, _ progress: BenchProgress) throws -> [String] {
        var subjects: Set<String> = []
        var cursor = reader.cursor(from: reader.firstSequence, to: reader.head, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            for event in batch { if let subject = event.subject { subjects.insert(subject) } }
            try progress("counting", batch.endSequence, of: cursor.end)
        }
        guard !subjects.isEmpty else { throw BenchError(.refused, "no event names a customer") }
        let sorted = subjects.sorted()
        var chance = Chance(state: 5)
        return (0..<count).map { _ in sorted[chance.below(sorted.count)] }
    }
}
