/// Walks the frames of one segment file, checking all it reads.
///
/// Reads ahead in pieces, so that many small batches cost few system calls. Used by one thread at a time. What was read
/// ahead may be older than what a writer has written since: so whatever fails to check is read again before it counts.
final class SegmentScanner {
    let file: any OpenFile
    let identity: LogIdentity
    private let decoder = LZ4Decoder()
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0
    /// Where `withLines` decompresses to.
    private var lent: [UInt8] = []
    /// More than this is not kept for the next batch.
    private static let lentBytesMax = 1 << 20

    /// How much is read at once, when going on from piece to piece.
    static let readAheadBytes = 256 << 10
    /// How much is read at first: a look at one event needs no more.
    private static let firstReadBytes = 16 << 10
    private var nextRead = SegmentScanner.firstReadBytes

    init(file: any OpenFile, identity: LogIdentity) {
        self.file = file
        self.identity = identity
    }

    /// What stands at a place of a segment.
    enum Frame {
        /// A batch of this log whose directory's fixed part is sane; nothing is checked yet.
        case batch(BatchHead)
        /// The footer: no batch follows.
        case footer
        /// Room that was made for batches to come.
        case space(UInt64)
        /// The file's end.
        case end
        /// Anything else.
        case invalid
    }

    /// Reads exactly these bytes ahead.
    func prefetch(at offset: UInt64, count: Int) throws(FileError) {
        if offset >= windowStart, offset + UInt64(count) <= windowStart + UInt64(window.count) { return }
        window = try file.readBytes(at: offset, count: count)
        windowStart = offset
        nextRead = Self.firstReadBytes
    }

    /// Forgets what was read ahead.
    func forget() { window.removeAll(keepingCapacity: true) }

    /// Tells what stands at `offset`.
    func frame(at offset: UInt64) throws(FileError) -> Frame {
        let available = try load(at: offset, count: BatchDirectory.fixedBytes)
        if available == 0 { return .end }
        return withWindow(at: offset, count: available) { bytes in
            if let head = BatchDirectory.decodeHead(bytes, logID: identity.bytes) { return .batch(head) }
            var reader = ByteReader(bytes)
            let magic = reader.u32()
            let length = reader.u32()
            let kind = reader.u32()
            guard magic == FrameFormat.skippableMagic, !reader.failed else { return .invalid }
            if kind == FrameFormat.Kind.footer { return .footer }
            if kind == FrameFormat.Kind.space { return .space(UInt64(length) + UInt64(FrameFormat.prefixBytes)) }
            return .invalid
        }
    }

    /// The whole directory of the batch at `offset`; nil if a byte of it is wrong.
    func directory(at offset: UInt64, _ head: BatchHead) throws(FileError) -> BatchDirectory? {
        guard try load(at: offset, count: head.directoryBytes) >= head.directoryBytes else { return nil }
        return withWindow(at: offset, count: head.directoryBytes) {
            BatchDirectory.decode($0, logID: identity.bytes)
        }
    }

    /// The lines of the batch whose directory stands at `offset`; nil if a byte of them is wrong.
    func lines(at offset: UInt64, _ head: BatchHead) throws(FileError) -> [UInt8]? {
        let start = offset + UInt64(head.directoryBytes)
        guard try load(at: start, count: head.frameBytes) >= head.frameBytes else { return nil }
        return withWindow(at: start, count: head.frameBytes) { frame in
            guard CRC32.checksum(frame) == head.frameChecksum else { return nil }
            return LineFrame.decompress(frame, rawLength: head.rawLength, using: decoder)
        }
    }

