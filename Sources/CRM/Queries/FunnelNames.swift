import EventLog

/// The stages, pipelines, owners and whatever else has a name, numbered as they come up.
///
/// A name is known by its bytes as they stand between the quotes of a JSON string: equal names have equal bytes.
struct FunnelNames {
    /// The number of no name.
    static let none: Int32 = -1

    /// A short name as two words.
    private struct Short {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var length = -1
        var number = FunnelNames.none
    }

    private static let shortBytesMax = 16
    private static let recentBits: UInt64 = 7

    private var table = SubjectTable()
    /// Names met lately, each at the one place its bytes give it: a handful of names is asked for again and again.
    private var recent = [Short](repeating: Short(), count: 1 << Int(recentBits))

    /// How many there are.
    var count: Int { table.count }

    /// The number of a name as it stands in JSON, new if need be.
    mutating func number(escaped name: Span<UInt8>) -> Int32 {
        let length = name.count
        guard length <= Self.shortBytesMax else { return Int32(truncatingIfNeeded: table.number(of: name)) }
        var short = Short(length: length)
        for index in 0..<min(length, 8) { short.first = short.first << 8 | UInt64(name[index]) }
        for index in min(length, 8)..<length { short.second = short.second << 8 | UInt64(name[index]) }
        let mixed = (short.first &+ short.second &* 31) &* 0x9E37_79B9_7F4A_7C15
        let place = Int(truncatingIfNeeded: mixed >> (64 - Self.recentBits))
        let known = recent[place]
        if known.first == short.first, known.second == short.second, known.length == length { return known.number }
        short.number = Int32(truncatingIfNeeded: table.number(of: name))
        recent[place] = short
        return short.number
    }

    /// The number of a name, new if need be.
    mutating func number(_ name: String) -> Int32 {
        var escaped: [UInt8] = []
        JSONText.appendEscaped(name, to: &escaped)
        return number(escaped: escaped.span)
    }

    /// The name; nil for `none`.
    func text(_ number: Int32) -> String? {
        number < 0 ? nil : table.withBytes(Int(number)) { JSONText.decodedString($0) }
    }
}
