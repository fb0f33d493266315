/// Where the blocks of a frame are, and the checksum of each: one of them can be read again, checked and decompressed
/// without the others.
///
/// Made from a whole frame that was held against its own checksum. Only of a frame of independent blocks of 64 KiB, as
/// the log writes them.
struct FrameBlocks: Sendable, Equatable {
    /// Where each block's length word is, counted from the frame's start, and where the last block ends.
    private let starts: [UInt32]
    /// CRC-32 of each block with its length word.
    private let checksums: [UInt32]
    /// The bytes of all lines.
    private let rawLength: Int

    /// Bits of the flags that follow the magic number: version 1, independent blocks, content size.
    private static let flags: UInt8 = 0b0110_1000
    /// Blocks of 64 KiB at most.
    private static let descriptor: UInt8 = 4 << 4
    /// The length word before a block; its top bit says that the block is stored as it is.
    private static let lengthBytes = 4
    private static let storedBit: UInt32 = 1 << 31

    /// The blocks of a whole frame; nil if it is of another kind.
    init?(_ frame: UnsafeRawBufferPointer, rawLength: Int) {
        var reader = ByteReader(frame)
        guard reader.u32() == FrameFormat.lz4Magic, reader.u8() == Self.flags, reader.u8() == Self.descriptor else {
            return nil
        }
        _ = reader.bytes(LZ4FrameShape.headerBytes - reader.position)
        var starts: [UInt32] = []
        var checksums: [UInt32] = []
        while !reader.failed {
            let start = reader.position
            starts.append(UInt32(start))
            let size = Int(reader.u32() & ~Self.storedBit)
            if size == 0 { break }
            _ = reader.bytes(size)
            guard !reader.failed else { return nil }
            checksums.append(CRC32.checksum(UnsafeRawBufferPointer(rebasing: frame[start..<reader.position])))
        }
        guard !reader.failed, rawLength > 0,
            checksums.count == (rawLength + LineFrame.blockRawBytes - 1) / LineFrame.blockRawBytes
        else { return nil }
        self.starts = starts
        self.checksums = checksums
        self.rawLength = rawLength
    }

    /// The block that holds a byte of the lines.
    static func index(holding offset: Int) -> Int { offset / LineFrame.blockRawBytes }

    /// How many there are.
    var count: Int { checksums.count }

    /// Where a block is in the frame, with its length word.
    func range(of block: Int) -> Range<Int> { Int(starts[block])..<Int(starts[block + 1]) }

    /// The lines that a block holds, as part of all lines.
    func lines(of block: Int) -> Range<Int> {
        let start = block * LineFrame.blockRawBytes
        return start..<min(rawLength, start + LineFrame.blockRawBytes)
    }

    /// The lines of one block as read from the file again; nil if a byte of it is not what it was.
    func decompress(_ block: Int, _ read: [UInt8]) -> [UInt8]? {
        guard CRC32.checksum(read) == checksums[block] else { return nil }
        let count = lines(of: block).count
        return read.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let isStored = reader.u32() & Self.storedBit != 0
            let body = reader.bytes(reader.remaining)
            guard isStored else { return LineFrame.decompressBlock(body, rawLength: count) }
            return body.count == count ? Array(body) : nil
        }
    }
}
