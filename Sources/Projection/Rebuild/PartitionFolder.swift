import EventLog
import GRDB

/// Folds partitions of the subjects, several threads at a time, and hands each partition over when it is done.
struct PartitionFolder: Sendable {
    /// Takes the rows of a partition, folded from so many events.
    typealias Commit = @Sendable (_ rows: SubjectRows, _ partition: Int, _ events: Int) throws -> Void

    let reader: LogReader
    let set: ProjectorSet
    let bounds: PartitionBounds
    let target: UInt64
    let workers: Workers
    let monitor: RebuildMonitor
    let commit: Commit

    /// The number under which the system events are marked.
    static let systemPartition = -1

    /// Folds the events without a subject: few, and shared by nobody.
    func foldSystemEvents() throws {
        let events = try HistorySource(reader: reader, policy: set.policy).systemEvents(before: target)
        var fold = RowFold(set)
        fold.add(nil, known: events)
        try commit(fold.rows, Self.systemPartition, events.count)
    }

    /// Folds the partitions of a pass, whose events are in memory together.
    ///
    /// They are folded side by side and committed in their order, so that rows are only ever added to the tables' ends.
    func fold(_ pass: Range<Int>) throws {
        let events = try PassEvents(
            of: pass, bounds: bounds, for: set, from: reader, before: target, workers: workers, monitor: monitor)
        let turns = Turns(count: pass.count)
        try workers.run(Array(pass)) {
            RowFold(set)
        } body: { fold, partition in
            // Every event counts once: those that nobody folds with the first partition.
            var count = partition == 0 ? events.ownerless : 0
            events.forEachSubject(of: partition) { subject in
                fold.add(&subject)
                count += subject.count
            }
            try turns.take(partition - pass.lowerBound) {
                try commit(fold.rows, partition, count)
                try monitor.finished(partition: partition, events: count)
            }
            fold.removeAll()
        }
    }

    /// Stores each partition together with its mark.
    static func storing(in database: DatabaseQueue, _ set: ProjectorSet) -> Commit {
        { rows, partition, events in
            try database.write { db in
                let writer = try ViewWriter(db, set)
                // The system events are folded again by a rebuild that goes on, so their rows are replaced.
                if partition == systemPartition { try writer.replaceSystem(rows) } else { try writer.insert(rows) }
                try RebuildLedger.mark(db, partition: partition, events: events)
            }
        }
    }
}
