/// A line as a log wrote it, read back from nothing but its bytes and checked to be in the log's own form.
public struct StoredLine: Sendable {
    /// What the line says; `restored` is never `nil`.
    public let draft: EventDraft
    /// The event, as a reader would give it.
    public let event: StoredEvent
    /// Where the parts are, counted from the line's first byte: what its batch directory must say.
    public let rendered: RenderedLine

    /// Reads one line, without its line feed.
    ///
    /// The line must be, byte for byte, what `LineRenderer` would write; so a restored line keeps its bytes.
    /// - Throws: `LineError` with place and mend.
    public init(_ line: ArraySlice<UInt8>, parser: inout EventParser) throws(LineError) {
        draft = try parser.parse(line.span)
        guard let restored = draft.restored else {
            throw LineError(code: .notStoredForm, message: "the line was not read as a log's own", mend: "use restore")
        }
        var written: [UInt8] = []
        written.reserveCapacity(line.count + 1)
        rendered = LineRenderer.append(
            draft, sequence: restored.sequence, recordedTime: restored.recordedTime,
            subjectSequence: restored.subjectSequence, to: &written)
        guard written.dropLast() == line else {
            let offset = zip(written, line).prefix { $0 == $1 }.count
            throw LineError(
                code: .notStoredForm, column: JSONPlace.column(of: offset, in: line.span),
                message: "the line is a valid event, but not in the form a log writes",
                mend: "restore the lines exactly as a log printed them")
        }
        event = StoredEvent(
            sequence: restored.sequence, time: rendered.time, recordedTime: restored.recordedTime, type: draft.type,
            subject: draft.subject, line: line, dataStart: rendered.dataStart.map { line.startIndex + $0 })
    }
}

extension StoredEvent {
    /// Reads an event from its line alone; for many lines use `StoredLine` with one parser.
    /// - Throws: `LineError` if the line is not what a log writes.
    public init(line: ArraySlice<UInt8>) throws(LineError) {
        var parser = EventParser(options: EventParser.Options(restore: true))
        self = try StoredLine(line, parser: &parser).event
    }

    /// Whether this event is what `draft` says: type, subject, data byte for byte, and the moment of `time` if the
    /// draft gives one.
    ///
    /// Extensions are not content.
    ///
    /// A draft with a time does not match an event that was sent without one.
    public func hasContent(of draft: EventDraft) -> Bool {
        // As bytes: Swift would take two spellings of one accented letter for the same.
        guard type.utf8.elementsEqual(draft.type.utf8), (subject == nil) == (draft.subject == nil),
            (subject ?? "").utf8.elementsEqual((draft.subject ?? "").utf8)
        else { return false }
        if let text = draft.time {
            guard json["time"] != nil, (try? Instant(rfc3339: text)) == time else { return false }
        }
        guard let dataStart else { return draft.data == nil }
        guard let data = draft.data else { return false }
        return line[dataStart...].dropLast() == data[...]
    }
}
