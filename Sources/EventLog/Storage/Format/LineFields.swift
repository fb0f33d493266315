/// The fields of a stored line that indexes need, found by the line's fixed form without parsing JSON.
///
/// Lines are checked by their batch's checksum before they come here. A line that is not in the log's own form (which
/// only a foreign writer could have made) is read as JSON instead.
struct LineFields {
    /// The source's bytes, unescaped.
    var source: ArraySlice<UInt8>
    /// The id's bytes, unescaped.
    var id: ArraySlice<UInt8>
    /// 0 = none.
    var subjectSequence: UInt64

    private static let idKey = Array(#"{"specversion":"1.0","id":""#.utf8)
    private static let sourceKey = Array(#"","source":""#.utf8)
    private static let sequenceKey = Array(#""subjectsequence":"#.utf8)
    /// From the quote behind the subject to the number behind `subjectsequence`, if no time was sent.
    private static let recordedBytes =
        #"","recordedtime":"2026-03-01T08:30:01.482113Z","sequence":"00000000000000001042","#.utf8.count

    init(_ line: ArraySlice<UInt8>, entry: EventEntry) {
        guard let fast = Self.fast(line, entry) else {
            let json = JSONView(line)
            source = ArraySlice((json["source"]?.string ?? "").utf8)
            id = ArraySlice((json["id"]?.string ?? "").utf8)
            subjectSequence = UInt64(clamping: json["subjectsequence"]?.integer ?? 0)
            return
        }
        self = fast
    }

    private init(source: ArraySlice<UInt8>, id: ArraySlice<UInt8>, subjectSequence: UInt64) {
        self.source = source
        self.id = id
        self.subjectSequence = subjectSequence
    }

    private static func fast(_ line: ArraySlice<UInt8>, _ entry: EventEntry) -> LineFields? {
        var position = line.startIndex
        guard let id = text(line, &position, after: idKey), let source = text(line, &position, after: sourceKey) else {
            return nil
        }
        guard entry.subjectLength > 0 else { return LineFields(source: source, id: id, subjectSequence: 0) }
        let subjectEnd = line.startIndex + Int(entry.subjectOffset + entry.subjectLength)
        var start = subjectEnd + recordedBytes
        if subjectEnd + 8 < line.endIndex, line[subjectEnd + 3] == UInt8(ascii: "t") {
            // `","time":"` and its text come first.
            let timeStart = subjectEnd + 10
            guard timeStart < line.endIndex, let end = line[timeStart...].firstIndex(of: UInt8(ascii: "\"")) else {
                return nil
            }
            start = end + recordedBytes
        }
        guard start + sequenceKey.count < line.endIndex,
            line[start..<(start + sequenceKey.count)].elementsEqual(sequenceKey)
        else { return nil }
        var number: UInt64 = 0
        var next = start + sequenceKey.count
        while next < line.endIndex, line[next] >= UInt8(ascii: "0"), line[next] <= UInt8(ascii: "9") {
            number = number &* 10 &+ UInt64(line[next] - UInt8(ascii: "0"))
            next += 1
        }
        return LineFields(source: source, id: id, subjectSequence: number)
    }

    /// The text that follows `key` at `position`, up to its closing quote; nil if it has escapes or is not there.
    private static func text(_ line: ArraySlice<UInt8>, _ position: inout Int, after key: [UInt8]) -> ArraySlice<UInt8>?
    {
        let start = position + key.count
        guard start < line.endIndex, line[position..<start].elementsEqual(key) else { return nil }
        var end = start
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") {
            if line[end] == UInt8(ascii: "\\") { return nil }
            end += 1
        }
        position = end
        return line[start..<end]
    }
}

/// Ids that follow from the sequence, and so need no entry in an index.
enum ReservedID {
    private static let prefix = Array(Limits.reservedSourcePrefix.utf8)

    /// Whether the event at `sequence` has the id that the log gives to events that were sent without one.
    static func isGiven(source: some Collection<UInt8>, id: some Collection<UInt8>, at sequence: UInt64) -> Bool {
        source.first == prefix.first && source.starts(with: prefix) && id.elementsEqual(String(sequence).utf8)
    }

    /// The only sequence at which an event of this source and id would have no entry; nil if there is none.
    static func sequence(source: String, id: String) -> UInt64? {
        guard source.utf8.starts(with: prefix), let sequence = UInt64(id),
            isGiven(source: source.utf8, id: id.utf8, at: sequence)
        else { return nil }
        return sequence
    }
}
