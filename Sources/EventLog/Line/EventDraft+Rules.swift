/// The rules that attribute values obey, one place for the parser and for drafts built by hand.
enum AttributeRules {
    /// The offset of the first byte of a character that CloudEvents forbids in attribute strings (control characters
    /// and noncharacters); `nil` if there is none.
    ///
    /// The text is valid UTF-8.
    @inline(__always)
    static func forbiddenCharacter(_ text: Span<UInt8>) -> Int? {
        var index = ByteScan.firstOutsidePrintableASCII(text, from: 0)
        while index < text.count {
            if text[index] < 0x80 || isForbiddenScalar(text, at: index) { return index }
            index = ByteScan.firstOutsidePrintableASCII(text, from: index + 1)
        }
        return nil
    }

    /// Whether a character of two to four bytes starts at `index` and is a C1 control or a noncharacter.
    private static func isForbiddenScalar(_ text: Span<UInt8>, at index: Int) -> Bool {
        let first = text[index]
        guard first >= 0xC2 else { return false }
        if first == 0xC2 { return index + 1 < text.count && text[index + 1] < 0xA0 }
        if first == 0xEF, index + 2 < text.count {
            let (second, third) = (text[index + 1], text[index + 2])
            return second == 0xB7 && (0x90...0xAF).contains(third) || second == 0xBF && third >= 0xBE
        }
        if first >= 0xF0, index + 3 < text.count {
            return text[index + 1] & 0x0F == 0x0F && text[index + 2] == 0xBF && text[index + 3] >= 0xBE
        }
        return false
    }

    /// Whether every character may stand in a URI reference (RFC 3986): what CloudEvents asks of `source`.
    static func isURIReference(_ text: Span<UInt8>) -> Bool {
        for index in 0..<text.count {
            switch text[index] {
            case 0...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                return false
            case UInt8(ascii: "%"):
                guard JSONScanner.isHexDigit(text, at: index + 1), JSONScanner.isHexDigit(text, at: index + 2) else {
                    return false
                }
            default: break
            }
        }
        return true
    }

    /// Whether this is a name that an extension attribute may have: `[a-z0-9]{1,20}`.
    static func isExtensionName(_ text: Span<UInt8>) -> Bool {
        guard (1...Limits.extensionNameBytesMax).contains(text.count) else { return false }
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            default: return false
            }
        }
        return true
    }

    static func check(
        _ value: String, of name: String, bytesMax: Int = Limits.attributeBytesMax
    ) throws(LineError) {
        let text = value.utf8.span
        guard text.count > 0 else {
            throw LineError(
                code: .missing, keyPath: name, message: "\(name) is empty", mend: "give it a value or leave it out")
        }
        guard text.count <= bytesMax else { throw tooLong(name, text.count) }
        guard forbiddenCharacter(text) == nil else { throw forbidden(name) }
    }

    /// The bytes that a source may have: a reserved one is the sender's with the log's prefix in front.
    static func sourceBytesMax(isReservedAllowed: Bool) -> Int {
        Limits.attributeBytesMax + (isReservedAllowed ? Limits.reservedSourcePrefix.utf8.count : 0)
    }

    static func checkSource(_ source: String, isReservedAllowed: Bool) throws(LineError) {
        let isReserved = source.utf8.starts(with: Limits.reservedSourcePrefix.utf8)
        try check(source, of: "source", bytesMax: sourceBytesMax(isReservedAllowed: isReservedAllowed && isReserved))
        guard isURIReference(source.utf8.span) else {
            throw LineError(
                code: .attributeValue, keyPath: "source",
                message: "source holds a character that a URI reference cannot have",
                mend: "use letters, digits and -._~:/?#@!$&'()*+,;= and percent-encode the rest")
        }
        guard isReservedAllowed || !isReserved else {
            throw LineError(
                code: .reserved, keyPath: "source",
                message: "sources that start with \(Limits.reservedSourcePrefix) are Touchline's own",
                mend: "use another source")
        }
    }

    static func checkTime(_ time: String) throws(LineError) {
        guard time.utf8.count <= Limits.attributeBytesMax else { throw tooLong("time", time.utf8.count) }
        do {
            _ = try Instant(rfc3339: time)
        } catch {
            throw timeError(error, time)
        }
    }

    static func timeError(_ error: InstantError, _ text: String, of name: String = "time") -> LineError {
        let shown = LineError.printable(text, max: 40)
        let mend =
            error.code == .noZone
            ? "add Z or an offset, as in \(exampleWithZone(text))" : "write it as 2026-03-01T08:30:00+08:00"
        return LineError(
            code: .time, keyPath: name, message: "\(name) \"\(shown)\" is no instant: \(error.message)", mend: mend)
    }

    private static func exampleWithZone(_ text: String) -> String {
        let candidate = text + "+08:00"
        return (try? Instant(rfc3339: candidate)) == nil ? "2026-03-01T08:30:00+08:00" : candidate
    }

    static func tooLong(_ name: String, _ count: Int) -> LineError {
        LineError(
            code: .tooLong, keyPath: name,
            message: "\(name) has \(count) bytes, over the limit of \(Limits.attributeBytesMax)",
            mend: "shorten it, or move it into data")
    }

    static func forbidden(_ name: String) -> LineError {
        LineError(
            code: .attributeValue, keyPath: name, message: "\(name) holds a control character or a noncharacter",
            mend: "remove it")
    }

    /// Normalised JSON is not empty and holds no control character, so no line feed either.
    static func checkNormalised(_ json: [UInt8], _ name: String) throws(LineError) {
        guard !json.isEmpty, ByteScan.firstControl(json.span, from: 0) == json.count else {
            throw LineError(
                code: .attributeValue, keyPath: name, message: "\(name) is not normalised JSON",
                mend: "make it with JSONText.normalised, or leave it out")
        }
    }

    static let idWithoutSource = LineError(
        code: .missing, keyPath: "source", message: "the event has an id but no source, so the id names nothing",
        mend: "add \"source\" or pass --source")
}

