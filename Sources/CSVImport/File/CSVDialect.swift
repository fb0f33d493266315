/// How a file separates its rows into fields.
struct CSVDialect: Equatable, Sendable {
    /// What stands between two fields.
    enum Delimiter: Equatable, Sendable {
        /// One ASCII character.
        case byte(UInt8)
        /// A run of blanks and tabs; those at a line's start and end mean nothing.
        case whitespace
    }

    var delimiter: Delimiter = .byte(UInt8(ascii: ","))
    /// The quote character; `nil`: nothing is quoted.
    var quote: UInt8? = UInt8(ascii: "\"")
    var encoding: TextEncoding = .utf8
}

/// One row: its fields' text, unquoted, back to back.
struct CSVRow {
    /// The physical line on which the row starts, from 1.
    var line = 0
    /// The fields' UTF-8, one after the other.
    var bytes: [UInt8] = []
    /// Where each field ends in `bytes`.
    var ends: [Int] = []

    /// The number of fields.
    var count: Int { ends.count }

    /// Where the field at `index` stands in `bytes`; empty if the row has no such field.
    @inline(__always)
    func range(_ index: Int) -> Range<Int> {
        guard index < ends.count else { return bytes.count..<bytes.count }
        return (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// The UTF-8 of the field at `index`.
    @inline(__always)
    func field(_ index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

    /// The text of the field at `index`.
    func text(_ index: Int) -> String { String(decoding: field(index), as: UTF8.self) }

    /// Whether the field holds nothing but blanks.
    func isEmpty(_ index: Int) -> Bool {
        for position in range(index) where !ASCII.isBlank(bytes[position]) { return false }
        return true
    }
}

/// Bytes with a meaning.
enum ASCII {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// `bytes` without the blanks at either end.
    @inline(__always)
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var (start, end) = (bytes.startIndex, bytes.endIndex)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return bytes[start..<end]
    }
}
