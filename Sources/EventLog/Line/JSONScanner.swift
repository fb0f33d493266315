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
