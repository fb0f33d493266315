/// Some events that stand together in the log, as a cursor hands them out.
///
/// Events are made when they are asked for and share the bytes of the batch, which live as long as one of them does.
public struct EventBatch: RandomAccessCollection, Sendable {
    /// The position of an event among those that match.
    public typealias Index = Int

    let content: BatchContent
    /// The events that match, by their place in the content; nil = all of `range`.
    let selection: [UInt32]?
    /// The part of the content that was asked for.
    let range: Range<Int>

    init(content: BatchContent, range: Range<Int>, selection: [UInt32]? = nil) {
        self.content = content
        self.range = range
        self.selection = selection
    }

    /// The sequence of the first event that the batch covers, whether or not it matches.
    public var firstSequence: UInt64 { content.firstSequence + UInt64(range.lowerBound) }
    /// The sequence after the last event that the batch covers: where to go on reading.
    public var endSequence: UInt64 { content.firstSequence + UInt64(range.upperBound) }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of events that match.
    public var endIndex: Int { selection?.count ?? range.count }

    /// The event at a place among those that match.
    public subscript(position: Int) -> StoredEvent {
        content.event(selection.map { Int($0[position]) } ?? range.lowerBound + position)
    }
}

/// The lines of one batch on disk with its directory.
final class BatchContent: Sendable {
    let firstSequence: UInt64
    let lines: [UInt8]
    let entries: [EventEntry]
    let types: [String]

    init(directory: BatchDirectory, lines: [UInt8]) {
        firstSequence = directory.head.firstSequence
        entries = directory.entries
        types = directory.types
        self.lines = lines
    }

    /// The sequence after the last event.
    var endSequence: UInt64 { firstSequence + UInt64(entries.count) }

    /// The event at this place of the batch.
    func event(_ index: Int) -> StoredEvent {
        let entry = entries[index]
        let start = Int(entry.lineStart)
        return StoredEvent(
            sequence: firstSequence + UInt64(index), time: entry.time, recordedTime: entry.recordedTime,
            type: types[Int(entry.typeIndex)], subject: subject(of: entry), line: lines[start..<Int(entry.lineEnd)],
            dataStart: entry.dataOffset == 0 ? nil : start + Int(entry.dataOffset))
    }

    /// The line at this place, without its line feed.
    func line(_ index: Int) -> ArraySlice<UInt8> {
        lines[Int(entries[index].lineStart)..<Int(entries[index].lineEnd)]
    }

    /// The subject's text as escaped in the line; nil if the event has none.
    func subjectText(_ index: Int) -> ArraySlice<UInt8>? {
        let entry = entries[index]
        guard entry.subjectLength > 0 else { return nil }
        let start = Int(entry.lineStart) + Int(entry.subjectOffset)
        return lines[start..<(start + Int(entry.subjectLength))]
    }

    private func subject(of entry: EventEntry) -> String? {
        guard entry.subjectLength > 0 else { return nil }
        let start = Int(entry.lineStart) + Int(entry.subjectOffset)
        let text = lines[start..<(start + Int(entry.subjectLength))]
        if text.contains(UInt8(ascii: "\\")) {
            return JSONView(lines[(start - 1)..<(text.endIndex + 1)]).string
        }
        return String(decoding: text, as: UTF8.self)
    }
}
