package import EventLog
import Synchronization

/// A replay that ends in memory: what a rebuild does with the log, without a database behind it.
package enum MemoryReplay {
    /// What was folded.
    package struct Sum: Sendable, Equatable {
        /// Events folded, of all subjects and of none.
        package var events = 0
        /// Subjects that have any.
        package var subjects = 0
        /// Rows of all tables.
        package var rows = 0
        /// Anomalies of all projectors.
        package var anomalies = 0
    }

    /// Folds the whole log by every projector of the set; the rows are counted and let go.
    ///
    /// - Parameter options: workers and memory, as a rebuild takes them.
    /// - Throws: `LogError`, or `ProjectionError` with `cancelled` once `goesOn` gives false.
    package static func run(
        _ set: ProjectorSet, from reader: LogReader, options: RebuildOptions,
        goesOn: @escaping @Sendable () -> Bool = { true }
    ) throws -> Sum {
        try reader.checkStart()
        let target = reader.head
        let partitions = Rebuild.partitionCount(target, of: reader)
        let passes = try Rebuild.passes(0..<partitions, of: partitions, reader: reader, options: options)
        let sum = Mutex(Sum())
        let folder = PartitionFolder(
            reader: reader, set: set,
            bounds: try PartitionBounds.estimate(from: reader, before: target, partitions: partitions), target: target,
            workers: Workers(count: options.workers),
            monitor: RebuildMonitor(partitions: partitions, total: target - reader.firstSequence) { _ in goesOn() }
        ) { rows, partition, events in
            let isSystem = partition == PartitionFolder.systemPartition
            let part = Sum(
                events: events, subjects: isSystem ? 0 : rows.subjects,
                rows: rows.projectors.lazy.flatMap(\.tables).reduce(0) { $0 + $1.count },
                anomalies: rows.found)
            sum.withLock { $0.add(part) }
        }
        try folder.foldSystemEvents()
        for pass in passes { try folder.fold(pass) }
        return sum.withLock { $0 }
    }
}

extension MemoryReplay.Sum {
    fileprivate mutating func add(_ other: Self) {
        events += other.events
        subjects += other.subjects
        rows += other.rows
        anomalies += other.anomalies
    }
}
