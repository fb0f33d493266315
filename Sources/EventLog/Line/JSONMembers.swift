/// Where the members of one object are, found in one pass over its text.
///
/// A plain value beside the text, so it can be no other text's; whoever has none walks the text instead, with the same
/// answers. Objects of more than `countMax` members, of more than 64 KiB, or with an escape in a key have none.
struct JSONMembers: Sendable {
    /// The most members.
    static let countMax = 12

    /// Of each member, where its key starts behind the quote, and in the upper half where its value starts.
    private var places: InlineArray<12, UInt32>
    /// How many members there are.
    private var count: UInt8
    /// Whether the object is described; nothing else holds if not.
    let isKnown: Bool

    /// Nothing known.
    static var unknown: JSONMembers { JSONMembers() }

    private init() {
        places = InlineArray(repeating: 0)
        count = 0
        isKnown = false
    }

    /// The members of the object that `text` is.
    @inline(__always)
    init(of text: Span<UInt8>) {
        var places = InlineArray<12, UInt32>(repeating: 0)
        var count = 0
        var offset = 0
        var isKnown = text.count <= UInt16.max
        while isKnown, let member = JSONWalk.nextMember(text, &offset) {
            isKnown = count < Self.countMax && !member.isEscaped
            guard isKnown else { break }
            places[count] = UInt32(member.key.lowerBound) | UInt32(member.value.lowerBound) << 16
            count += 1
        }
        self.places = places
        self.count = UInt8(count)
        self.isKnown = isKnown
    }

    /// Where the value of `key` is in the text that this was made of.
    @inline(__always)
    func find(_ key: Span<UInt8>, in text: Span<UInt8>) -> Range<Int>? {
        let wanted = ByteScan.word(key, from: 0)
        let mask = key.count < 8 ? (1 as UInt64) << (UInt64(key.count) &* 8) &- 1 : UInt64.max
        for index in 0..<Int(count) {
            let place = places[index]
            let (keyStart, valueStart) = (Int(place & 0xFFFF), Int(place >> 16))
            // Between them stand a quote and a colon.
            guard valueStart &- keyStart == key.count &+ 2, ByteScan.word(text, from: keyStart) & mask == wanted else {
                continue
            }
            if key.count > 8, !isSame(key, text, keyStart) { continue }
            return valueStart..<end(of: index, text)
        }
        return nil
    }

    /// Whether the bytes of the key behind the first eight are those of the text.
    private func isSame(_ key: Span<UInt8>, _ text: Span<UInt8>, _ start: Int) -> Bool {
        ByteScan.areEqual(key.extracting(8..<key.count), text.extracting((start + 8)..<(start + key.count)))
    }

    /// A value ends before the comma and the quote of the next key, the last one before the brace.
    private func end(of index: Int, _ text: Span<UInt8>) -> Int {
        index + 1 < Int(count) ? Int(places[index + 1] & 0xFFFF) - 2 : text.count - 1
    }
}
