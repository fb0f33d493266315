/// What the parser has read of one event so far.
///
/// The values it is given are valid JSON already.
struct ParsedEvent {
    /// The draft, complete once `finish` has not thrown.
    private(set) var draft = EventDraft(type: "", subject: nil)
    private var sequence: UInt64?
    private var recordedTime: Instant?
    private var subjectSequence: UInt64?

    /// Takes the value of one member.
    ///
    /// `start` is the value's offset in the line, for errors.
    mutating func take(
        _ value: Span<UInt8>, at start: Int, name: Span<UInt8>, _ sawWhitespace: Bool, _ isRestore: Bool
    ) throws(EventFault) {
        guard let attribute = EventAttribute(name) else {
            return try takeExtension(value, at: start, name: name)
        }
        if value[0] == UInt8(ascii: "n") { return }
        do {
            try take(value, as: attribute, sawWhitespace, isRestore)
        } catch {
            throw EventFault(offset: start, error)
        }
    }

    private mutating func take(
        _ value: Span<UInt8>, as attribute: EventAttribute, _ sawWhitespace: Bool, _ isRestore: Bool
    ) throws(LineError) {
        switch attribute {
        case .specversion:
            guard JSONText.equal(value, "\"1.0\"") else { throw ParsedEvent.badSpecVersion }
        case .id: draft.id = try ParsedEvent.text(value, "id")
        case .type: draft.type = try ParsedEvent.text(value, "type")
        case .subject: draft.subject = try ParsedEvent.text(value, "subject")
        case .source:
            let bytesMax = AttributeRules.sourceBytesMax(isReservedAllowed: isRestore)
            let source = try ParsedEvent.text(value, "source", bytesMax: bytesMax)
            try AttributeRules.checkSource(source, isReservedAllowed: isRestore)
            draft.source = source
        case .time: draft.time = try ParsedEvent.time(value)
        case .data: draft.data = ParsedEvent.data(value, sawWhitespace)
        case .datacontenttype: try ParsedEvent.checkContentType(value)
        case .dataBase64:
            throw LineError(
                code: .contentType, keyPath: "data_base64", message: "binary data is not taken",
                mend: "send JSON in data")
        case .expectedversion:
            draft.expectedVersion = try ParsedEvent.number(value, "expectedversion", "a whole number from 0 on")
        case .recordedtime, .sequence, .subjectsequence: try takeOwn(value, as: attribute, isRestore)
        }
    }

    /// The attributes that only a log sets.
    private mutating func takeOwn(
        _ value: Span<UInt8>, as attribute: EventAttribute, _ isRestore: Bool
    ) throws(LineError) {
        let name = attribute.ownName
        guard isRestore else {
            throw LineError(
                code: .reserved, keyPath: name, message: "\(name) is set by the log",
                mend: "leave it out, or pass --restore to load lines that a log wrote")
        }
        switch attribute {
        case .sequence:
            guard value.count == 22, value[0] == UInt8(ascii: "\""),
                let sequence = ParsedEvent.unsigned(value.extracting(1..<21))
            else { throw ParsedEvent.wrongKind(name, "a string of 20 digits") }
            self.sequence = sequence
        case .subjectsequence:
            let number = try ParsedEvent.number(value, name, "a whole number from 1 on")
            guard number > 0 else { throw ParsedEvent.wrongKind(name, "a whole number from 1 on") }
            subjectSequence = number
        default:
            let text = try ParsedEvent.text(value, name)
            guard let instant = try? Instant(rfc3339: text), instant.rfc3339 == text else {
                throw ParsedEvent.wrongKind(name, "UTC with six fractional digits, as in 2026-03-01T08:30:01.482113Z")
            }
            recordedTime = instant
        }
    }

    private mutating func takeExtension(
        _ value: Span<UInt8>, at start: Int, name: Span<UInt8>
    ) throws(EventFault) {
        let text = JSONText.decodedString(name)
        do throws(LineError) {
            guard AttributeRules.isExtensionName(name) else { throw ParsedEvent.badName(text) }
            guard let json = try ParsedEvent.extensionValue(value, text) else { return }
            draft.extensions.append(EventDraft.Extension(name: text, value: json))
        } catch {
            throw EventFault(offset: start, error)
        }
    }

    /// Checks that everything is there that must be, and puts it in order.
    mutating func finish(_ options: EventParser.Options) throws(EventFault) {
        do throws(LineError) {
            guard !draft.type.isEmpty else {
                throw LineError(
                    code: .missing, keyPath: "type", message: "the event has no type",
                    mend: "add \"type\", as in \"purchase.completed\"")
            }
            if draft.source == nil, let source = options.defaultSource { draft.source = source }
            if draft.id != nil, draft.source == nil { throw AttributeRules.idWithoutSource }
            if options.restore { draft.restored = try restored() }
        } catch {
            throw EventFault(offset: nil, error)
        }
        if draft.extensions.count > 1 { draft.extensions.sort { $0.name < $1.name } }
    }

    private func restored() throws(LineError) -> EventDraft.Restored {
        guard let sequence, let recordedTime, draft.id != nil, draft.source != nil,
            (subjectSequence == nil) == (draft.subject == nil)
        else {
            throw LineError(
                code: .missing, keyPath: sequence == nil ? "sequence" : recordedTime == nil ? "recordedtime" : "",
                message: "the line lacks what a log's line has (id, source, recordedtime, sequence, and "
                    + "subjectsequence if and only if it has a subject)",
                mend: "restore lines as a log printed them, or append without --restore")
        }
        return EventDraft.Restored(sequence: sequence, recordedTime: recordedTime, subjectSequence: subjectSequence)
    }
}

