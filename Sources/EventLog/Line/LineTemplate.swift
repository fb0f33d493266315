/// A line as far as its draft tells, written before its place in the log is known.
///
/// What only the log knows is left out at two places: the id, if the sender gave none, and behind the sender's
/// attributes `recordedtime`, `sequence` and `subjectsequence`. All places are offsets in the buffer it was written to.
struct LineTemplate: Sendable, Equatable {
    /// The first byte.
    var start: Int
    /// Where the log's id goes; `nil` if the sender gave one.
    var generatedID: Int?
    /// Behind the sender's attributes.
    var stamp: Int
    /// Behind the line feed.
    var end: Int
    /// The id between its quotes; empty if the log gives it.
    var id: Range<Int>
    /// The source between its quotes, the log's prefix included.
    var source: Range<Int>
    /// The type between its quotes.
    var type: Range<Int>
    /// The subject between its quotes; `nil` for a system event.
    var subject: Range<Int>?
    /// Where the value of `data` starts; `nil` without data.
    var dataStart: Int?
    /// The sender's `time`; `nil` if it gave none.
    var time: Instant?
}

extension LineRenderer {
    /// Appends what a draft tells of its line, and a line feed.
    static func appendTemplate(_ draft: EventDraft, to buffer: inout [UInt8]) -> LineTemplate {
        let start = buffer.count
        JSONText.append(specVersionAndID, to: &buffer)
        let idStart = buffer.count
        if let id = draft.id { JSONText.appendEscaped(id, to: &buffer) }
        let id = idStart..<buffer.count
        JSONText.append(sourceKey, to: &buffer)
        let sourceStart = buffer.count
        if draft.id == nil { buffer.append(contentsOf: Limits.reservedSourcePrefix.utf8) }
        if let source = draft.source { JSONText.appendEscaped(source, to: &buffer) }
        let source = sourceStart..<buffer.count
        JSONText.append(typeKey, to: &buffer)
        let type = appendText(draft.type, to: &buffer)
        var subject: Range<Int>?
        if let text = draft.subject {
            JSONText.append(subjectKey, to: &buffer)
            subject = appendText(text, to: &buffer)
        }
        var time: Instant?
        if let text = draft.time {
            time = try? Instant(rfc3339: text.utf8.span)
            JSONText.append(timeKey, to: &buffer)
            _ = appendText(text, to: &buffer)
        }
        let stamp = buffer.count
        for attribute in draft.extensions { append(attribute, to: &buffer) }
        var dataStart: Int?
        if let data = draft.data {
            JSONText.append(dataKey, to: &buffer)
            dataStart = buffer.count
            buffer.append(contentsOf: data)
        }
        JSONText.append(lineEnd, to: &buffer)
        return LineTemplate(
            start: start, generatedID: draft.id == nil ? idStart : nil, stamp: stamp, end: buffer.count, id: id,
            source: source, type: type, subject: subject, dataStart: dataStart, time: time)
    }

    /// Appends the whole line of a template that was written to `template`.
    ///
    /// - Returns: where the parts are in `buffer`.
    @inline(__always)
    static func append(
        _ line: LineTemplate, in template: Span<UInt8>, sequence: UInt64, recordedTime: Instant,
        subjectSequence: UInt64?, to buffer: inout [UInt8]
    ) -> RenderedLine {
        let start = buffer.count
        var idDigits = 0
        if let place = line.generatedID {
            append(template, line.start..<place, to: &buffer)
            let before = buffer.count
            Digits.append(sequence, to: &buffer)
            idDigits = buffer.count - before
            append(template, place..<line.stamp, to: &buffer)
        } else {
            append(template, line.start..<line.stamp, to: &buffer)
        }
        let stamp = buffer.count
        JSONText.append(recordedTimeAndSequence, to: &buffer)
        var bytes = buffer.mutableSpan
        recordedTime.writeRFC3339(at: stamp + 17, to: &bytes)
        Digits.write(sequence, at: stamp + 58, width: 20, to: &bytes)
        if let subjectSequence, line.subject != nil {
            JSONText.append(subjectSequenceKey, to: &buffer)
            Digits.append(subjectSequence, to: &buffer)
        }
        let rest = buffer.count - line.stamp
        append(template, line.stamp..<line.end, to: &buffer)
        let shift = start - line.start
        func behind(_ range: Range<Int>) -> Range<Int> {
            (range.lowerBound + shift + idDigits)..<(range.upperBound + shift + idDigits)
        }
        let idStart = line.id.lowerBound + shift
        return RenderedLine(
            line: start..<(buffer.count - 1), id: idStart..<(idStart + line.id.count + idDigits),
            source: behind(line.source), type: behind(line.type), subject: line.subject.map(behind),
            dataStart: line.dataStart.map { $0 + rest }, time: line.time ?? recordedTime)
    }

    private static let specVersionAndID: StaticString = #"{"specversion":"1.0","id":""#
    private static let sourceKey: StaticString = #"","source":""#
    /// Closes the quote of the source.
    private static let typeKey: StaticString = #"","type":""#
    private static let subjectKey: StaticString = #","subject":""#
    private static let timeKey: StaticString = #","time":""#
    private static let recordedTimeAndSequence: StaticString =
        #","recordedtime":"0000-00-00T00:00:00.000000Z","sequence":"00000000000000000000""#
    private static let subjectSequenceKey: StaticString = #","subjectsequence":"#
    private static let dataKey: StaticString = #","data":"#
    private static let lineEnd: StaticString = "}\n"

    /// Appends text and its closing quote.
    @inline(__always)
    private static func appendText(_ text: String, to buffer: inout [UInt8]) -> Range<Int> {
        let start = buffer.count
        JSONText.appendEscaped(text, to: &buffer)
        let range = start..<buffer.count
        buffer.append(UInt8(ascii: "\""))
        return range
    }

    @inline(__always)
    private static func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to buffer: inout [UInt8]) {
        bytes.extracting(range).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
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
