/// Finds the next byte that matters, eight bytes at a time.
///
/// A word of eight bytes is turned into a mask with the high bit set in every byte that may matter. The tricks used
/// are exact for the lowest byte they mark; higher marks may be wrong, and are never looked at. The one unaligned
/// load is checked against the text's end by `RawSpan`.
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The high bit of every byte that is equal to `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highBits
    }

    /// The high bit of every byte below 0x20.
    @inline(__always)
    static func control(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) & ~word & highBits }

    /// The place of the first byte from `start` on that `mask` marks; the text's length if there is none.
    @inline(__always)
    static func first(_ text: Span<UInt8>, from start: Int, _ mask: (UInt64) -> UInt64) -> Int {
        var index = start
        let bytes = text.bytes
        while index + 8 <= text.count {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let marks = mask(word)
            if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < text.count {
            // Padded with letters, which no mask marks.
            if mask(ones &* 0x61 & ~0xFF | UInt64(text[index])) & 0x80 != 0 { return index }
            index += 1
        }
        return index
    }

    /// The next byte inside a JSON string that is not plain ASCII text: a quote, a backslash, a control character, or
    /// a part of a longer character.
    @inline(__always)
    static func firstUnplain(_ text: Span<UInt8>, from start: Int) -> Int {
        first(text, from: start) { word in
            equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) | control(word) | word & highBits
        }
    }

    /// The next quote or backslash.
    @inline(__always)
    static func firstQuoteOrBackslash(_ text: Span<UInt8>, from start: Int) -> Int {
        first(text, from: start) { equal($0, UInt8(ascii: "\"")) | equal($0, UInt8(ascii: "\\")) }
    }

    /// The next byte that must be escaped in a JSON string.
    @inline(__always)
    static func firstEscaped(_ text: Span<UInt8>, from start: Int) -> Int {
        first(text, from: start) { word in
            equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) | control(word)
        }
    }

    /// The next control character, which normalised JSON never holds.
    @inline(__always)
    static func firstControl(_ text: Span<UInt8>, from start: Int) -> Int {
        first(text, from: start) { control($0) }
    }

    /// The next control character (also 0x7F) or part of a longer character.
    @inline(__always)
    static func firstOutsidePrintableASCII(_ text: Span<UInt8>, from start: Int) -> Int {
        first(text, from: start) { control($0) | equal($0, 0x7F) | $0 & highBits }
    }

    /// The eight bytes from `start` on, the first in the lowest bits; zeros behind the text's end.
    @inline(__always)
    static func word(_ text: Span<UInt8>, from start: Int) -> UInt64 {
        if start + 8 <= text.count {
            return UInt64(littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
        var word: UInt64 = 0
        var index = start
        while index < text.count {
            word |= UInt64(text[index]) << (UInt64(index - start) * 8)
            index += 1
        }
        return word
    }

    /// Whether two texts are the same bytes.
    @inline(__always)
    static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var index = 0
        while index + 8 <= left.count {
            let word = left.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word == right.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
            index += 8
        }
        while index < left.count {
            guard left[index] == right[index] else { return false }
            index += 1
        }
        return true
    }

    /// The first up to eight bytes in one word, the length mixed in: equal texts have equal words.
    @inline(__always)
    static func prefix(_ text: Span<UInt8>, from start: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        if start + 8 <= text.count {
            word = UInt64(littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
            if count < 8 { word &= (1 << (UInt64(max(count, 0)) * 8)) - 1 }
        } else {
            for index in 0..<min(count, 8) { word |= UInt64(text[start + index]) << (UInt64(index) * 8) }
        }
        return word ^ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    }
}
