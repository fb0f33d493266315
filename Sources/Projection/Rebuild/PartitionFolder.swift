import Dispatch
import EventLog
import GRDB
import Synchronization

/// Folds partitions of the subjects, several threads at a time, and hands each partition over when it is done.
struct PartitionFolder: Sendable {
    /// Takes the rows of a partition, folded from so many events.
    typealias Commit = @Sendable (_ folded: [FoldedSubject], _ partition: Int, _ events: Int) throws -> Void

    let reader: LogReader
    let set: ProjectorSet
    let partitions: Int
    let target: UInt64
    let monitor: RebuildMonitor
    let commit: Commit

    /// The number under which the system events are marked.
    static let systemPartition = -1

    /// Folds the events without a subject: few, and shared by nobody.
    func foldSystemEvents() throws {
        let events = try HistorySource(reader: reader, policy: set.policy).systemEvents(before: target)
        try commit([set.fold(subject: nil, known: events)], Self.systemPartition, events.count)
    }

    /// Folds the passes, each a list of partitions whose events are in memory together.
    func run(passes: [[Int]], workers: Int) throws {
        let queue = Mutex(passes[...])
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: min(workers, passes.count)) { _ in
            while failure.withLock({ $0 == nil }), let pass = queue.withLock({ $0.popFirst() }) {
                do {
                    try fold(pass)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func fold(_ pass: [Int]) throws {
        var buffers = Dictionary(uniqueKeysWithValues: pass.map { ($0, SubjectBuffer()) })
        var cursor = reader.cursor(from: reader.firstSequence, to: target, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                guard let subject = event.subject else { continue }
                buffers[partition(of: subject, count: partitions)]?.add(event, subject: subject)
            }
            try monitor.check()
        }
        for number in pass {
            guard let buffer = buffers.removeValue(forKey: number) else { continue }
            let order = buffer.names.indices.sorted { buffer.names[$0] < buffer.names[$1] }
            let folded = order.map { set.fold(subject: buffer.names[$0], known: buffer.events(at: $0)) }
            try commit(folded, number, buffer.count)
            try monitor.finished(partition: number, events: buffer.count)
        }
    }

    /// Stores each partition together with its mark.
    static func storing(in database: DatabaseQueue, _ set: ProjectorSet) -> Commit {
        { folded, partition, events in
            try database.write { db in
                let writer = try ViewWriter(db, set)
                for subject in folded {
                    for (index, rows) in subject.projectors.enumerated() {
                        // The system events are folded again by a rebuild that goes on, so theirs are replaced.
                        try writer.replace(
                            subject: subject.subject, projector: index, with: rows, isFresh: subject.subject != nil)
                    }
                    try writer.replaceAnomalies(
                        subject: subject.subject, projector: ViewSchema.correctionsName, with: subject.corrections,
                        isFresh: subject.subject != nil)
                }
                try RebuildLedger.mark(db, partition: partition, events: events)
            }
        }
    }
}
