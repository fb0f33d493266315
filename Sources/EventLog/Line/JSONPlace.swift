/// Tells people where in a text a fault is, and what it is.
///
/// Runs only after a fault, so that scanning need not keep track of anything.
enum JSONPlace {
    /// The column of a byte, counted in characters (Unicode scalars) from 1.
    static func column(of offset: Int, in text: Span<UInt8>) -> Int {
        var column = 1
        for index in 0..<min(offset, text.count) where text[index] & 0xC0 != 0x80 { column += 1 }
        return column
    }

    /// The keys and indexes that lead to a byte, as in `data.lines[2].amount`.
    ///
    /// All before the byte is valid JSON.
    static func keyPath(of offset: Int, in text: Span<UInt8>) -> String {
        var steps: [Step] = []
        var index = 0
        while index < min(offset, text.count) {
            switch text[index] {
            case UInt8(ascii: "{"): steps.append(.key(""))
            case UInt8(ascii: "["): steps.append(.index(0))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = steps.popLast()
            case UInt8(ascii: ","): steps.last.map { steps[steps.count - 1] = $0.next }
            case UInt8(ascii: "\""):
                let start = index
                _ = JSONWalk.skipString(text, &index)
                if index <= offset, case .key("") = steps.last {
                    let key = JSONText.decodedString(text.extracting((start + 1)..<max(start + 1, index - 1)))
                    steps[steps.count - 1] = .key(LineError.printable(key, max: 40))
                }
                continue
            default: break
            }
            index += 1
        }
        return joined(steps)
    }

    private enum Step {
        case key(String)
        case index(Int)

        var next: Step {
            switch self {
            case .key: .key("")
            case .index(let index): .index(index + 1)
            }
        }
    }

    private static func joined(_ steps: [Step]) -> String {
        var path = ""
        for step in steps {
            switch step {
            case .key(""): break
            case .key(let key): path += path.isEmpty ? key : "." + key
            case .index(let index): path += "[\(index)]"
            }
            if path.utf8.count > 200 { return path + "…" }
        }
        return path
    }

    /// The error for people: code, place, message, mend.
    static func error(_ fault: JSONFault, in text: Span<UInt8>) -> LineError {
        let (code, message, mend) = words(fault, text)
        var path = keyPath(of: fault.offset, in: text)
        if fault.kind == .duplicateKey {
            var end = fault.offset
            _ = JSONWalk.skipString(text, &end)
            path = keyPath(of: end, in: text)
        }
        return LineError(
            code: code, column: column(of: fault.offset, in: text), keyPath: path, message: message, mend: mend)
    }

    private static func words(_ fault: JSONFault, _ text: Span<UInt8>) -> (LineError.Code, String, String) {
        let found = found(at: fault.offset, in: text)
        switch fault.kind {
        case .unexpectedEnd:
            return text.isEmpty
                ? (.notJSON, "the line is empty", "send one JSON object on each line")
                : (.notJSON, "the line ends in the middle of the event", "send each event complete, on one line")
        case .unexpectedByte: return (.notJSON, "expected a JSON value, found \(found)", mendForValue(fault, text))
        case .expectedKey: return (.notJSON, "expected a key in double quotes, found \(found)", mendForKey(fault, text))
        case .expectedColon: return (.notJSON, "expected a colon after the key, found \(found)", "add the colon")
        case .expectedCommaOrEnd:
            return (.notJSON, "expected a comma or the closing bracket, found \(found)", "add the comma or the bracket")
        case .badLiteral: return (.notJSON, "found \(found)", "write true, false or null, or quote the text")
        case .badNumber:
            return (.notJSON, "this is no JSON number", "write it as 1.5, without + or leading zeros, or quote it")
        case .badEscape: return (.notJSON, "unknown escape in a string", "write a backslash as \\\\")
        case .controlCharacter:
            return (.notJSON, "a control character stands in a string", "escape it, as \\n or \\u0000")
        case .badUTF8: return (.notUTF8, "the bytes are not UTF-8", "convert the input to UTF-8")
        case .unpairedSurrogate:
            return (.unpairedSurrogate, "half of a surrogate pair", "write both \\u escapes of the pair, or the letter")
        case .duplicateKey: return (.duplicateKey, "the key is there twice", "keep one of them")
        case .tooDeep:
            return (.tooDeep, "objects and arrays nest deeper than \(Limits.depthMax)", "flatten the data")
        case .trailingText: return (.notJSON, "something follows the event: \(found)", "send one event on each line")
        }
    }

    private static func found(at offset: Int, in text: Span<UInt8>) -> String {
        guard offset < text.count else { return "the end of the line" }
        let length = max(1, JSONScanner.scalarLength(text, at: offset))
        let scalar = text.extracting(offset..<(offset + length))
        return "'" + LineError.printable(JSONText.decodedString(scalar)) + "'"
    }

    private static func mendForValue(_ fault: JSONFault, _ text: Span<UInt8>) -> String {
        switch text[fault.offset] {
        case UInt8(ascii: "'"): return "quote text with double quotes"
        case UInt8(ascii: "."), UInt8(ascii: "+"): return "write the number as 0.5, without +"
        case 0xEF: return "remove the byte order mark"
        case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","): return "remove the comma, or add the value"
        default: return "quote text with double quotes"
        }
    }

    private static func mendForKey(_ fault: JSONFault, _ text: Span<UInt8>) -> String {
        text[fault.offset] == UInt8(ascii: "}") ? "remove the comma before it" : "quote keys with double quotes"
    }
}
