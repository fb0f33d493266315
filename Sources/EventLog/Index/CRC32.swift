import CKernel

/// The CRC-32 of IEEE 802.3, gzip and PNG (polynomial 0x04C11DB7, reflected), the one checksum of the log's files.
///
/// Any tool can check it: `python3 -c 'import zlib; …zlib.crc32(bytes)'` gives the same value. It is worked out by the
/// processor's carry-less multiplication where there is one, else sixteen bytes at a time from sixteen tables
/// ("slicing by 16").
enum CRC32 {
    /// The checksum of `bytes`.
    ///
    /// With `previous`, the checksum of what had that checksum followed by `bytes`.
    static func checksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
        guard isFast, bytes.count >= 64 else { return checksumByTables(bytes, continuing: previous) }
        let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count & ~15))
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(whole.count))
        let checksum = ~kernel_crc32_update(~previous, whole.baseAddress, whole.count)
        return rest.isEmpty ? checksum : checksumByTables(rest, continuing: checksum)
    }

    /// The same without the processor's help.
    static func checksumByTables(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { ~update(~previous, bytes, $0) }
    }

    private static let isFast = kernel_crc32_is_fast() != 0

    /// The checksum of `bytes`; with `previous`, continued from it.
    static func checksum(_ bytes: ArraySlice<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, continuing: previous) }
    }

    /// The checksum of `bytes`; with `previous`, continued from it.
    static func checksum(_ bytes: [UInt8], continuing previous: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, continuing: previous) }
    }

    /// Row `k` (256 words from `k * 256`) is the effect of a byte that `k` more bytes follow.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<(16 * 256) {
            let value = tables[index - 256]
            tables[index] = (value >> 8) ^ tables[Int(value & 0xFF)]
        }
        return tables
    }()

    /// Unsafe for speed; its invariants: `tables` has 16 × 256 words, every index into it is a row times 256 plus one
    /// byte, and every load lies wholly in `bytes` because the loop leaves fewer than 16 for the last one.
    private static func update(
        _ start: UInt32, _ bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        guard let base = bytes.baseAddress, let table = tables.baseAddress else { return start }
        var value = start
        var offset = 0
        while bytes.count &- offset >= 16 {
            let low = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let high = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            value = eight(low ^ UInt64(value), table + 8 * 256) ^ eight(high, table)
            offset &+= 16
        }
        while offset < bytes.count {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            value = (value >> 8) ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
            offset &+= 1
        }
        return value
    }

    /// The joint effect of eight bytes, the first in the lowest bits; `table` starts at the row of the last of them.
    @inline(__always)
    private static func eight(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
        let front =
            table[7 * 256 &+ Int(word & 0xFF)] ^ table[6 * 256 &+ Int(word >> 8 & 0xFF)]
            ^ table[5 * 256 &+ Int(word >> 16 & 0xFF)] ^ table[4 * 256 &+ Int(word >> 24 & 0xFF)]
        let back =
            table[3 * 256 &+ Int(word >> 32 & 0xFF)] ^ table[2 * 256 &+ Int(word >> 40 & 0xFF)]
            ^ table[256 &+ Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
        return front ^ back
    }
}
