/// Steps over JSON text that was validated before, as fast as its bytes allow.
///
/// Every function moves `offset` forward and never beyond the text, whatever the bytes are: on text that is not valid
/// the steps mean nothing, but stay in bounds and end.
enum JSONWalk {
    /// Steps over a string; `offset` is at its opening quote.
    /// - Returns: whether the string holds an escape.
    @inline(__always)
    static func skipString(_ text: Span<UInt8>, _ offset: inout Int) -> Bool {
        var isEscaped = false
        var index = offset + 1
        while true {
            index = ByteScan.firstQuoteOrBackslash(text, from: index)
            guard index < text.count else { break }
            if text[index] == UInt8(ascii: "\"") {
                offset = index + 1
                return isEscaped
            }
            isEscaped = true
            index += 2
        }
        offset = text.count
        return isEscaped
    }

    /// Steps over one value of any kind.
    @inline(__always)
    static func skipValue(_ text: Span<UInt8>, _ offset: inout Int) {
        guard offset < text.count else { return }
        switch text[offset] {
        case UInt8(ascii: "\""): _ = skipString(text, &offset)
        case UInt8(ascii: "{"), UInt8(ascii: "["): skipContainer(text, &offset)
        default:
            offset += 1
            while offset < text.count {
                switch text[offset] {
                case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return
                default: offset += 1
                }
            }
        }
    }

    private static func skipContainer(_ text: Span<UInt8>, _ offset: inout Int) {
        var depth = 0
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: "\""):
                _ = skipString(text, &offset)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            offset += 1
            if depth == 0 { return }
        }
    }

    /// One member of an object: the key between its quotes, and the value.
    struct Member {
        var key: Range<Int>
        var isEscaped: Bool
        var value: Range<Int>
    }

    /// The member that starts at `offset`, which then moves to the next member; `nil` at the object's end.
    ///
    /// For the first member `offset` is 0.
    @inline(__always)
    static func nextMember(_ text: Span<UInt8>, _ offset: inout Int) -> Member? {
        if offset == 0 {
            guard text.count >= 2, text[0] == UInt8(ascii: "{") else { return nil }
            offset = 1
        }
        guard offset < text.count, text[offset] == UInt8(ascii: "\"") else { return nil }
        let keyStart = offset + 1
        let isEscaped = skipString(text, &offset)
        let keyEnd = max(keyStart, offset - 1)
        guard offset < text.count, text[offset] == UInt8(ascii: ":") else { return nil }
        offset += 1
        let valueStart = offset
        skipValue(text, &offset)
        guard offset > valueStart else { return nil }
        let value = valueStart..<offset
        if offset < text.count, text[offset] == UInt8(ascii: ",") { offset += 1 } else { offset = text.count }
        return Member(key: keyStart..<keyEnd, isEscaped: isEscaped, value: value)
    }

    /// The element that starts at `offset`, which then moves to the next one; `nil` at the array's end.
    ///
    /// For the first element `offset` is 0.
    static func nextElement(_ text: Span<UInt8>, _ offset: inout Int) -> Range<Int>? {
        if offset == 0 {
            guard text.count >= 2, text[0] == UInt8(ascii: "["), text[1] != UInt8(ascii: "]") else { return nil }
            offset = 1
        }
        let start = offset
        skipValue(text, &offset)
        guard offset > start else { return nil }
        let element = start..<offset
        if offset < text.count, text[offset] == UInt8(ascii: ",") { offset += 1 } else { offset = text.count }
        return element
    }

    /// Where the value of `key` is in an object; `nil` if there is none or this is no object.
    static func find(_ key: Span<UInt8>, in text: Span<UInt8>) -> Range<Int>? {
        var offset = 0
        while let member = nextMember(text, &offset) {
            if matches(member, key, text) { return member.value }
        }
        return nil
    }

    @inline(__always)
    private static func matches(_ member: Member, _ key: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        if member.isEscaped {
            let decoded = JSONText.decoded(text.extracting(member.key))
            guard decoded.count == key.count else { return false }
            for index in 0..<key.count where decoded[index] != key[index] { return false }
            return true
        }
        guard member.key.count == key.count else { return false }
        for index in 0..<key.count where text[member.key.lowerBound + index] != key[index] { return false }
        return true
    }
}

/// Goes through the members of an object in validated JSON text, without touching any reference count.
///
/// For code that looks at every member of every event; elsewhere `JSONView` is simpler.
public struct JSONCursor: Sendable {
    /// One member of an object, by its place in the text.
    public struct Member: Sendable {
        /// The key between its quotes.
        public let key: Range<Int>
        /// Whether the key holds an escape.
        public let isKeyEscaped: Bool
        /// The value.
        public let value: Range<Int>
    }

    private var offset = 0

    /// A cursor before the first member.
    public init() {}

    /// The next member of the object that is `text`; `nil` at its end, or if it is no object.
    public mutating func next(in text: Span<UInt8>) -> Member? {
        guard let member = JSONWalk.nextMember(text, &offset) else { return nil }
        return Member(key: member.key, isKeyEscaped: member.isEscaped, value: member.value)
    }
}
