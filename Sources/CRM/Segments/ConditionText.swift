/// The text of a segment's condition, known to be one SQL expression's worth of tokens.
///
/// The condition is put between parentheses into statements of ours. So that it stays there, it may hold no comment, no
/// semicolon and no parenthesis that closes more than was opened; what the expression may do is SQLite's authorizer's
/// to say (`ConditionTable`). `:now` is replaced by the instant as text.
struct ConditionText {
    /// The expression, `:now` replaced.
    private(set) var sql = ""

    /// Longer conditions are refused.
    static let bytesMax = 4_000

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    /// Checks a text.
    ///
    /// - Parameters:
    ///   - now: the instant that `:now` stands for, RFC 3339.
    ///   - columns: the names that text in double quotes may have.
    init(_ text: String, now: String, columns: Set<String>) throws(ConditionFault) {
        bytes = Array(text.utf8)
        guard bytes.count <= Self.bytesMax else {
            throw ConditionFault(
                message: "the condition has \(bytes.count) bytes", mend: "at most \(Self.bytesMax) are taken")
        }
        var isEmpty = true
        while place < bytes.count {
            let start = place
            let byte = bytes[place]
            if !Self.isBlank(byte) { isEmpty = false }
            try take(byte, now: now, columns)
            if place == start { place += 1 }
            if bytes[start] != UInt8(ascii: ":") { sql += String(decoding: bytes[start..<place], as: UTF8.self) }
        }
        guard !isEmpty else {
            throw ConditionFault(message: "the condition is empty", mend: "write one such as tier = 'gold'")
        }
        guard depth == 0 else {
            throw ConditionFault(message: "a parenthesis is not closed", mend: "close it")
        }
    }

    /// Looks at the token at `place` and moves behind it, or not at all if it is one plain byte.
    private mutating func take(_ byte: UInt8, now: String, _ columns: Set<String>) throws(ConditionFault) {
        switch byte {
        case UInt8(ascii: "'"): try takeText()
        case UInt8(ascii: "\""), UInt8(ascii: "`"): try takeName(until: byte, columns)
        case UInt8(ascii: "["): try takeName(until: UInt8(ascii: "]"), columns)
        case UInt8(ascii: "("): depth += 1
        case UInt8(ascii: ")"):
            depth -= 1
            guard depth >= 0 else {
                throw ConditionFault(message: "a parenthesis closes what was never opened", mend: "remove it")
            }
        case UInt8(ascii: ";"):
            throw ConditionFault(
                message: "there is a semicolon", mend: "a condition is one expression, as after WHERE")
        case UInt8(ascii: "-") where next == byte, UInt8(ascii: "/") where next == UInt8(ascii: "*"):
            throw ConditionFault(message: "there is an SQL comment", mend: "write comments in YAML, after #")
        case UInt8(ascii: ":"): try takeParameter(now)
        case UInt8(ascii: "?"), UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "#"):
            throw ConditionFault(message: "there is an unknown parameter", mend: "the only parameter is :now")
        case _ where Self.isWord(byte):
            while place < bytes.count, Self.isWord(bytes[place]) || bytes[place] == UInt8(ascii: "$") { place += 1 }
        case 0..<32 where !Self.isBlank(byte), 127:
            throw ConditionFault(message: "there is a control character", mend: "remove it")
        default: break
        }
    }

    private var next: UInt8? { place + 1 < bytes.count ? bytes[place + 1] : nil }

    /// A text in single quotes; a doubled quote is a character of it.
    private mutating func takeText() throws(ConditionFault) {
        let start = place
        try skip(to: UInt8(ascii: "'"))
        let text = String(decoding: bytes[(start + 1)..<(place - 1)], as: UTF8.self)
        let word = text.lowercased().filter { !$0.isWhitespace }
        if word == "now" {
            throw ConditionFault(message: "'now' is not the moment of the answer", mend: "write :now without quotes")
        }
        if word == "localtime" || word == "utc" {
            throw ConditionFault(
                message: "'\(word)' depends on the machine", mend: "all instants are in UTC; leave it out")
        }
    }

    private mutating func takeName(until end: UInt8, _ columns: Set<String>) throws(ConditionFault) {
        let start = place
        try skip(to: end)
        let name = String(decoding: bytes[(start + 1)..<(place - 1)], as: UTF8.self)
        guard columns.contains(name.lowercased()) else {
            throw ConditionFault(
                message: "\(name) is quoted like a column, and there is none",
                mend: "text goes in single quotes: '\(name)'")
        }
    }

    /// Moves behind the quote that ends what begins here.
    private mutating func skip(to end: UInt8) throws(ConditionFault) {
        place += 1
        while place < bytes.count {
            if bytes[place] == 0 {
                throw ConditionFault(message: "there is a control character", mend: "remove it")
            }
            if bytes[place] == end {
                guard next == end, end != UInt8(ascii: "]") else {
                    place += 1
                    return
                }
                place += 1
            }
            place += 1
        }
        throw ConditionFault(message: "a quote is not closed", mend: "close it")
    }

    private mutating func takeParameter(_ now: String) throws(ConditionFault) {
        let start = place
        place += 1
        while place < bytes.count, Self.isWord(bytes[place]) { place += 1 }
        guard bytes[start..<place].elementsEqual(":now".utf8) else {
            throw ConditionFault(
                message: "there is an unknown parameter \(String(decoding: bytes[start..<place], as: UTF8.self))",
                mend: "the only parameter is :now")
        }
        sql += "'\(now)'"
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
            || byte == UInt8(ascii: "\r")
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