extension EventDraft {
    /// Checks every attribute of a draft that was built by hand.
    ///
    /// `data` is trusted to be normalised JSON: make it with `JSONText.normalised` if it is not known to be.
    ///
    /// - Parameters:
    ///   - allowsReservedSource: true for Touchline's own writers and for restored lines.
    ///   - eventBytesMax: what `byteCount` may be at most.
    /// - Throws: `LineError` naming the attribute, without a column.
    public func check(
        allowsReservedSource: Bool = true, eventBytesMax: Int = Limits.eventBytesMax
    ) throws(LineError) {
        try AttributeRules.check(type, of: "type")
        if let subject { try AttributeRules.check(subject, of: "subject") }
        if let id { try AttributeRules.check(id, of: "id") }
        if let source { try AttributeRules.checkSource(source, isReservedAllowed: allowsReservedSource) }
        if let time { try AttributeRules.checkTime(time) }
        if id != nil, source == nil { throw AttributeRules.idWithoutSource }
        var last = ""
        for attribute in self.extensions {
            guard AttributeRules.isExtensionName(attribute.name.utf8.span), attribute.name > last,
                !EventAttribute.isReserved(attribute.name.utf8.span)
            else {
                throw LineError(
                    code: .attributeName, keyPath: LineError.printable(attribute.name),
                    message: "no name for an extension attribute, or there twice",
                    mend: "use 1 to 20 lower-case letters and digits")
            }
            last = attribute.name
            try AttributeRules.checkNormalised(attribute.value, attribute.name)
        }
        if let data { try AttributeRules.checkNormalised(data, "data") }
        guard byteCount <= eventBytesMax else {
            throw LineError(
                code: .tooLong, message: "the event has \(byteCount) bytes, over the limit of \(eventBytesMax)",
                mend: "move large content elsewhere and send its address")
        }
    }

    /// Bytes of the event as compact JSON: without `specversion`, what the log adds, and escapes in attributes.
    ///
    /// Never more than the line had that the event was parsed from.
    public var byteCount: Int {
        var count = #"{"type":""}"#.utf8.count + type.utf8.count
        if let id { count += #","id":"""#.utf8.count + id.utf8.count }
        if let source { count += #","source":"""#.utf8.count + source.utf8.count }
        if let subject { count += #","subject":"""#.utf8.count + subject.utf8.count }
        if let time { count += #","time":"""#.utf8.count + time.utf8.count }
        for attribute in self.extensions {
            count += #","":"#.utf8.count + attribute.name.utf8.count + attribute.value.count
        }
        if let data { count += #","data":"#.utf8.count + data.count }
        return count
    }
}

extension JSONScanner {
    static func isHexDigit(_ text: Span<UInt8>, at index: Int) -> Bool {
        guard index < text.count else { return false }
        switch text[index] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            return true
        default: return false
        }
    }
}
