/// What a directory knows of one event, with offsets into the batch's lines.
package struct EventEntry: Sendable, Equatable {
    /// Where the line starts in the batch's lines.
    package var lineStart: UInt32
    /// Where it ends, before its line feed.
    package var lineEnd: UInt32
    /// Where the subject's text starts, behind the quote, counted from the line's start; 0 = no subject.
    package var subjectOffset: UInt32
    /// The length of the subject's text as escaped in the line.
    package var subjectLength: UInt32
    /// Where the value of `data` starts, counted from the line's start; 0 = no data.
    package var dataOffset: UInt32
    /// The index of the type in the batch's type table.
    package var typeIndex: UInt32
    /// When it happened.
    package var time: Instant
    /// When the log took it.
    package var recordedTime: Instant
}

/// The fixed part of a directory: enough to walk a segment and to skip a batch.
struct BatchHead: Sendable, Equatable {
    /// The length of the skippable frame that is the directory, its prefix included.
    var directoryBytes: Int
    /// The sequence of the first event.
    var firstSequence: UInt64
    /// How many events the batch has, at least 1.
    var count: Int
    /// The length of the lines with their line feeds.
    var rawLength: Int
    /// The length of the LZ4 frame that follows the directory.
    var frameBytes: Int
    /// CRC-32 of that frame.
    var frameChecksum: UInt32
    var minTime: Instant
    var maxTime: Instant
    /// The first event's.
    var minRecorded: Instant
    /// The last event's.
    var maxRecorded: Instant

    /// The sequence after the batch.
    var endSequence: UInt64 { firstSequence + UInt64(count) }
    /// The length of the whole batch.
    var totalBytes: Int { directoryBytes + frameBytes }
}

/// The frame before a batch's lines: lets a replay work without parsing JSON.
///
/// Layout of the content (all numbers little-endian; `LogFormat.md` has it byte by byte): kind, checksum of all that
/// follows, log id, first sequence, count, raw length, frame length, frame checksum, the ranges of time and
/// recordedtime, the number of types, the encoding of the columns, their plain length; then the type table and one
/// column an attribute.
struct BatchDirectory: Sendable {
    /// The fixed part.
    var head: BatchHead
    /// The batch's types, in the order of their first event.
    var types: [String]
    /// One an event.
    var entries: [EventEntry]

    /// Bytes of the fixed part, its frame prefix included.
    static let fixedBytes = FrameFormat.prefixBytes + 88
    /// The most bytes of lines that a batch may hold; a request is at most 8 MiB, and its lines a little more.
    static let rawBytesMax = 64 << 20
    /// The most events.
    static let countMax = 1 << 20
    /// The longest directory.
    static let directoryBytesMax = 64 << 20
    /// The most types.
    static let typesMax = 65_535

    /// Where the parts stand, counted from the frame's start.
    enum Offset {
        static let checksum = 12
        static let checked = 16
        static let logID = 16
    }
}

extension BatchDirectory {
    /// Reads the fixed part out of bytes that start with it; nil if they cannot be one of this log.
    ///
    /// Its checksum is not looked at: only the whole directory can be checked.
    static func decodeHead(_ bytes: UnsafeRawBufferPointer, logID: [UInt8]) -> BatchHead? {
        guard bytes.count >= fixedBytes else { return nil }
        var reader = ByteReader(bytes)
        guard reader.u32() == FrameFormat.skippableMagic else { return nil }
        let content = Int(reader.u32())
        guard reader.u32() == FrameFormat.Kind.directory else { return nil }
        _ = reader.u32()
        guard reader.bytes(16).elementsEqual(logID) else { return nil }
        let head = BatchHead(
            directoryBytes: content + FrameFormat.prefixBytes, firstSequence: reader.u64(), count: Int(reader.u32()),
            rawLength: Int(reader.u32()), frameBytes: Int(reader.u32()), frameChecksum: reader.u32(),
            minTime: Instant(microseconds: reader.i64()), maxTime: Instant(microseconds: reader.i64()),
            minRecorded: Instant(microseconds: reader.i64()), maxRecorded: Instant(microseconds: reader.i64()))
        let isSane =
            head.directoryBytes >= fixedBytes && head.directoryBytes <= directoryBytesMax && head.count > 0
            && head.count <= countMax && head.rawLength > head.count && head.rawLength <= rawBytesMax
            && head.frameBytes > 0 && head.frameBytes <= 2 * rawBytesMax
            && head.firstSequence <= UInt64.max - UInt64(countMax)
        return isSane ? head : nil
    }

    /// Whether the directory's own checksum holds.
    static func checksumHolds(_ directory: UnsafeRawBufferPointer) -> Bool {
        guard directory.count >= fixedBytes else { return false }
        let stored = UInt32(littleEndian: directory.loadUnaligned(fromByteOffset: Offset.checksum, as: UInt32.self))
        return stored == CRC32.checksum(UnsafeRawBufferPointer(rebasing: directory[Offset.checked...]))
    }

