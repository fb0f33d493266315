/// Chance that a seed repeats (SplitMix64).
struct Chance {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number that looks like chance, and is the same for the same one.
    static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 to below `end`.
    mutating func below(_ end: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(end)).high) }

    /// 0 to below 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Whether something of this probability happens.
    mutating func happens(_ probability: Double) -> Bool { unit() < probability }

    mutating func pick(_ words: [String]) -> String { words[below(words.count)] }

    mutating func hex(_ digits: Int) -> String {
        let text = String(next() >> UInt64(64 - 4 * digits), radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    mutating func uuid() -> String { "\(hex(8))-\(hex(4))-4\(hex(3))-a\(hex(3))-\(hex(12))" }

    /// Money between two amounts; small sums are more frequent.
    mutating func amount(_ low: Int, _ high: Int) -> String {
        let part = unit()
        let cents = low * 100 + Int(Double((high - low) * 100) * part * part * part)
        return "\(cents / 100).\(padded(cents % 100, 2))"
    }
}

/// Digits with zeros in front.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}
