/// Gathers rendered events into one batch.
///
/// The sequencer fills it; the store writes it.
struct BatchBuilder: Sendable {
    /// What the log's indexes need of one event, beside its directory entry.
    struct Keys: Sendable, Equatable {
        /// nil = no subject.
        var subject: SubjectHash?
        /// The event's number within its subject.
        var version: UInt64 = 0
        /// First sequence of the newest earlier segment that has the subject, as the subject's first event in a segment
        /// needs it; `RecentEvents.none` or `RecentEvents.unresolved`.
        var previousSegment = RecentEvents.unresolved
        /// nil = the id follows from the sequence and needs no entry.
        var id: UInt64?
    }

    let firstSequence: UInt64
    private(set) var lines: [UInt8] = []
    private(set) var entries: [EventEntry] = []
    private(set) var keys: [Keys] = []
    private var typeTable = TypeTable()
    /// The numbers here of the types of the request that is being added; -1 = not looked up yet.
    private var requestTypes: [Int] = []

    init(firstSequence: UInt64) {
        self.firstSequence = firstSequence
    }

    /// The sequence of the next event.
    var nextSequence: UInt64 { firstSequence + UInt64(entries.count) }
    var isEmpty: Bool { entries.isEmpty }

    /// The types that occur.
    var types: [[UInt8]] { typeTable.types }

    /// Must come before the events of a request are added.
    mutating func begin(_ request: PreparedRequest) {
        requestTypes.removeAll(keepingCapacity: true)
        requestTypes.append(contentsOf: repeatElement(-1, count: request.types.count))
    }

    /// Adds an event of the request that was begun.
    @inline(__always)
    mutating func add(
        _ event: PreparedRequest.Event, of request: PreparedRequest, sequence: UInt64, recordedTime: Instant,
        keys: Keys
    ) {
        let rendered = LineRenderer.append(
            event.line, in: request.lines.span, sequence: sequence, recordedTime: recordedTime,
            subjectSequence: keys.subject == nil ? nil : keys.version, to: &lines)
        var type = requestTypes[event.type]
        if type < 0 {
            type = typeTable.index(of: request.types[event.type])
            requestTypes[event.type] = type
        }
        append(rendered, type: type, recordedTime: recordedTime, keys: keys)
    }

    @inline(__always)
    private mutating func append(_ line: RenderedLine, type: Int, recordedTime: Instant, keys: Keys) {
        let start = line.line.lowerBound
        entries.append(
            EventEntry(
                lineStart: UInt32(start), lineEnd: UInt32(line.line.upperBound),
                subjectOffset: UInt32(line.subject.map { $0.lowerBound - start } ?? 0),
                subjectLength: UInt32(line.subject?.count ?? 0),
                dataOffset: UInt32(line.dataStart.map { $0 - start } ?? 0),
                typeIndex: UInt32(type), time: line.time, recordedTime: recordedTime))
        self.keys.append(keys)
    }

    /// Adds an event as it stands in another batch, with its line byte for byte.
    mutating func add(_ entry: EventEntry, of content: BatchContent) {
        let start = UInt32(lines.count)
        lines += content.lines[Int(entry.lineStart)...Int(entry.lineEnd)]
        var copy = entry
        copy.lineStart = start
        copy.lineEnd = start + (entry.lineEnd - entry.lineStart)
        copy.typeIndex = UInt32(typeTable.index(of: content.types[Int(entry.typeIndex)]))
        entries.append(copy)
    }

    /// Takes back every event from this count on.
    mutating func truncate(to count: Int) {
        guard count < entries.count else { return }
        lines.removeSubrange(Int(entries[count].lineStart)...)
        entries.removeSubrange(count...)
        keys.removeSubrange(min(count, keys.count)...)
        // Types stay only if an event that stays has them: a table never names a type that does not occur.
        let kept = entries.reduce(0) { max($0, Int($1.typeIndex) + 1) }
        typeTable.truncate(to: kept)
    }

    /// The batch as it goes to disk, directory and frame, with the directory's fixed part; nil if LZ4 fails.
    func encoded(logID: [UInt8], level: LineFrame.Level) -> (bytes: [UInt8], head: BatchHead)? {
        var frame: [UInt8] = []
        guard lines.withUnsafeBytes({ LineFrame.compress($0, level: level, into: &frame) }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frame.count + entries.count * 12 + 256)
        frame.withUnsafeBytes { frame in
            BatchDirectory.encode(
                entries: entries, types: types, firstSequence: firstSequence, rawLength: lines.count, frame: frame,
                logID: logID, level: level, into: &bytes)
        }
        bytes += frame
        guard let head = bytes.withUnsafeBytes({ BatchDirectory.decodeHead($0, logID: logID) }) else { return nil }
        return (bytes, head)
    }
}
