import EventLog

/// The known events of many subjects, kept in memory as bytes, to be folded subject by subject.
///
/// A rebuild reads the log front to back and wants it subject by subject. This is the turning point: what a directory
/// knows of an event becomes a small record that points to its line, and at the end the records are put into the order
/// of their subjects by counting. Nothing is allocated an event, nor a subject.
struct SubjectBuffer: Sendable {
    /// One event.
    struct Record {
        var sequence: UInt64
        var time: Instant
        var recordedTime: Instant
        /// Which of the chunks its line is in, and where in it.
        var chunk: UInt32
        var start: UInt32
        var end: UInt32
        /// Where `data` starts, counted from the line's start; 0 = no data.
        var dataOffset: UInt32
        /// The number of its type in this buffer.
        var type: UInt32
        /// The number of its subject in this buffer.
        fileprivate var subject: UInt32
    }

    private static let chunkBytes = 4 << 20
    /// Lines of batches from this size on are kept as they were read instead of being copied.
    private static let keptBytesMin = 16 << 10

    /// The lines.
    private(set) var chunks: [[UInt8]] = []
    /// Whether the last chunk may be added to.
    private var isLastOpen = false
    private var typeNumbers = TypeNumbers()
    private(set) var records: [Record] = []
    /// The subjects of the batch that is being added.
    private var numbers: [Int] = []
    /// The numbers of the records, subject by subject, each in the order in which they were added.
    private(set) var order: [UInt32] = []
    /// Where the records of each subject of `ranked` start in `order`, and where the last one's end.
    private(set) var starts: [UInt32] = []
    /// The subjects, by the numbers under which their events are.
    private(set) var subjects = SubjectTable()
    /// The numbers of the subjects in the order of their bytes.
    private(set) var ranked: [UInt32] = []

    /// How many events without a subject there were, by the numbers of their types; none of them is held.
    private(set) var ownerless: [Int] = []

    /// The types by number.
    var types: [String] { typeNumbers.types }

    /// Takes the events of a batch that have a subject.
    ///
    /// - Parameter isWanted: whether events of a subject, given as its bytes, are; `nil` = all are.
    mutating func add(_ batch: EventBatch, where isWanted: ((Span<UInt8>) -> Bool)? = nil) {
        let batch = batch.byEntry
        let types = typeNumbers.numbers(of: batch.types)
        let lines = batch.lines
        let text = lines.span
        let keepsLines =
            isWanted == nil && batch.count == batch.entries.count && lines.count >= Self.keptBytesMin
        if keepsLines {
            chunks.append(lines)
            isLastOpen = false
        }
        if isWanted == nil {
            subjects.numbers(escapedIn: text, count: batch.count, into: &numbers) {
                batch.entries[batch.index(at: $0)].subject
            }
        }
        for position in 0..<batch.count {
            let index = batch.index(at: position)
            let entry = batch.entries[index]
            guard entry.subjectLength > 0 else {
                countOwnerless(types[Int(entry.typeIndex)])
                continue
            }
            let subject =
                if let isWanted { number(of: text.extracting(entry.subject), isWanted) } else { numbers[position] }
            guard subject >= 0 else { continue }
            let start = keepsLines ? entry.line.lowerBound : copy(text.extracting(entry.line))
            records.append(
                Record(
                    sequence: batch.firstSequence + UInt64(index), time: entry.time, recordedTime: entry.recordedTime,
                    chunk: UInt32(chunks.count - 1), start: UInt32(start), end: UInt32(start + entry.line.count),
                    dataOffset: entry.dataOffset, type: UInt32(types[Int(entry.typeIndex)]),
                    subject: UInt32(subject)))
        }
    }

    /// Copies an event of a subject in.
    mutating func add(_ event: StoredEvent, subject: String) {
        let start = copy(event.line.span)
        let number = subjects.number(of: subject.utf8.span)
        records.append(
            Record(
                sequence: event.sequence, time: event.time, recordedTime: event.recordedTime,
                chunk: UInt32(chunks.count - 1), start: UInt32(start), end: UInt32(start + event.line.count),
                dataOffset: event.dataStart.map { UInt32($0 - event.line.startIndex) } ?? 0,
                type: UInt32(typeNumbers.number(of: event.type)), subject: UInt32(number)))
    }

    /// Puts the events in the order of their subjects: once, when all are there, before any is asked for.
    mutating func arrange() {
        ranked = SubjectOrder.ranked(subjects)
        var ranks = [UInt32](repeating: 0, count: subjects.count)
        for (rank, subject) in ranked.enumerated() { ranks[Int(subject)] = UInt32(rank) }
        var ends = [UInt32](repeating: 0, count: subjects.count + 1)
        for record in records { ends[Int(ranks[Int(record.subject)]) + 1] += 1 }
        for rank in 0..<subjects.count { ends[rank + 1] += ends[rank] }
        starts = ends
        order = [UInt32](repeating: 0, count: records.count)
        for (number, record) in records.enumerated() {
            let rank = Int(ranks[Int(record.subject)])
            order[Int(ends[rank])] = UInt32(number)
            ends[rank] += 1
        }
    }

    /// The events of every subject, each in the order in which they were added.
    func eventsBySubject() -> [(subject: String, events: [StoredEvent])] {
        ranked.enumerated().map { rank, number in
            let name = subjects.text(Int(number))
            return (name, order[Int(starts[rank])..<Int(starts[rank + 1])].map { event(Int($0), subject: name) })
        }
    }

    private func event(_ record: Int, subject: String) -> StoredEvent {
        let record = records[record]
        let start = Int(record.start)
        return StoredEvent(
            sequence: record.sequence, time: record.time, recordedTime: record.recordedTime,
            type: typeNumbers.types[Int(record.type)], subject: subject,
            line: chunks[Int(record.chunk)][start..<Int(record.end)],
            dataStart: record.dataOffset == 0 ? nil : start + Int(record.dataOffset), findingMembers: true)
    }

    /// The number of the subject that stands escaped in a line; -1 if its events are not wanted.
    @inline(__always)
    private mutating func number(of text: Span<UInt8>, _ isWanted: (Span<UInt8>) -> Bool) -> Int {
        if let decoded = SubjectTable.decoded(text) {
            return isWanted(decoded.span) ? subjects.number(of: decoded.span) : -1
        }
        return isWanted(text) ? subjects.number(of: text) : -1
    }

    private mutating func countOwnerless(_ type: Int) {
        while ownerless.count <= type { ownerless.append(0) }
        ownerless[type] += 1
    }

    /// Copies a line into the last chunk; where it starts there.
    private mutating func copy(_ line: Span<UInt8>) -> Int {
        let last = chunks.count - 1
        if !isLastOpen || chunks[last].count + line.count > chunks[last].capacity {
            var chunk: [UInt8] = []
            chunk.reserveCapacity(max(Self.chunkBytes, line.count))
            chunks.append(chunk)
            isLastOpen = true
        }
        let chunk = chunks.count - 1
        let start = chunks[chunk].count
        line.withUnsafeBufferPointer { chunks[chunk].append(contentsOf: $0) }
        return start
    }
}

/// Which of `count` groups a subject belongs to: FNV-1a over its bytes, the same on every machine.
func group(of subject: String, count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in subject.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    // The low bits of FNV-1a mix poorly; fold the high ones in.
    return Int((hash ^ (hash >> 32)) % UInt64(count))
}
