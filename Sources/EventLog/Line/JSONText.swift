/// Small pieces of work on JSON text as bytes.
public enum JSONText {
    /// Checks one JSON value strictly and returns it without insignificant white space, everything else byte for byte.
    ///
    /// - Throws: `LineError` with the exact place, for everything RFC 8259 refuses, and for duplicate keys, bytes that
    ///   are not UTF-8, unpaired surrogate escapes and too deep nesting.
    public static func normalised(
        _ text: some Sequence<UInt8>, depthMax: Int = Limits.depthMax
    ) throws(LineError) -> [UInt8] {
        let bytes = Array(text)
        var scanner = JSONScanner(depthMax: depthMax)
        do {
            try scanner.scanDocument(bytes.span)
        } catch {
            throw JSONPlace.error(error, in: bytes.span)
        }
        guard scanner.sawWhitespace else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        appendCompacted(bytes.span, to: &result)
        return result
    }

    /// The JSON string of `text`, quotes included.
    public static func string(_ text: String) -> [UInt8] {
        var buffer: [UInt8] = [UInt8(ascii: "\"")]
        appendEscaped(text, to: &buffer)
        buffer.append(UInt8(ascii: "\""))
        return buffer
    }

    /// Appends `text` as it stands between the quotes of a JSON string: `"`, `\` and control characters escaped,
    /// everything else raw.
    ///
    /// Equal strings give equal bytes.
    public static func appendEscaped(_ text: String, to buffer: inout [UInt8]) {
        let bytes = text.utf8.span
        guard ByteScan.firstEscaped(bytes, from: 0) < bytes.count else {
            buffer.append(contentsOf: text.utf8)
            return
        }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if isEscaped(byte) { appendEscape(of: byte, to: &buffer) } else { buffer.append(byte) }
        }
    }

    /// The text that the bytes between the quotes of a valid JSON string stand for.
    ///
    /// On invalid bytes the answer is unspecified (with U+FFFD where nothing fits), but always a string.
    public static func decodedString(_ escaped: Span<UInt8>) -> String {
        if ByteScan.first(escaped, from: 0, { ByteScan.equal($0, UInt8(ascii: "\\")) }) < escaped.count {
            return String(decoding: decoded(escaped), as: UTF8.self)
        }
        return escaped.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The UTF-8 bytes that the bytes between the quotes of a JSON string stand for.
    static func decoded(_ escaped: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(escaped.count)
        var index = 0
        while index < escaped.count {
            let byte = escaped[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < escaped.count else {
                result.append(byte)
                index += 1
                continue
            }
            index += 2
            switch escaped[index - 1] {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"): appendUnicodeEscape(escaped, &index, to: &result)
            default: result.append(escaped[index - 1])
            }
        }
        return result
    }

    /// `index` is behind `\u`; afterwards behind the digits, and behind the second half of a pair.
    private static func appendUnicodeEscape(_ escaped: Span<UInt8>, _ index: inout Int, to result: inout [UInt8]) {
        guard var value = JSONScanner.hexUnit(escaped, at: index) else {
            result.append(contentsOf: "\u{FFFD}".utf8)
            return
        }
        index += 4
        if (0xD800...0xDBFF).contains(value), index + 1 < escaped.count, escaped[index] == UInt8(ascii: "\\"),
            escaped[index + 1] == UInt8(ascii: "u"), let low = JSONScanner.hexUnit(escaped, at: index + 2),
            (0xDC00...0xDFFF).contains(low)
        {
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            index += 6
        }
        result.append(contentsOf: UTF8.encode(Unicode.Scalar(value) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
    }

    /// Appends valid JSON without insignificant white space.
    static func appendCompacted(_ text: Span<UInt8>, to buffer: inout [UInt8]) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            case UInt8(ascii: "\""):
                let start = index
                _ = JSONWalk.skipString(text, &index)
                for next in start..<index { buffer.append(text[next]) }
            default:
                buffer.append(byte)
                index += 1
            }
        }
    }

    /// Appends the first `count` bytes of a literal, without the reference counting of an array.
    @inline(__always)
    static func append(_ literal: StaticString, count: Int, to buffer: inout [UInt8]) {
        literal.withUTF8Buffer { buffer.append(contentsOf: $0.prefix(count)) }
    }

    /// Appends a literal, without the reference counting of an array.
    @inline(__always)
    static func append(_ literal: StaticString, to buffer: inout [UInt8]) {
        literal.withUTF8Buffer { buffer.append(contentsOf: $0) }
    }

    /// The whole number that a decimal text spells, if it is one within 64 bits; `3.00` and `3e2` are whole numbers.
    public static func wholeNumber(_ text: Span<UInt8>) -> Int64? { JSONNumber.wholeNumber(text) }

    /// Whether `text` holds `literal` at `offset`.
    @inline(__always)
    static func starts(_ text: Span<UInt8>, at offset: Int, with literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard offset >= 0, text.count - offset >= count else { return false }
        return literal.withUTF8Buffer { expected in
            for index in 0..<count where text[offset + index] != expected[index] { return false }
            return true
        }
    }

    /// Whether `text` is `literal` and nothing else.
    @inline(__always)
    static func equal(_ text: Span<UInt8>, _ literal: StaticString) -> Bool {
        text.count == literal.utf8CodeUnitCount && starts(text, at: 0, with: literal)
    }

    @inline(__always)
    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(of byte: UInt8, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        case 0..<0x20:
            buffer.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 0xF] {
                buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default: buffer.append(byte)
        }
    }
}
