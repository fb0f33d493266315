/// A JSON value as plainly as can be; a number keeps its text.
package indirect enum ReferenceJSON: Equatable, Sendable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([ReferenceJSON])
    case object([String: ReferenceJSON])

    /// The member with this key.
    package subscript(key: String) -> ReferenceJSON? {
        if case .object(let members) = self { return members[key] }
        return nil
    }

    /// A string, or the text of a number.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): return text
        default: return nil
        }
    }

    /// A whole number, or a string that holds one.
    package var integer: Int? { text.flatMap { Int($0) } }

    /// Reads one JSON value that fills the whole text; the text is valid JSON, as every stored line is.
    package static func parse(_ text: some Sequence<UInt8>) -> ReferenceJSON? {
        var parser = Parser(bytes: Array(text))
        guard let value = parser.value() else { return nil }
        parser.skipBlanks()
        return parser.at == parser.bytes.count ? value : nil
    }
}

private struct Parser {
    var bytes: [UInt8]
    var at = 0

    mutating func skipBlanks() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 || bytes[at] == 10 || bytes[at] == 13 { at += 1 }
    }

    mutating func take(_ character: Character) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
        at += 1
        return true
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    mutating func value() -> ReferenceJSON? {
        skipBlanks()
        guard at < bytes.count else { return nil }
        switch Character(UnicodeScalar(bytes[at])) {
        case "{": return object()
        case "[": return array()
        case "\"": return string().map { .string($0) }
        case "t": return takeWord("true") ? .boolean(true) : nil
        case "f": return takeWord("false") ? .boolean(false) : nil
        case "n": return takeWord("null") ? .null : nil
        default: return number()
        }
    }

    mutating func object() -> ReferenceJSON? {
        var members: [String: ReferenceJSON] = [:]
        guard take("{") else { return nil }
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard let key = string(), take(":"), let value = value() else { return nil }
            members[key] = value
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    mutating func array() -> ReferenceJSON? {
        var elements: [ReferenceJSON] = []
        guard take("[") else { return nil }
        if take("]") { return .array(elements) }
        repeat {
            guard let value = value() else { return nil }
            elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    mutating func number() -> ReferenceJSON? {
        let start = at
        while at < bytes.count, "+-.eE0123456789".utf8.contains(bytes[at]) { at += 1 }
        return at > start ? .number(String(decoding: bytes[start..<at], as: UTF8.self)) : nil
    }

    mutating func string() -> String? {
        guard take("\"") else { return nil }
        var units: [UInt16] = []  // UTF-16, because \u escapes are
        var raw: [UInt8] = []
        func flush() {
            units.append(contentsOf: String(decoding: raw, as: UTF8.self).utf16)
            raw.removeAll()
        }
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") {
                flush()
                return String(decoding: units, as: UTF16.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                raw.append(byte)
                continue
            }
            flush()
            guard at < bytes.count else { return nil }
            let escape = Character(UnicodeScalar(bytes[at]))
            at += 1
            switch escape {
            case "n": units.append(10)
            case "t": units.append(9)
            case "r": units.append(13)
            case "b": units.append(8)
            case "f": units.append(12)
            case "u":
                guard at + 4 <= bytes.count,
                    let unit = UInt16(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
                else { return nil }
                units.append(unit)
                at += 4
            default: units.append(contentsOf: String(escape).utf16)
            }
        }
        return nil
    }
}
