/// Reads events as senders write them: strict CloudEvents 1.0 JSON, or the short form with `type`, `subject`, `data`.
///
/// One pass checks the JSON (see `JSONText.normalised`), the attributes and their limits. A parser keeps its scratch
/// space, so use one for many lines; it is a value, so each task has its own.
public struct EventParser: Sendable {
    /// How lines are read.
    public struct Options: Sendable {
        /// Whether lines carry `recordedtime`, `sequence` and `subjectsequence`, as a log writes them, and must.
        public var restore: Bool
        /// The source of events that have none.
        public var defaultSource: String?
        /// Bytes of a line at most.
        public var eventBytesMax: Int

        /// Options, by default those of an ordinary append.
        public init(
            eventBytesMax: Int = Limits.eventBytesMax, defaultSource: String? = nil, restore: Bool = false
        ) {
            self.restore = restore
            self.defaultSource = defaultSource
            self.eventBytesMax = eventBytesMax
        }
    }

    /// How lines are read.
    public let options: Options
    private var scanner = JSONScanner()

    /// A parser.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// The event on one line, without its line feed.
    /// - Throws: `LineError` with place and mend.
    public mutating func parse(_ line: ArraySlice<UInt8>) throws(LineError) -> EventDraft {
        try parse(line.span)
    }

    /// The event on one line, without its line feed.
    /// - Throws: `LineError` with place and mend.
    public mutating func parse(_ line: [UInt8]) throws(LineError) -> EventDraft {
        try parse(line.span)
    }

    /// The event on one line, without its line feed.
    /// - Throws: `LineError` with place and mend.
    public mutating func parse(_ line: Span<UInt8>) throws(LineError) -> EventDraft {
        let bytesMax = options.eventBytesMax + (options.restore ? Limits.lineOverheadBytesMax : 0)
        guard line.count <= bytesMax else {
            throw LineError(
                code: .tooLong, message: "the line has \(line.count) bytes, over the limit of \(bytesMax)",
                mend: "move large content elsewhere and send its address")
        }
        scanner.reset()
        var event = ParsedEvent()
        do {
            try read(line, into: &event)
            try event.finish(options)
            return event.draft
        } catch let fault as JSONFault {
            throw JSONPlace.error(fault, in: line)
        } catch let fault as EventFault {
            throw fault.completed(in: line)
        } catch {
            // Nothing else is thrown; typed throws cannot say "one of two".
            throw LineError(code: .notJSON, message: "\(error)", mend: "send one JSON object on each line")
        }
    }

    /// - Throws: `JSONFault` or `EventFault`.
    private mutating func read(_ line: Span<UInt8>, into event: inout ParsedEvent) throws {
        var offset = 0
        scanner.skipWhitespace(line, &offset)
        guard offset < line.count else { throw JSONFault(kind: .unexpectedEnd, offset: offset) }
        guard line[offset] == UInt8(ascii: "{") else { throw try notAnObject(line, offset) }
        var object = scanner.openObject()
        offset += 1
        scanner.skipWhitespace(line, &offset)
        if offset < line.count, line[offset] == UInt8(ascii: "}") {
            offset += 1
        } else {
            repeat {
                let key = try scanner.scanKey(line, &offset, in: &object)
                try member(line, key, &offset, &event)
            } while try scanner.continues(line, &offset, closing: UInt8(ascii: "}"))
        }
        scanner.skipWhitespace(line, &offset)
        guard offset == line.count else { throw JSONFault(kind: .trailingText, offset: offset) }
    }

    /// Scans the value of one member strictly, then takes it for what its key says.
    private mutating func member(
        _ line: Span<UInt8>, _ key: JSONScanner.ScannedKey, _ offset: inout Int, _ event: inout ParsedEvent
    ) throws {
        let isRestore = options.restore
        let start = offset
        let sawWhitespace = scanner.sawWhitespace
        scanner.sawWhitespace = false
        try scanner.scanValue(line, &offset, depth: 1)
        let value = line.extracting(start..<offset)
        let name = line.extracting(key.start..<key.end)
        if key.isEscaped {
            try event.take(value, at: start, name: JSONText.decoded(name).span, scanner.sawWhitespace, isRestore)
        } else {
            try event.take(value, at: start, name: name, scanner.sawWhitespace, isRestore)
        }
        scanner.sawWhitespace = sawWhitespace
    }

    private func notAnObject(_ line: Span<UInt8>, _ offset: Int) throws(JSONFault) -> EventFault {
        var copy = scanner
        try copy.scanDocument(line)
        return EventFault(
            offset: offset,
            LineError(
                code: .notJSON, message: "the line is JSON, but no object",
                mend: "send one object on each line, without an array around them"))
    }
}

extension EventDraft {
    /// How lines are read.
    public typealias ParseOptions = EventParser.Options

    /// The event on one line; for many lines use one `EventParser`.
    /// - Throws: `LineError` with place and mend.
    public static func parse(
        _ line: ArraySlice<UInt8>, options: ParseOptions = ParseOptions()
    ) throws(LineError) -> EventDraft {
        var parser = EventParser(options: options)
        return try parser.parse(line)
    }

    /// The event on one line; for many lines use one `EventParser`.
    /// - Throws: `LineError` with place and mend.
    public static func parse(
        line: some Sequence<UInt8>, options: EventParser.Options = EventParser.Options()
    ) throws(LineError) -> EventDraft {
        var parser = EventParser(options: options)
        return try parser.parse(Array(line))
    }
}

/// A fault in what an event says, its JSON being fine.
///
/// Its column is counted only when it is reported.
struct EventFault: Error {
    /// The offset of what is to blame; `nil` if something is missing.
    var offset: Int?
    var error: LineError

    init(offset: Int?, _ error: LineError) {
        self.offset = offset
        self.error = error
    }

    func completed(in line: Span<UInt8>) -> LineError {
        var error = error
        if let offset { error.column = JSONPlace.column(of: offset, in: line) }
        return error
    }
}
