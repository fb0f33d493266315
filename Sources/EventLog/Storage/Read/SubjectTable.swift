import CKernel

/// Subjects numbered 0, 1, 2 … as they come up, found by a keyed hash of their bytes and compared exactly.
///
/// A look-up touches one slot and one row: subjects of up to 24 bytes stand in their row, longer ones in one array for
/// all of them. The key is made anew for every table: nobody can choose subjects that fill one place of it.
package struct SubjectTable: Sendable {
    /// A subject as three words, zeros where it ends before; a longer one as where its bytes start.
    private struct Row {
        var first: UInt64
        var second: UInt64
        var third: UInt64
        var length: UInt32
        /// The upper half of its hash, which is all that the slots look at.
        var hash: UInt32

        @inline(__always)
        func isSame(_ other: Row) -> Bool {
            first == other.first && second == other.second && third == other.third && length == other.length
        }
    }

    private static let inlineBytesMax = 24

    private let hash = SipHash(.random(in: .min ... .max), .random(in: .min ... .max))
    private var long: [UInt8] = []
    private var rows: [Row] = []
    private var slots = HashSlots()

    /// No subject yet.
    package init() {}

    /// How many there are.
    package var count: Int { rows.count }

    /// How many subjects are looked up side by side.
    private static let groupCount = 16

    /// The numbers of subjects that stand escaped in lines, new where need be: -1 for an empty range.
    ///
    /// A look-up mostly waits for memory. So what several need is asked for before the first of them is finished.
    package mutating func numbers(
        escapedIn lines: Span<UInt8>, count: Int, into numbers: inout [Int], at range: (_ position: Int) -> Range<Int>
    ) {
        numbers.removeAll(keepingCapacity: true)
        var group = InlineArray<16, Row>(repeating: Row(first: 0, second: 0, third: 0, length: 0, hash: 0))
        for start in stride(from: 0, to: count, by: Self.groupCount) {
            let end = min(count, start + Self.groupCount)
            for position in start..<end {
                let row = row(of: lines.extracting(range(position)))
                group[position - start] = row
                slots.prefetch(UInt64(row.hash) << 32)
            }
            for place in 0..<(end - start) {
                guard let candidate = slots.candidate(UInt64(group[place].hash) << 32) else { continue }
                rows.withUnsafeBufferPointer { kernel_prefetch($0.baseAddress.map { $0 + candidate }) }
            }
            for position in start..<end {
                let range = range(position)
                if range.isEmpty {
                    numbers.append(-1)
                    continue
                }
                let text = lines.extracting(range)
                if let decoded = Self.decoded(text) {
                    numbers.append(number(of: decoded.span))
                } else {
                    numbers.append(number(of: text, group[position - start]))
                }
            }
        }
    }

    /// The number of a subject, new if need be.
    package mutating func number(of subject: Span<UInt8>) -> Int { number(of: subject, row(of: subject)) }

    @inline(__always)
    private mutating func number(of subject: Span<UInt8>, _ given: Row) -> Int {
        var row = given
        if let number = number(of: row, subject) { return number }
        if subject.count > Self.inlineBytesMax {
            row.first = UInt64(long.count)
            subject.withUnsafeBufferPointer { long.append(contentsOf: $0) }
        }
        if slots.isFull {
            let known = rows
            slots.grow { UInt64(known[$0].hash) << 32 }
        }
        slots.append(UInt64(row.hash) << 32)
        rows.append(row)
        return rows.count - 1
    }

    /// The number of a subject; nil if it has none.
    package func find(_ subject: Span<UInt8>) -> Int? { number(of: row(of: subject), subject) }

    /// The subject as text.
    package func text(_ number: Int) -> String {
        withBytes(number) { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
    }

    /// Hands out a subject's bytes.
    package func withBytes<Result>(_ number: Int, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let row = rows[number]
        if row.length > Self.inlineBytesMax {
            return try body(long.span.extracting(Int(row.first)..<(Int(row.first) + Int(row.length))))
        }
        // The words hold the bytes in their order, and `length` is at most their 24 bytes.
        return try withUnsafeBytes(of: (row.first.littleEndian, row.second.littleEndian, row.third.littleEndian)) {
            try $0.withMemoryRebound(to: UInt8.self) { try body($0.span.extracting(0..<Int(row.length))) }
        }
    }

    /// What a text between the quotes of a JSON string stands for; nil if it stands for itself.
    package static func decoded(_ text: Span<UInt8>) -> [UInt8]? {
        let escape = ByteScan.first(text, from: 0) { ByteScan.equal($0, UInt8(ascii: "\\")) }
        return escape < text.count ? JSONText.decoded(text) : nil
    }

    @inline(__always)
    private func row(of subject: Span<UInt8>) -> Row {
        var row = Row(first: 0, second: 0, third: 0, length: UInt32(truncatingIfNeeded: subject.count), hash: 0)
        var state = SipHash.State(hash)
        if subject.count > Self.inlineBytesMax {
            subject.withUnsafeBytes { state.add($0) }
        } else {
            row.first = ByteScan.word(subject, from: 0)
            state.add(row.first)
            if subject.count > 8 {
                row.second = ByteScan.word(subject, from: 8)
                state.add(row.second)
            }
            if subject.count > 16 {
                row.third = ByteScan.word(subject, from: 16)
                state.add(row.third)
            }
        }
        row.hash = UInt32(truncatingIfNeeded: state.finish() >> 32)
        return row
    }

    @inline(__always)
    private func number(of row: Row, _ subject: Span<UInt8>) -> Int? {
        slots.first(UInt64(row.hash) << 32) { number in
            if subject.count <= Self.inlineBytesMax { return rows[number].isSame(row) }
            return rows[number].length == row.length && rows[number].hash == row.hash
                && withBytes(number) { ByteScan.areEqual($0, subject) }
        }
    }
}
