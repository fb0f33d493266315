/// Reads little-endian numbers and variable-length integers out of bytes that may be garbage.
///
/// Every read is checked against the bounds. After the first read that does not fit, `failed` is set, and that read and
/// all later ones return zeros: so a decoder checks once, at the end of a stretch. Unsafe: `bytes` must stay valid as
/// long as the reader is used; readers never leave the closure that lends the bytes.
struct ByteReader {
    private let base: UnsafeRawPointer
    private(set) var position: Int
    let end: Int
    private(set) var failed = false

    init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.baseAddress ?? Self.fallback
        position = 0
        end = bytes.count
    }

    /// Stands for the address of no bytes; never read.
    private nonisolated(unsafe) static let fallback = UnsafeRawPointer(
        UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    /// How many bytes are left.
    var remaining: Int { end - position }

    /// Marks what was read as wrong.
    mutating func fail() {
        failed = true
        position = end
    }

    @inline(__always)
    private mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
        guard remaining >= MemoryLayout<Value>.size else {
            fail()
            return 0
        }
        let value = Value(littleEndian: base.loadUnaligned(fromByteOffset: position, as: Value.self))
        position += MemoryLayout<Value>.size
        return value
    }

    mutating func u8() -> UInt8 { fixed(UInt8.self) }
    mutating func u16() -> UInt16 { fixed(UInt16.self) }
    mutating func u32() -> UInt32 { fixed(UInt32.self) }
    mutating func u64() -> UInt64 { fixed(UInt64.self) }
    mutating func i64() -> Int64 { fixed(Int64.self) }

    /// The next `count` bytes.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else {
            fail()
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        defer { position += count }
        return UnsafeRawBufferPointer(start: base + position, count: count)
    }

    /// An unsigned integer, seven bits a byte, low bits first, at most ten bytes.
    @inline(__always)
    mutating func varint() -> UInt64 {
        guard position < end else {
            fail()
            return 0
        }
        let first = base.load(fromByteOffset: position, as: UInt8.self)
        if first < 0x80 {
            position += 1
            return UInt64(first)
        }
        return longVarint()
    }

    private mutating func longVarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            position += 1
            // The tenth byte holds one bit only.
            if shift == 63 && byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { break }
        }
        fail()
        return 0
    }

    /// A signed integer as a zigzag varint.
    mutating func signedVarint() -> Int64 { Int64(zigzag: varint()) }

    /// A varint that must not be over `max`.
    @inline(__always)
    mutating func varint(max: Int) -> Int {
        let value = varint()
        guard value <= UInt64(max) else {
            fail()
            return 0
        }
        return Int(value)
    }
}

extension Int64 {
    /// 0, -1, 1, -2 … from 0, 1, 2, 3 ….
    init(zigzag value: UInt64) {
        self = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// 0, 1, 2, 3 … from 0, -1, 1, -2 ….
    var zigzag: UInt64 { UInt64(bitPattern: (self << 1) ^ (self >> 63)) }
}

extension [UInt8] {
    /// Appends an integer in little-endian order.
    @inline(__always)
    mutating func append<Value: FixedWidthInteger>(integer value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends an unsigned integer, seven bits a byte, low bits first.
    @inline(__always)
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a signed integer as a zigzag varint.
    mutating func append(signedVarint value: Int64) { append(varint: value.zigzag) }

    /// Overwrites four bytes.
    mutating func store(u32 value: UInt32, at offset: Int) {
        for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
    }
}
