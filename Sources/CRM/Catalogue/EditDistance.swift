/// How many letters two words are apart: inserted, left out, changed, or two neighbours swapped.
enum EditDistance {
    /// The distance (optimal string alignment), or `nil` if it is more than `max`.
    static func between<Letter: Equatable>(_ left: [Letter], _ right: [Letter], max: Int) -> Int? {
        guard abs(left.count - right.count) <= max else { return nil }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in 0..<right.count {
                let cost = left[row] == right[column] ? 0 : 1
                var best = min(last[column] + cost, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            guard (current.min() ?? 0) <= max else { return nil }
            (beforeLast, last) = (last, current)
        }
        return last[right.count] <= max ? last[right.count] : nil
    }

    /// A set of the letters of a word.
    ///
    /// Words within two letters differ in at most four members, which rules most words out without comparing them.
    static func letters(_ word: some Sequence<UInt8>) -> UInt64 {
        var set: UInt64 = 0
        for byte in word { set |= 1 << UInt64(byte & 63) }
        return set
    }
}
