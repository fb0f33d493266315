import EventLog
import Synchronization

/// The events of the subjects of some partitions, read out of the log by several threads.
///
/// Every thread takes the next part of the log that nobody has taken, and keeps what it finds in a buffer of its own.
/// So a subject's events may be in all of them.
struct PassEvents: Sendable {
    /// The parts into which the log is divided, a thread.
    private static let partsPerWorker = 4

    /// Events without a subject, of types that are not folded as system events: nobody's, and yet in the log.
    let ownerless: Int
    private let events: HeldEvents
    private let partitions: Range<Int>
    /// Where each of the partitions begins among the subjects, and where the last one ends.
    private let starts: [Int]

    /// Reads the events below `target`, for the projectors of a set.
    init(
        of partitions: Range<Int>, bounds: PartitionBounds, for set: ProjectorSet, from reader: LogReader,
        before target: UInt64, workers: Workers, monitor: RebuildMonitor
    ) throws {
        let range = bounds.subjects(of: partitions)
        let parts = Self.divide(reader.firstSequence..<target, into: workers.count * Self.partsPerWorker)
        let filled = Mutex<[SubjectBuffer]>([])
        try workers.run(parts) {
            SubjectBuffer()
        } body: { buffer, part in
            var cursor = reader.cursor(from: part.lowerBound, to: part.upperBound, passingGaps: true)
            while let batch = try cursor.nextBatch() {
                buffer.add(batch, where: range.filter)
                try monitor.check()
            }
        } finish: { buffer in
            var buffer = buffer
            buffer.arrange()
            let arranged = buffer
            filled.withLock { $0.append(arranged) }
        }
        let system = set.policy.systemFilter
        ownerless = filled.withLock { $0 }.reduce(0) { sum, buffer in
            zip(buffer.types, buffer.ownerless).reduce(sum) { system.matches($1.0) ? $0 : $0 + $1.1 }
        }
        let events = HeldEvents(filled.withLock { $0 }, for: set)
        self.events = events
        self.partitions = partitions
        let end = events.indices.upperBound
        // Without bounds the first partition has all subjects.
        let inner = partitions.dropFirst().map {
            $0 <= bounds.starts.count ? events.firstIndex(notBefore: bounds.starts[$0 - 1]) : end
        }
        starts = [0] + inner + [end]
    }

    private static func divide(_ range: Range<UInt64>, into count: Int) -> [Range<UInt64>] {
        let size = max(1, (UInt64(range.count) + UInt64(count) - 1) / UInt64(count))
        return stride(from: range.lowerBound, to: range.upperBound, by: UInt64.Stride(size)).map {
            $0..<min(range.upperBound, $0 + size)
        }
    }

    /// Goes through the subjects of a partition in the order of their bytes.
    func forEachSubject(of partition: Int, _ body: (inout HeldSubject) throws -> Void) rethrows {
        let index = partition - partitions.lowerBound
        try events.forEachSubject(starts[index]..<starts[index + 1], body)
    }
}
