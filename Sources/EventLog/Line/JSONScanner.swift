/// What is wrong with a JSON text, and at which byte.
///
/// Small, so that scanning pays nothing for it.
struct JSONFault: Error, Equatable {
    enum Kind: UInt8 {
        case unexpectedEnd, unexpectedByte, expectedKey, expectedColon, expectedCommaOrEnd, badLiteral, badNumber
        case badEscape, controlCharacter, badUTF8, unpairedSurrogate, duplicateKey, tooDeep, trailingText
    }

    var kind: Kind
    /// The offset of the byte that is to blame; the text's length if the text ends too early.
    var offset: Int
}

/// A strict one-pass check of JSON text (RFC 8259) in UTF-8.
///
/// Refused are: everything outside the grammar, bytes that are not UTF-8, `\u` escapes that are half a surrogate pair,
/// a key twice in one object (compared decoded, so `"a"` and `"\u0061"` are the same key), and nesting deeper than
/// `depthMax`. Nothing is allocated for an ordinary event but the scanner's own scratch space, which is reused.
///
/// All `scan…` functions take the offset where their construct starts and leave it behind the construct.
struct JSONScanner {
    /// A key of an object that is still open, by its place between the quotes.
    private struct Key {
        var start: Int
        var end: Int
        /// The key's first bytes and its length: different words, different keys.
        var word: UInt64
    }

    /// Up to this many keys of one object are compared one with another; beyond it, and where keys hold escapes, a
    /// hashed set of the decoded keys takes over, so that no object costs quadratic time.
    private static let comparedKeysMax = 16

    /// How deep objects and arrays may nest.
    let depthMax: Int
    /// Whether insignificant white space was seen since this was last set to false.
    var sawWhitespace = false
    /// The keys of all open objects, outermost first.
    private var keys: [Key] = []

    init(depthMax: Int = Limits.depthMax) {
        self.depthMax = depthMax
        keys.reserveCapacity(48)
    }

    /// Checks that `text` is one JSON value, with white space around it at most.
    mutating func scanDocument(_ text: Span<UInt8>) throws(JSONFault) {
        var offset = 0
        keys.removeAll(keepingCapacity: true)
        sawWhitespace = false
        skipWhitespace(text, &offset)
        try scanValue(text, &offset, depth: 0)
        skipWhitespace(text, &offset)
        guard offset == text.count else { throw JSONFault(kind: .trailingText, offset: offset) }
    }

    /// Forgets the keys of objects left open by an earlier fault.
    mutating func reset() {
        keys.removeAll(keepingCapacity: true)
        sawWhitespace = false
    }

    @inline(__always)
    mutating func skipWhitespace(_ text: Span<UInt8>, _ offset: inout Int) {
        guard offset < text.count, text[offset] <= 0x20 else { return }
        while offset < text.count {
            switch text[offset] {
            case 0x20, 0x09, 0x0A, 0x0D:
                offset += 1
                sawWhitespace = true
            default: return
            }
        }
    }

    /// Scans one value.
    ///
    /// `depth` counts the objects and arrays around it.
    mutating func scanValue(_ text: Span<UInt8>, _ offset: inout Int, depth: Int) throws(JSONFault) {
        guard offset < text.count else { throw JSONFault(kind: .unexpectedEnd, offset: offset) }
        switch text[offset] {
        case UInt8(ascii: "\""): _ = try JSONScanner.scanString(text, &offset)
        case UInt8(ascii: "{"): try scanObject(text, &offset, depth: depth)
        case UInt8(ascii: "["): try scanArray(text, &offset, depth: depth)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try JSONScanner.scanNumber(text, &offset)
        case UInt8(ascii: "t"): try JSONScanner.scanLiteral(text, &offset, "true")
        case UInt8(ascii: "f"): try JSONScanner.scanLiteral(text, &offset, "false")
        case UInt8(ascii: "n"): try JSONScanner.scanLiteral(text, &offset, "null")
        default: throw JSONFault(kind: .unexpectedByte, offset: offset)
        }
    }

    private mutating func scanObject(_ text: Span<UInt8>, _ offset: inout Int, depth: Int) throws(JSONFault) {
        guard depth < depthMax else { throw JSONFault(kind: .tooDeep, offset: offset) }
        var object = openObject()
        offset += 1
        skipWhitespace(text, &offset)
        if offset < text.count, text[offset] == UInt8(ascii: "}") {
            offset += 1
            return
        }
        repeat {
            _ = try scanKey(text, &offset, in: &object)
            try scanValue(text, &offset, depth: depth + 1)
        } while try continues(text, &offset, closing: UInt8(ascii: "}"))
        closeObject(object)
    }

