/// Where the parts of a freshly written line are in its buffer; what a batch directory says of the line.
public struct RenderedLine: Sendable, Equatable {
    /// The line without its line feed.
    public var line: Range<Int>
    /// The id between its quotes, escaped as in the line.
    public var id: Range<Int>
    /// The source between its quotes, escaped as in the line.
    public var source: Range<Int>
    /// The type between its quotes, escaped as in the line.
    public var type: Range<Int>
    /// The subject between its quotes, escaped as in the line; `nil` for a system event.
    public var subject: Range<Int>?
    /// Where the value of `data` starts; it runs to the line's closing brace.
    ///
    /// `nil` without data.
    public var dataStart: Int?
    /// When it happened: the sender's `time`, or `recordedTime` if the sender gave none.
    public var time: Instant

    /// The same places, `offset` bytes further on.
    public func moved(by offset: Int) -> RenderedLine {
        func moved(_ range: Range<Int>) -> Range<Int> { (range.lowerBound + offset)..<(range.upperBound + offset) }
        return RenderedLine(
            line: moved(line), id: moved(id), source: moved(source), type: moved(type), subject: subject.map(moved),
            dataStart: dataStart.map { $0 + offset }, time: time)
    }
}

/// Writes lines in the log's own form.
///
/// Keys in this order: specversion, id, source, type, subject, time, recordedtime, sequence, subjectsequence, the
/// extensions by name, data. Texts are escaped as little as JSON allows, so that equal texts have equal bytes; `time`
/// and `data` are as the sender wrote them.
public enum LineRenderer {
    /// Appends the line of `draft` and a line feed.
    ///
    /// An event without an id gets its sequence as id and a reserved source: `touchline:` and the source it was sent
    /// with, if any. `subjectSequence` is written only if there is a subject.
    /// - Returns: where the parts are in `buffer`.
    @discardableResult
    public static func append(
        _ draft: EventDraft, sequence: UInt64, recordedTime: Instant, subjectSequence: UInt64?,
        to buffer: inout [UInt8]
    ) -> RenderedLine {
        let start = buffer.count
        JSONText.append(specVersionAndID, to: &buffer)
        let (id, source) = appendIDAndSource(draft, sequence, to: &buffer)
        JSONText.append(typeKey, to: &buffer)
        let type = appendText(draft.type, to: &buffer)
        var subject: Range<Int>?
        if let text = draft.subject {
            JSONText.append(subjectKey, to: &buffer)
            subject = appendText(text, to: &buffer)
        }
        var time = recordedTime
        if let text = draft.time {
            if let instant = try? Instant(rfc3339: text.utf8.span) { time = instant }
            JSONText.append(timeKey, to: &buffer)
            _ = appendText(text, to: &buffer)
        }
        let stamp = buffer.count
        JSONText.append(recordedTimeAndSequence, to: &buffer)
        var bytes = buffer.mutableSpan
        recordedTime.writeRFC3339(at: stamp + 17, to: &bytes)
        Digits.write(sequence, at: stamp + 58, width: 20, to: &bytes)
        if let subjectSequence, subject != nil {
            JSONText.append(subjectSequenceKey, to: &buffer)
            Digits.append(subjectSequence, to: &buffer)
        }
        for attribute in draft.extensions { append(attribute, to: &buffer) }
        var dataStart: Int?
        if let data = draft.data {
            JSONText.append(dataKey, to: &buffer)
            dataStart = buffer.count
            buffer.append(contentsOf: data)
        }
        buffer.append(UInt8(ascii: "}"))
        let end = buffer.count
        buffer.append(UInt8(ascii: "\n"))
        return RenderedLine(
            line: start..<end, id: id, source: source, type: type, subject: subject, dataStart: dataStart, time: time)
    }

    private static let specVersionAndID: StaticString = #"{"specversion":"1.0","id":""#
    private static let sourceKey: StaticString = #"","source":""#
    private static let typeKey: StaticString = #"","type":""#
    private static let subjectKey: StaticString = #","subject":""#
    private static let timeKey: StaticString = #","time":""#
    private static let recordedTimeAndSequence: StaticString =
        #","recordedtime":"0000-00-00T00:00:00.000000Z","sequence":"00000000000000000000""#
    private static let subjectSequenceKey: StaticString = #","subjectsequence":"#
    private static let dataKey: StaticString = #","data":"#

    /// Leaves the quote of the source open: `typeKey` closes it.
    private static func appendIDAndSource(
        _ draft: EventDraft, _ sequence: UInt64, to buffer: inout [UInt8]
    ) -> (id: Range<Int>, source: Range<Int>) {
        let idStart = buffer.count
        if let id = draft.id {
            JSONText.appendEscaped(id, to: &buffer)
        } else {
            Digits.append(sequence, to: &buffer)
        }
        let id = idStart..<buffer.count
        JSONText.append(sourceKey, to: &buffer)
        let sourceStart = buffer.count
        if draft.id == nil { buffer.append(contentsOf: Limits.reservedSourcePrefix.utf8) }
        if let source = draft.source { JSONText.appendEscaped(source, to: &buffer) }
        return (id, sourceStart..<buffer.count)
    }

    /// Appends text and its closing quote.
    @inline(__always)
    private static func appendText(_ text: String, to buffer: inout [UInt8]) -> Range<Int> {
        let start = buffer.count
        JSONText.appendEscaped(text, to: &buffer)
        let range = start..<buffer.count
        buffer.append(UInt8(ascii: "\""))
        return range
    }

    private static func append(_ attribute: EventDraft.Extension, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: ","))
        buffer.append(UInt8(ascii: "\""))
        buffer.append(contentsOf: attribute.name.utf8)
        buffer.append(UInt8(ascii: "\""))
        buffer.append(UInt8(ascii: ":"))
        buffer.append(contentsOf: attribute.value)
    }
}