    /// Decodes a whole directory frame and checks it; nil if a byte is wrong.
    static func decode(_ bytes: UnsafeRawBufferPointer, logID: [UInt8]) -> BatchDirectory? {
        guard let head = decodeHead(bytes, logID: logID), bytes.count >= head.directoryBytes else { return nil }
        let directory = UnsafeRawBufferPointer(rebasing: bytes[..<head.directoryBytes])
        guard checksumHolds(directory) else { return nil }
        var reader = ByteReader(directory)
        _ = reader.bytes(fixedBytes - 8)
        let typeCount = Int(reader.u16())
        let encoding = reader.u16()
        let plainLength = Int(reader.u32())
        let stored = reader.bytes(reader.remaining)
        guard typeCount > 0, plainLength <= directoryBytesMax else { return nil }
        switch encoding {
        case 0:
            guard stored.count == plainLength else { return nil }
            return decodeColumns(stored, head: head, typeCount: typeCount)
        case 1:
            guard let plain = LineFrame.decompressBlock(stored, rawLength: plainLength) else { return nil }
            return plain.withUnsafeBytes { decodeColumns($0, head: head, typeCount: typeCount) }
        default:
            return nil
        }
    }

    private static func decodeColumns(
        _ plain: UnsafeRawBufferPointer, head: BatchHead, typeCount: Int
    ) -> BatchDirectory? {
        var reader = ByteReader(plain)
        var types: [String] = []
        types.reserveCapacity(typeCount)
        for _ in 0..<typeCount {
            types.append(String(decoding: reader.bytes(reader.varint(max: plain.count)), as: UTF8.self))
            if reader.failed { return nil }
        }
        let blank = EventEntry(
            lineStart: 0, lineEnd: 0, subjectOffset: 0, subjectLength: 0, dataOffset: 0, typeIndex: 0,
            time: head.minTime, recordedTime: head.minRecorded)
        // Every event takes at least one byte a column: checked before memory is taken for `count`.
        guard reader.remaining >= head.count * DirectoryColumns.count else { return nil }
        var entries = [EventEntry](repeating: blank, count: head.count)
        let valid = entries.withUnsafeMutableBufferPointer { buffer in
            DirectoryColumns.decode(&reader, into: buffer, head: head, typeCount: typeCount)
        }
        return valid ? BatchDirectory(head: head, types: types, entries: entries) : nil
    }

    /// The directory frame of a batch whose lines are already compressed.
    static func encode(
        entries: [EventEntry], types: [[UInt8]], firstSequence: UInt64, rawLength: Int, frame: UnsafeRawBufferPointer,
        logID: [UInt8], level: LineFrame.Level, into output: inout [UInt8]
    ) {
        var plain: [UInt8] = []
        plain.reserveCapacity(entries.count * 12 + 64)
        for type in types {
            plain.append(varint: UInt64(type.count))
            plain += type
        }
        DirectoryColumns.encode(entries, into: &plain)
        // Small directories do not shrink, and a batch of one event must not pay for trying.
        let block = plain.count >= 128 ? LineFrame.compressBlock(plain, level: level) : nil
        let stored = block ?? plain
        let times = TimeRange(entries)
        let start = output.count
        output.append(integer: FrameFormat.skippableMagic)
        output.append(integer: UInt32(fixedBytes - FrameFormat.prefixBytes + stored.count))
        output.append(integer: FrameFormat.Kind.directory)
        output.append(integer: UInt32(0))
        output += logID
        output.append(integer: firstSequence)
        output.append(integer: UInt32(entries.count))
        output.append(integer: UInt32(rawLength))
        output.append(integer: UInt32(frame.count))
        output.append(integer: CRC32.checksum(frame))
        output.append(integer: times.minTime.microseconds)
        output.append(integer: times.maxTime.microseconds)
        output.append(integer: times.minRecorded.microseconds)
        output.append(integer: times.maxRecorded.microseconds)
        output.append(integer: UInt16(types.count))
        output.append(integer: UInt16(block == nil ? 0 : 1))
        output.append(integer: UInt32(plain.count))
        output += stored
        let checksum = output.withUnsafeBytes {
            CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[(start + Offset.checked)...]))
        }
        output.store(u32: checksum, at: start + Offset.checksum)
    }
}

/// The ranges of `time` and `recordedtime` over some events.
struct TimeRange: Sendable, Equatable {
    var minTime = Instant(microseconds: .max)
    var maxTime = Instant(microseconds: .min)
    var minRecorded = Instant(microseconds: .max)
    var maxRecorded = Instant(microseconds: .min)

    init() {}

    init(_ entries: [EventEntry]) {
        for entry in entries {
            minTime = min(minTime, entry.time)
            maxTime = max(maxTime, entry.time)
            minRecorded = min(minRecorded, entry.recordedTime)
            maxRecorded = max(maxRecorded, entry.recordedTime)
        }
    }

    mutating func merge(_ other: TimeRange) {
        minTime = min(minTime, other.minTime)
        maxTime = max(maxTime, other.maxTime)
        minRecorded = min(minRecorded, other.minRecorded)
        maxRecorded = max(maxRecorded, other.maxRecorded)
    }
}

extension BatchHead {
    /// The ranges as one value.
    var times: TimeRange {
        var times = TimeRange()
        (times.minTime, times.maxTime) = (minTime, maxTime)
        (times.minRecorded, times.maxRecorded) = (minRecorded, maxRecorded)
        return times
    }
}
