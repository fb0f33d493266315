/// Where the fields that indexes need stand in a stored line, found by the line's fixed form without parsing JSON.
///
/// Lines are checked by their batch's checksum before they come here. A line that is not in the log's own form (which
/// only a foreign writer could have made), or whose id or source has escapes, gives nil, and is read as JSON instead.
/// All places are counted from the start of the batch's lines.
struct LineFields {
    var id: Range<Int>
    var source: Range<Int>
    /// 0 = none.
    var subjectSequence: UInt64

    private static let idKey: StaticString = #"{"specversion":"1.0","id":""#
    private static let sourceKey: StaticString = #"","source":""#
    private static let timeKey: StaticString = #"","time":""#
    private static let sequenceKey: StaticString = #""subjectsequence":"#
    /// From the quote that closes the subject or the time to the key `subjectsequence`.
    private static let recordedBytes =
        #"","recordedtime":"2026-03-01T08:30:01.482113Z","sequence":"00000000000000001042","#.utf8.count

    /// The fields of one line of `lines`, whose directory entry was checked against their length.
    static func find(_ lines: Span<UInt8>, _ entry: EventEntry) -> LineFields? {
        let start = Int(entry.lineStart)
        let end = Int(entry.lineEnd)
        guard let id = text(lines, from: start, to: end, after: idKey),
            let source = text(lines, from: id.upperBound, to: end, after: sourceKey)
        else { return nil }
        guard entry.subjectLength > 0 else { return LineFields(id: id, source: source, subjectSequence: 0) }
        var place = start + Int(entry.subjectOffset) + Int(entry.subjectLength)
        if let time = text(lines, from: place, to: end, after: timeKey) { place = time.upperBound }
        place += recordedBytes
        guard place < end, JSONText.starts(lines, at: place, with: sequenceKey) else { return nil }
        var number: UInt64 = 0
        place += sequenceKey.utf8CodeUnitCount
        while place < end, lines[place] >= UInt8(ascii: "0"), lines[place] <= UInt8(ascii: "9") {
            number = number &* 10 &+ UInt64(lines[place] - UInt8(ascii: "0"))
            place += 1
        }
        return LineFields(id: id, source: source, subjectSequence: number)
    }

    /// The text that follows `key` at `start`, up to its closing quote; nil if it has escapes or is not there.
    @inline(__always)
    private static func text(
        _ lines: Span<UInt8>, from start: Int, to end: Int, after key: StaticString
    ) -> Range<Int>? {
        guard JSONText.starts(lines, at: start, with: key) else { return nil }
        let first = start + key.utf8CodeUnitCount
        let quote = ByteScan.firstQuoteOrBackslash(lines, from: first)
        guard quote < end, lines[quote] == UInt8(ascii: "\"") else { return nil }
        return first..<quote
    }
}

extension BatchContent {
    /// What indexes need of the event at this place.
    func keys(_ position: Int, _ hash: KeyedHash) -> BatchBuilder.Keys {
        let bytes = lines
        return keys(position, hash, bytes.span)
    }

    /// Hands out what indexes need of every event, in their order; nothing is allocated for lines in the log's form.
    @inline(__always)
    func eachKeys(_ hash: KeyedHash, _ body: (_ position: Int, _ keys: BatchBuilder.Keys) -> Void) {
        let bytes = lines
        let lines = bytes.span
        for position in entries.indices { body(position, keys(position, hash, lines)) }
    }

    /// Hands out the subject of every event that has one, in their order.
    @inline(__always)
    func eachSubject(_ hash: KeyedHash, _ body: (_ position: Int, _ subject: SubjectHash) -> Void) {
        let bytes = lines
        let lines = bytes.span
        for position in entries.indices {
            if let subject = subject(entries[position], position, hash, lines) { body(position, subject) }
        }
    }

    @inline(__always)
    private func keys(_ position: Int, _ hash: KeyedHash, _ lines: Span<UInt8>) -> BatchBuilder.Keys {
        let entry = entries[position]
        guard let fields = LineFields.find(lines, entry) else { return parsedKeys(position, hash) }
        let id = lines.extracting(fields.id)
        let source = lines.extracting(fields.source)
        let isGiven = ReservedID.isGiven(source: source, id: id, at: firstSequence + UInt64(position))
        return BatchBuilder.Keys(
            subject: subject(entry, position, hash, lines), version: fields.subjectSequence,
            id: isGiven ? nil : hash.id(source: source, id: id))
    }

    @inline(__always)
    private func subject(
        _ entry: EventEntry, _ position: Int, _ hash: KeyedHash, _ lines: Span<UInt8>
    ) -> SubjectHash? {
        guard entry.subjectLength > 0 else { return nil }
        let start = Int(entry.lineStart) + Int(entry.subjectOffset)
        let text = lines.extracting(start..<(start + Int(entry.subjectLength)))
        guard ByteScan.first(text, from: 0, { ByteScan.equal($0, UInt8(ascii: "\\")) }) == text.count else {
            return event(position).subject.map { hash.subject($0) }
        }
        return hash.subject(text)
    }

    /// The same by parsing the line as JSON.
    @inline(never)
    private func parsedKeys(_ position: Int, _ hash: KeyedHash) -> BatchBuilder.Keys {
        let json = JSONView(line(position))
        let source = Array((json["source"]?.string ?? "").utf8)
        let id = Array((json["id"]?.string ?? "").utf8)
        let isGiven = ReservedID.isGiven(source: source.span, id: id.span, at: firstSequence + UInt64(position))
        let bytes = lines
        return BatchBuilder.Keys(
            subject: subject(entries[position], position, hash, bytes.span),
            version: UInt64(clamping: json["subjectsequence"]?.integer ?? 0),
            id: isGiven ? nil : hash.id(source: source.span, id: id.span))
    }
}

/// Ids that follow from the sequence, and so need no entry in an index.
enum ReservedID {
    private static let prefix = Array(Limits.reservedSourcePrefix.utf8)

    /// Whether the event at `sequence` has the id that the log gives to events that were sent without one.
    @inline(__always)
    static func isGiven(source: Span<UInt8>, id: Span<UInt8>, at sequence: UInt64) -> Bool {
        guard source.count > 0, id.count > 0, source[0] == prefix[0] else { return false }
        return isDecimal(id, of: sequence) && startsWithPrefix(source)
    }

    private static func startsWithPrefix(_ source: Span<UInt8>) -> Bool {
        guard source.count >= prefix.count else { return false }
        for index in prefix.indices where source[index] != prefix[index] { return false }
        return true
    }

    /// Whether the text is the number as the log writes it: no zeros in front.
    private static func isDecimal(_ text: Span<UInt8>, of number: UInt64) -> Bool {
        var rest = number
        var index = text.count - 1
        while true {
            guard index >= 0, text[index] == UInt8(ascii: "0") + UInt8(rest % 10) else { return false }
            rest /= 10
            if rest == 0 { return index == 0 }
            index -= 1
        }
    }

    /// The only sequence at which an event of this source and id would have no entry; nil if there is none.
    static func sequence(source: String, id: String) -> UInt64? {
        guard source.utf8.starts(with: prefix), let sequence = UInt64(id),
            isGiven(source: source.utf8.span, id: id.utf8.span, at: sequence)
        else { return nil }
        return sequence
    }
}
