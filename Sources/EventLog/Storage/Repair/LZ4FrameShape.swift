/// Where a standard LZ4 frame ends, and how many bytes it holds, told from its own headers alone.
///
/// For frames whose directory is damaged: nothing is decompressed, nothing is believed beyond the lengths.
struct LZ4FrameShape: Equatable {
    /// The length of the frame.
    let bytes: Int
    /// The length of what it holds.
    let contentBytes: Int

    /// Magic, flags, block descriptor, content size and header checksum, as the log writes them.
    static let headerBytes = 15
    /// The bytes of the magic number.
    static let magic = withUnsafeBytes(of: FrameFormat.lz4Magic.littleEndian) { Array($0) }

    /// The frame that starts with `bytes`; nil if none of the log's does.
    init?(_ buffer: UnsafeRawBufferPointer) {
        var reader = ByteReader(buffer)
        guard reader.u32() == FrameFormat.lz4Magic else { return nil }
        let flags = reader.u8()
        _ = reader.u8()
        // Version 1 with a content size and no dictionary: all that the log writes.
        guard flags >> 6 == 1, flags & 0b1001 == 0b1000 else { return nil }
        let content = reader.u64()
        _ = reader.u8()
        guard content > 0, content <= UInt64(BatchDirectory.rawBytesMax) else { return nil }
        while !reader.failed {
            let size = reader.u32() & 0x7FFF_FFFF
            if size == 0 { break }
            _ = reader.bytes(Int(size) + (flags & 0b1_0000 != 0 ? 4 : 0))
        }
        if flags & 0b100 != 0 { _ = reader.u32() }
        guard !reader.failed else { return nil }
        bytes = reader.position
        contentBytes = Int(content)
    }
}