// MARK: - Values

extension ParsedEvent {
    fileprivate static let badSpecVersion = LineError(
        code: .specVersion, keyPath: "specversion", message: "specversion is not the string \"1.0\"",
        mend: "send CloudEvents 1.0, or leave specversion out")

    fileprivate static func wrongKind(_ name: String, _ kind: String) -> LineError {
        LineError(code: .attributeValue, keyPath: name, message: "\(name) is not \(kind)", mend: "write it so")
    }

    /// The text of a string attribute, which is not empty, not too long, and free of control characters.
    fileprivate static func text(
        _ value: Span<UInt8>, _ name: String, bytesMax: Int = Limits.attributeBytesMax
    ) throws(LineError) -> String {
        guard value[0] == UInt8(ascii: "\"") else {
            throw LineError(
                code: .attributeValue, keyPath: name, message: "\(name) is not a string",
                mend: "put it in double quotes")
        }
        let inner = value.extracting(1..<(value.count - 1))
        // A longer text may still be short enough once its escapes are decoded, six bytes for one at most.
        guard inner.count <= bytesMax * 6 else { throw AttributeRules.tooLong(name, inner.count) }
        let text = JSONText.decodedString(inner)
        try AttributeRules.check(text, of: name, bytesMax: bytesMax)
        return text
    }

    fileprivate static func time(_ value: Span<UInt8>) throws(LineError) -> String {
        let text = try text(value, "time")
        do {
            _ = try Instant(rfc3339: text.utf8.span)
        } catch {
            throw AttributeRules.timeError(error, text)
        }
        return text
    }

    fileprivate static func data(_ value: Span<UInt8>, _ sawWhitespace: Bool) -> [UInt8] {
        guard sawWhitespace else { return value.withUnsafeBufferPointer { Array($0) } }
        var data: [UInt8] = []
        data.reserveCapacity(value.count)
        JSONText.appendCompacted(value, to: &data)
        return data
    }

    /// `application/json`, in any case, with parameters (a charset can only be UTF-8) or without.
    fileprivate static func checkContentType(_ value: Span<UInt8>) throws(LineError) {
        let text = try text(value, "datacontenttype")
        let media = text.prefix { $0 != ";" }.lowercased()
        guard String(media).trimmingSpaces == "application/json" else {
            throw LineError(
                code: .contentType, keyPath: "datacontenttype",
                message: "data of type \(LineError.printable(text, max: 40)) is not taken",
                mend: "send JSON in data and application/json, or leave datacontenttype out")
        }
    }

    fileprivate static func number(
        _ value: Span<UInt8>, _ name: String, _ kind: String
    ) throws(LineError) -> UInt64 {
        guard let number = unsigned(value) else { throw wrongKind(name, kind) }
        return number
    }

    /// Digits and nothing else, within `UInt64`.
    fileprivate static func unsigned(_ text: Span<UInt8>) -> UInt64? {
        guard (1...20).contains(text.count) else { return nil }
        var value: UInt64 = 0
        for index in 0..<text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, over) = tens.addingReportingOverflow(UInt64(digit))
            guard digit <= 9, !overflow, !over else { return nil }
            value = sum
        }
        return value
    }

    fileprivate static func badName(_ name: String) -> LineError {
        let shown = LineError.printable(name, max: 40)
        let lower = name.lowercased()
        let isKnown = lower != name && (EventAttribute(lower.utf8.span) != nil)
        return LineError(
            code: .attributeName, keyPath: shown,
            message: "attribute names are 1 to \(Limits.extensionNameBytesMax) lower-case letters and digits",
            mend: isKnown ? "write \(lower)" : "rename it, or move it into data")
    }

    /// The normalised JSON of an extension's value; `nil` for null, which means absent.
    fileprivate static func extensionValue(_ value: Span<UInt8>, _ name: String) throws(LineError) -> [UInt8]? {
        switch value[0] {
        case UInt8(ascii: "n"): return nil
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return value.withUnsafeBufferPointer { Array($0) }
        case UInt8(ascii: "\""):
            let text = JSONText.decodedString(value.extracting(1..<(value.count - 1)))
            guard AttributeRules.forbiddenCharacter(text.utf8.span) == nil else {
                throw AttributeRules.forbidden(name)
            }
            return JSONText.string(text)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw LineError(
                code: .attributeValue, keyPath: name, message: "an attribute cannot hold an object or a list",
                mend: "move it into data")
        default:
            guard isInt32(value) else {
                throw LineError(
                    code: .attributeValue, keyPath: name,
                    message: "an attribute's number must be whole and within 32 bits", mend: "write it as a string")
            }
            return value.withUnsafeBufferPointer { Array($0) }
        }
    }

    private static func isInt32(_ value: Span<UInt8>) -> Bool {
        let isNegative = value[0] == UInt8(ascii: "-")
        let digits = value.extracting((isNegative ? 1 : 0)..<value.count)
        guard digits.count <= 10, let number = unsigned(digits) else { return false }
        return number <= (isNegative ? 2_147_483_648 : 2_147_483_647)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
