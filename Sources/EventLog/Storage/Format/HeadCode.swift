/// How the durable next sequence stands in the head word: its low 48 bits, and above them a check of these.
///
/// The word is stored at once, so a reader never sees half of it; but it is not synced, and what a power loss or rot
/// leaves of it must not be taken for a sequence. One that does not check counts as lost. Any single flipped bit is
/// noticed, and a word of zeros, which a file whose data never came to the disk holds, does not check.
package enum HeadCode {
    /// The largest sequence a word can hold.
    package static let sequenceMax: UInt64 = 1 << 48 - 1

    /// The word of a sequence.
    package static func word(_ sequence: UInt64) -> UInt64 {
        let value = sequence & sequenceMax
        return check(value) << 48 | value
    }

    /// The sequence that a word holds; nil if it does not check.
    package static func sequence(_ word: UInt64) -> UInt64? {
        let value = word & sequenceMax
        return word >> 48 == check(value) ? value : nil
    }

    /// The low half of the CRC-32 of the six bytes, low byte first.
    private static func check(_ value: UInt64) -> UInt64 {
        withUnsafeBytes(of: value.littleEndian) { bytes in
            UInt64(CRC32.checksumByTables(UnsafeRawBufferPointer(rebasing: bytes[..<6])) & 0xFFFF)
        }
    }
}

extension HeadWord {
    /// The durable next sequence; nil if the word does not check.
    var sequence: UInt64? { HeadCode.sequence(load()) }

    /// Makes the sequence known to all readers.
    func publish(next sequence: UInt64) { store(HeadCode.word(sequence)) }
}