    /// Lends the lines of the batch whose directory stands at `offset`, in memory that the next call uses again; false
    /// without a call if a byte of them is wrong.
    func withLines(
        at offset: UInt64, _ head: BatchHead, _ body: (Span<UInt8>) -> Bool
    ) throws(FileError) -> Bool {
        let start = offset + UInt64(head.directoryBytes)
        guard try load(at: start, count: head.frameBytes) >= head.frameBytes else { return false }
        if lent.count < head.rawLength { lent = [UInt8](repeating: 0, count: head.rawLength) }
        defer { if lent.count > Self.lentBytesMax { lent = [] } }
        let isDecoded = withWindow(at: start, count: head.frameBytes) { frame in
            CRC32.checksum(frame) == head.frameChecksum
                && lent.withUnsafeMutableBytes { decoder.decode(frame, into: $0, rawLength: head.rawLength) }
        }
        guard isDecoded else { return false }
        let lines = lent.span
        return body(lines.extracting(0..<head.rawLength))
    }

    /// Decompresses the lines of the batch at `offset` into memory of at least `rawLength` bytes, unchecked.
    func decompress(at offset: UInt64, _ head: BatchHead, into lines: inout [UInt8]) throws(FileError) -> Bool {
        let start = offset + UInt64(head.directoryBytes)
        guard lines.count >= head.rawLength, try load(at: start, count: head.frameBytes) >= head.frameBytes else {
            return false
        }
        return withWindow(at: start, count: head.frameBytes) { frame in
            lines.withUnsafeMutableBytes { decoder.decode(frame, into: $0, rawLength: head.rawLength) }
        }
    }

    /// Where the blocks of the lines of the batch at `offset` are; nil if they are one block.
    func blocks(at offset: UInt64, _ head: BatchHead) throws(FileError) -> FrameBlocks? {
        guard head.rawLength > LineFrame.blockRawBytes else { return nil }
        let start = offset + UInt64(head.directoryBytes)
        guard try load(at: start, count: head.frameBytes) >= head.frameBytes else { return nil }
        return withWindow(at: start, count: head.frameBytes) { FrameBlocks($0, rawLength: head.rawLength) }
    }

    /// Whether the bytes of the batch at `offset` check, without decompressing them.
    func checks(at offset: UInt64, _ head: BatchHead) throws(FileError) -> Bool {
        guard try load(at: offset, count: head.totalBytes) >= head.totalBytes else { return false }
        return withWindow(at: offset, count: head.totalBytes) { bytes in
            let directory = UnsafeRawBufferPointer(rebasing: bytes[..<head.directoryBytes])
            let frame = UnsafeRawBufferPointer(rebasing: bytes[head.directoryBytes...])
            return BatchDirectory.checksumHolds(directory) && CRC32.checksum(frame) == head.frameChecksum
        }
    }

    /// The bytes at a place of the file, as many as there are up to `count`.
    func bytes(at offset: UInt64, count: Int) throws(FileError) -> [UInt8] {
        let available = try load(at: offset, count: count)
        return withWindow(at: offset, count: available) { Array($0) }
    }

    /// Makes sure that the window holds `count` bytes at `offset`; returns how many of them the file has.
    private func load(at offset: UInt64, count: Int) throws(FileError) -> Int {
        if offset >= windowStart, offset - windowStart <= UInt64(window.count) {
            let held = window.count - Int(offset - windowStart)
            if held >= count { return count }
        }
        let isSequential = offset >= windowStart && offset - windowStart <= UInt64(window.count)
        nextRead = isSequential ? min(nextRead * 2, Self.readAheadBytes) : Self.firstReadBytes
        var wanted = max(count, nextRead)
        if wanted > Self.readAheadBytes {
            // No head is checked yet: what a damaged one says may be far more than there is.
            let size = try file.size()
            wanted = size > offset ? min(wanted, Int(clamping: size - offset)) : 0
        }
        window = try file.readBytes(at: offset, count: wanted)
        windowStart = offset
        return min(window.count, count)
    }

    private func withWindow<Result>(at offset: UInt64, count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result
    {
        window.withUnsafeBytes { buffer in
            let start = Int(offset - windowStart)
            return body(UnsafeRawBufferPointer(rebasing: buffer[start..<(start + count)]))
        }
    }
}
