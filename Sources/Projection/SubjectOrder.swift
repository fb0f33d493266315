import EventLog

/// The order of subjects: that of their bytes.
enum SubjectOrder {
    /// The first eight bytes as a number that has their order; zeros where there are fewer.
    static func prefix(_ subject: Span<UInt8>) -> UInt64 {
        var prefix: UInt64 = 0
        for index in 0..<min(8, subject.count) { prefix |= UInt64(subject[index]) << UInt64(56 - 8 * index) }
        return prefix
    }

    /// Less than zero if the left one comes first, 0 if they are the same.
    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }

    /// The numbers of a table's subjects in their order.
    static func ranked(_ subjects: SubjectTable) -> [UInt32] {
        var keys = (0..<subjects.count).map { number in
            (prefix: subjects.withBytes(number, prefix), number: UInt32(number))
        }
        keys.sort { left, right in
            if left.prefix != right.prefix { return left.prefix < right.prefix }
            return subjects.withBytes(Int(left.number)) { one in
                subjects.withBytes(Int(right.number)) { other in compare(one, other) < 0 }
            }
        }
        return keys.map(\.number)
    }
}
