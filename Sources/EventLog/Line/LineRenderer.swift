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
        var template: [UInt8] = []
        let line = appendTemplate(draft, to: &template)
        return append(
            line, in: template.span, sequence: sequence, recordedTime: recordedTime, subjectSequence: subjectSequence,
            to: &buffer)
    }
}
