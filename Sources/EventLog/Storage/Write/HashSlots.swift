import CKernel

/// Finds rows of a table by a 64-bit hash: open addressing with linear probing, four bytes a slot.
///
/// It holds no hashes and no rows, only row numbers, so whoever uses it compares its own rows. With 2^k slots a slot is
/// 0 if it is free, else `tag << k | row + 1`: the top k bits of a hash say where its slot is, and the tag is as many
/// of the bits below as there is room for, so that rows of other hashes are hardly ever looked at. Hashes must be
/// keyed: then nobody can choose keys that fill one place.
///
/// At most two thirds of the slots are used. Rows are numbered 0, 1, 2 … in the order they are added, none is removed.
struct HashSlots {
    private var slots: [UInt32]
    /// k: there are 2^k slots.
    private var bits: UInt32
    /// How many rows it has.
    private(set) var count = 0

    /// The most rows: a row number must fit into a slot.
    static let rowsMax = 1 << 30
    private static let bitsMin: UInt32 = 4

    init() {
        bits = Self.bitsMin
        slots = [UInt32](repeating: 0, count: 1 << Self.bitsMin)
    }

    /// Whether `grow` must come before the next `append`.
    @inline(__always)
    var isFull: Bool { (count + 1) * 3 > slots.count * 2 }

    /// Adds the next row.
    @inline(__always)
    mutating func append(_ hash: UInt64) {
        place(hash, row: count)
        count += 1
    }

    /// The oldest row whose hash may be this and that `matches`; nil if there is none.
    ///
    /// Rows that share a hash come in the order they were added.
    @inline(__always)
    func first(_ hash: UInt64, where matches: (_ row: Int) -> Bool) -> Int? {
        let top = UInt32(truncatingIfNeeded: hash >> 32)
        let mask = slots.count - 1
        let tag = top &<< bits
        let rowMask = UInt32(truncatingIfNeeded: mask)
        var index = Int(top &>> (32 &- bits))
        while slots[index] != 0 {
            let slot = slots[index]
            if slot & ~rowMask == tag {
                let row = Int(slot & rowMask) - 1
                if matches(row) { return row }
            }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Asks for the memory that a look-up of this hash begins with.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        let place = Int(UInt32(truncatingIfNeeded: hash >> 32) &>> (32 &- bits))
        slots.withUnsafeBufferPointer { kernel_prefetch($0.baseAddress.map { $0 + place }) }
    }

    /// The first row that a look-up of this hash may have to compare; nil if its first slot is free.
    @inline(__always)
    func candidate(_ hash: UInt64) -> Int? {
        let slot = slots[Int(UInt32(truncatingIfNeeded: hash >> 32) &>> (32 &- bits))]
        return slot == 0 ? nil : Int(slot & UInt32(truncatingIfNeeded: slots.count - 1)) - 1
    }

    @inline(__always)
    private mutating func place(_ hash: UInt64, row: Int) {
        let top = UInt32(truncatingIfNeeded: hash >> 32)
        let mask = slots.count - 1
        var index = Int(top &>> (32 &- bits))
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = top &<< bits | UInt32(truncatingIfNeeded: row + 1)
    }

    /// Doubles the room; `hashOf` gives the hash of every row.
    @inline(never)
    mutating func grow(_ hashOf: (_ row: Int) -> UInt64) {
        precondition(count < Self.rowsMax, "a segment has too many events for its table")
        bits += 1
        slots = [UInt32](repeating: 0, count: 1 << Int(bits))
        // In their order, so that rows of one hash stay in it.
        for row in 0..<count { place(hashOf(row), row: row) }
    }
}