    private mutating func scanArray(_ text: Span<UInt8>, _ offset: inout Int, depth: Int) throws(JSONFault) {
        guard depth < depthMax else { throw JSONFault(kind: .tooDeep, offset: offset) }
        offset += 1
        skipWhitespace(text, &offset)
        if offset < text.count, text[offset] == UInt8(ascii: "]") {
            offset += 1
            return
        }
        repeat {
            skipWhitespace(text, &offset)
            try scanValue(text, &offset, depth: depth + 1)
        } while try continues(text, &offset, closing: UInt8(ascii: "]"))
    }

    /// After a member or an element: true behind a comma, false behind the closing bracket.
    mutating func continues(
        _ text: Span<UInt8>, _ offset: inout Int, closing: UInt8
    ) throws(JSONFault) -> Bool {
        skipWhitespace(text, &offset)
        guard offset < text.count else { throw JSONFault(kind: .unexpectedEnd, offset: offset) }
        let byte = text[offset]
        guard byte == UInt8(ascii: ",") || byte == closing else {
            throw JSONFault(kind: .expectedCommaOrEnd, offset: offset)
        }
        offset += 1
        return byte == UInt8(ascii: ",")
    }
}

// MARK: - Keys

extension JSONScanner {
    /// What the scanner remembers of an open object.
    struct OpenObject {
        /// Where the object's keys start in the scanner's list.
        fileprivate var firstKey: Int
        /// Whether a key so far holds an escape; then all are compared decoded.
        fileprivate var hasEscapedKey = false
        /// The decoded keys, once there are many.
        fileprivate var decoded: Set<[UInt8]>?
    }

    /// A key's place between its quotes.
    struct ScannedKey {
        var start: Int
        var end: Int
        var isEscaped: Bool
    }

    func openObject() -> OpenObject { OpenObject(firstKey: keys.count, decoded: nil) }

    mutating func closeObject(_ object: OpenObject) {
        keys.removeLast(keys.count - object.firstKey)
    }

    /// Scans white space, a key, the colon and white space: up to the start of the value.
    mutating func scanKey(
        _ text: Span<UInt8>, _ offset: inout Int, in object: inout OpenObject
    ) throws(JSONFault) -> ScannedKey {
        skipWhitespace(text, &offset)
        guard offset < text.count else { throw JSONFault(kind: .unexpectedEnd, offset: offset) }
        guard text[offset] == UInt8(ascii: "\"") else { throw JSONFault(kind: .expectedKey, offset: offset) }
        let start = offset + 1
        let isEscaped = try JSONScanner.scanString(text, &offset)
        let end = offset - 1
        let key = Key(start: start, end: end, word: ByteScan.prefix(text, from: start, count: end - start))
        if isEscaped { object.hasEscapedKey = true }
        guard isNew(key, text, in: &object) else { throw JSONFault(kind: .duplicateKey, offset: start - 1) }
        keys.append(key)
        skipWhitespace(text, &offset)
        guard offset < text.count else { throw JSONFault(kind: .unexpectedEnd, offset: offset) }
        guard text[offset] == UInt8(ascii: ":") else { throw JSONFault(kind: .expectedColon, offset: offset) }
        offset += 1
        skipWhitespace(text, &offset)
        return ScannedKey(start: start, end: end, isEscaped: isEscaped)
    }

    @inline(__always)
    private func isNew(_ key: Key, _ text: Span<UInt8>, in object: inout OpenObject) -> Bool {
        guard keys.count - object.firstKey < JSONScanner.comparedKeysMax, !object.hasEscapedKey else {
            return isNewAmongMany(key, text, in: &object)
        }
        for index in object.firstKey..<keys.count where keys[index].word == key.word {
            if same(keys[index], key, text) { return false }
        }
        return true
    }

    private func isNewAmongMany(_ key: Key, _ text: Span<UInt8>, in object: inout OpenObject) -> Bool {
        if object.decoded == nil {
            object.decoded = Set(keys[object.firstKey...].map { decoded($0, text) })
        }
        return object.decoded?.insert(decoded(key, text)).inserted ?? true
    }

    private func same(_ left: Key, _ right: Key, _ text: Span<UInt8>) -> Bool {
        let count = left.end - left.start
        guard count == right.end - right.start else { return false }
        for index in 0..<count where text[left.start + index] != text[right.start + index] { return false }
        return true
    }

    private func decoded(_ key: Key, _ text: Span<UInt8>) -> [UInt8] {
        JSONText.decoded(text.extracting(key.start..<key.end))
    }
}

// MARK: - Strings, numbers, literals

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

    private static func scanLiteral(
        _ text: Span<UInt8>, _ offset: inout Int, _ literal: StaticString
    ) throws(JSONFault) {
        guard JSONText.starts(text, at: offset, with: literal) else {
            throw JSONFault(kind: .badLiteral, offset: offset)
        }
        offset += literal.utf8CodeUnitCount
    }
}
