import EventLog

/// The known events of many subjects, kept in memory as bytes, to be folded subject by subject.
///
/// A rebuild reads the log front to back and wants it subject by subject. This is the turning point: lines are
/// copied once into large chunks, and each subject keeps a list of small records that point into them.
struct SubjectBuffer: Sendable {
    private struct Record {
        var sequence: UInt64
        var time: Int64
        var recordedTime: Int64
        var chunk: Int32
        var type: Int32
        var offset: Int32
        var length: Int32
        var dataStart: Int32
    }

    private static let chunkBytes = 4 << 20

    private var chunks: [[UInt8]] = []
    private var types: [String] = []
    private var typeNumbers: [String: Int32] = [:]
    private var subjects: [ByteText: Int] = [:]
    private var records: [[Record]] = []
    private(set) var names: [String] = []
    /// Events held.
    private(set) var count = 0

    /// Copies an event of a subject in.
    mutating func add(_ event: StoredEvent, subject: String) {
        if chunks.last.map({ $0.count + event.line.count > $0.capacity }) ?? true {
            var chunk: [UInt8] = []
            chunk.reserveCapacity(max(Self.chunkBytes, event.line.count))
            chunks.append(chunk)
        }
        let last = chunks.count - 1
        let offset = chunks[last].count
        chunks[last].append(contentsOf: event.line)
        records[number(of: subject)].append(
            Record(
                sequence: event.sequence, time: event.time.microseconds,
                recordedTime: event.recordedTime.microseconds, chunk: Int32(last), type: number(ofType: event.type),
                offset: Int32(offset), length: Int32(event.line.count),
                dataStart: event.dataStart.map { Int32($0 - event.line.startIndex) } ?? -1))
        count += 1
    }

    /// The events of subject number `index`, in the order in which they were added.
    func events(at index: Int) -> [StoredEvent] {
        records[index].map { record in
            let offset = Int(record.offset)
            return StoredEvent(
                sequence: record.sequence, time: Instant(microseconds: record.time),
                recordedTime: Instant(microseconds: record.recordedTime), type: types[Int(record.type)],
                subject: names[index], line: chunks[Int(record.chunk)][offset..<(offset + Int(record.length))],
                dataStart: record.dataStart < 0 ? nil : offset + Int(record.dataStart))
        }
    }

    /// The events of a subject, in the order in which they were added.
    func events(of subject: String) -> [StoredEvent] {
        subjects[ByteText(subject)].map { events(at: $0) } ?? []
    }

    private mutating func number(of subject: String) -> Int {
        let key = ByteText(subject)
        if let number = subjects[key] { return number }
        let number = names.count
        subjects[key] = number
        names.append(subject)
        records.append([])
        return number
    }

    private mutating func number(ofType type: String) -> Int32 {
        if let number = typeNumbers[type] { return number }
        let number = Int32(types.count)
        typeNumbers[type] = number
        types.append(type)
        return number
    }
}

/// Which of `count` groups a subject belongs to: FNV-1a over its bytes, the same on every machine.
func group(of subject: String, count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in subject.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    // The low bits of FNV-1a mix poorly; fold the high ones in.
    return Int((hash ^ (hash >> 32)) % UInt64(count))
}
