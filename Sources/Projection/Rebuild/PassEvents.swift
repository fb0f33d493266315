import EventLog
import Synchronization

/// The events of the subjects of some partitions, read out of the log by several threads.
///
/// Every thread takes the next part of the log that nobody has taken, and keeps what it finds in a buffer of its own.
/// So a subject's events may be in all of them.
struct PassEvents: Sendable {
    /// A subject in one of the buffers.
    private struct Place {
        var subject: ByteText
        var buffer: Int
        var index: Int
    }

    /// The parts into which the log is divided, a thread.
    private static let partsPerWorker = 4

    private let buffers: [SubjectBuffer]
    private let partitions: Range<Int>
    /// What is in each of the partitions, in no order.
    private let places: [[Place]]

    /// Reads the events below `target`.
    init(
        of partitions: Range<Int>, bounds: PartitionBounds, from reader: LogReader, before target: UInt64,
        workers: Workers, monitor: RebuildMonitor
    ) throws {
        let range = bounds.subjects(of: partitions)
        let parts = Self.divide(reader.firstSequence..<target, into: workers.count * Self.partsPerWorker)
        let filled = Mutex<[SubjectBuffer]>([])
        try workers.run(parts) {
            SubjectBuffer()
        } body: { buffer, part in
            var cursor = reader.cursor(from: part.lowerBound, to: part.upperBound, passingGaps: true)
            while let batch = try cursor.nextBatch() {
                for event in batch {
                    guard let subject = event.subject, range.contains(ByteText(subject)) else { continue }
                    buffer.add(event, subject: subject)
                }
                try monitor.check()
            }
        } finish: { buffer in
            filled.withLock { $0.append(buffer) }
        }
        buffers = filled.withLock { $0 }
        self.partitions = partitions
        var places = [[Place]](repeating: [], count: partitions.count)
        for (number, buffer) in buffers.enumerated() {
            for (index, name) in buffer.names.enumerated() {
                let subject = ByteText(name)
                let partition = bounds.partition(of: subject) - partitions.lowerBound
                places[partition].append(Place(subject: subject, buffer: number, index: index))
            }
        }
        self.places = places
    }

    private static func divide(_ range: Range<UInt64>, into count: Int) -> [Range<UInt64>] {
        let size = max(1, (UInt64(range.count) + UInt64(count) - 1) / UInt64(count))
        return stride(from: range.lowerBound, to: range.upperBound, by: UInt64.Stride(size)).map {
            $0..<min(range.upperBound, $0 + size)
        }
    }

    /// Goes through the subjects of a partition in the order of their bytes, each with its events in no order.
    func forEachSubject(of partition: Int, _ body: (String, [StoredEvent]) throws -> Void) rethrows {
        var rest = places[partition - partitions.lowerBound].sorted { $0.subject < $1.subject }[...]
        while let place = rest.first {
            let same = rest.prefix { $0.subject == place.subject }
            rest = rest.dropFirst(same.count)
            try body(place.subject.text, same.flatMap { buffers[$0.buffer].events(at: $0.index) })
        }
    }
}
