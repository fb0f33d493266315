// Strings, numbers and literals: what holds no other value.

extension JSONScanner {
    /// Scans a string from its opening to behind its closing quote.
    /// - Returns: whether it holds an escape.
    @inline(__always)
    static func scanString(_ text: Span<UInt8>, _ offset: inout Int) throws(JSONFault) -> Bool {
        let index = ByteScan.firstUnplain(text, from: offset + 1)
        if index < text.count, text[index] == UInt8(ascii: "\"") {
            offset = index + 1
            return false
        }
        offset = index
        return try scanRichString(text, &offset)
    }

    /// The rest of a string with escapes or non-ASCII letters; `offset` is inside the string.
    private static func scanRichString(_ text: Span<UInt8>, _ offset: inout Int) throws(JSONFault) -> Bool {
        var index = offset
        var isEscaped = false
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                offset = index + 1
                return isEscaped
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try scanEscape(text, &index)
            } else if byte < 0x20 {
                throw JSONFault(kind: .controlCharacter, offset: index)
            } else if byte < 0x80 {
                index = ByteScan.firstUnplain(text, from: index + 1)
            } else {
                let length = scalarLength(text, at: index)
                guard length > 0 else { throw JSONFault(kind: .badUTF8, offset: index) }
                index += length
            }
        }
        throw JSONFault(kind: .unexpectedEnd, offset: text.count)
    }

    private static func scanEscape(_ text: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        guard index + 1 < text.count else { throw JSONFault(kind: .unexpectedEnd, offset: text.count) }
        switch text[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        case UInt8(ascii: "u"):
            guard let unit = hexUnit(text, at: index + 2) else { throw JSONFault(kind: .badEscape, offset: index) }
            switch unit {
            case 0xDC00...0xDFFF: throw JSONFault(kind: .unpairedSurrogate, offset: index)
            case 0xD800...0xDBFF:
                guard index + 7 < text.count, text[index + 6] == UInt8(ascii: "\\"),
                    text[index + 7] == UInt8(ascii: "u"), let low = hexUnit(text, at: index + 8),
                    (0xDC00...0xDFFF).contains(low)
                else { throw JSONFault(kind: .unpairedSurrogate, offset: index) }
                index += 12
            default: index += 6
            }
        default: throw JSONFault(kind: .badEscape, offset: index)
        }
    }

    /// The four hexadecimal digits from `start` on; `nil` if one is missing or no digit.
    static func hexUnit(_ text: Span<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        for index in start..<(start + 4) {
            let digit: UInt8
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// How many bytes the UTF-8 scalar at `index` has, by table 3-7 of the Unicode standard; 0 if it is malformed.
    static func scalarLength(_ text: Span<UInt8>, at index: Int) -> Int {
        let first = text[index]
        if first < 0x80 { return 1 }
        let length: Int
        var secondMin: UInt8 = 0x80
        var secondMax: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, secondMin) = (3, 0xA0)
        case 0xED: (length, secondMax) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, secondMin) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, secondMax) = (4, 0x8F)
        default: return 0
        }
        guard index + length <= text.count, text[index + 1] >= secondMin, text[index + 1] <= secondMax else { return 0 }
        for next in (index + 2)..<max(index + 2, index + length) where text[next] & 0xC0 != 0x80 { return 0 }
        return length
    }

    static func scanNumber(_ text: Span<UInt8>, _ offset: inout Int) throws(JSONFault) {
        let start = offset
        var index = offset
        if text[index] == UInt8(ascii: "-") { index += 1 }
        let whole = digits(text, &index)
        guard whole > 0, whole == 1 || text[index - whole] != UInt8(ascii: "0") else {
            throw JSONFault(kind: .badNumber, offset: start)
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            guard digits(text, &index) > 0 else { throw JSONFault(kind: .badNumber, offset: start) }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            guard digits(text, &index) > 0 else { throw JSONFault(kind: .badNumber, offset: start) }
        }
        offset = index
    }

    /// Moves behind a run of digits and returns its length.
    @inline(__always)
    private static func digits(_ text: Span<UInt8>, _ index: inout Int) -> Int {
        let start = index
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 { index += 1 }
        return index - start
    }

    static func scanLiteral(
        _ text: Span<UInt8>, _ offset: inout Int, _ literal: StaticString
    ) throws(JSONFault) {
        guard JSONText.starts(text, at: offset, with: literal) else {
            throw JSONFault(kind: .badLiteral, offset: offset)
        }
        offset += literal.utf8CodeUnitCount
    }
}
