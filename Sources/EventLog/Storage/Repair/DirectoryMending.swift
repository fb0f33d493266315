import SystemPackage

/// A batch whose directory is damaged, and whose lines are proven to be as they were written.
struct MendedBatch {
    /// Where the damaged directory starts.
    let offset: UInt64
    /// Where its frame starts.
    let frameOffset: UInt64
    /// The directory as it is derived from the lines.
    let directoryBytes: [UInt8]
    let directory: BatchDirectory
    let lines: [UInt8]

    var head: BatchHead { directory.head }
    /// Where the batch ends.
    var endOffset: UInt64 { frameOffset + UInt64(head.frameBytes) }
}

/// Derives a directory from the frame behind it.
///
/// The frame counts as unharmed only if a checksum from the time of writing says so: either the frame's own, in what is
/// left of the directory, or the directory's, which must be that of the directory derived from the frame. Beside that
/// it must decompress to lines in the log's own form, with exactly the sequences that are next.
struct DirectoryMending {
    let scanner: SegmentScanner
    let firstSequence: UInt64
    private var parser = EventParser(
        options: EventParser.Options(eventBytesMax: BatchDirectory.rawBytesMax, restore: true))
    private let decoder = LZ4Decoder()

    init(scanner: SegmentScanner, next firstSequence: UInt64) {
        self.scanner = scanner
        self.firstSequence = firstSequence
    }

    /// The batch that starts at `offset`, of which nothing lies at or past `limit`; nil if its lines are not proven.
    mutating func mend(at offset: UInt64, before limit: UInt64) throws(FileError) -> MendedBatch? {
        let bytesMax = UInt64(BatchDirectory.directoryBytesMax + 2 * BatchDirectory.rawBytesMax)
        guard limit > offset, limit - offset <= bytesMax else { return nil }
        let bytes = try scanner.file.readBytes(at: offset, count: Int(limit - offset))
        guard bytes.count > BatchDirectory.fixedBytes else { return nil }
        let magic = LZ4FrameShape.magic
        for place in BatchDirectory.fixedBytes..<bytes.count where bytes[place...].starts(with: magic) {
            if let batch = frame(at: place, in: bytes, offset) { return batch }
        }
        return nil
    }

    private mutating func frame(at place: Int, in bytes: [UInt8], _ offset: UInt64) -> MendedBatch? {
        let shape = bytes.withUnsafeBytes { LZ4FrameShape(UnsafeRawBufferPointer(rebasing: $0[place...])) }
        guard let shape else { return nil }
        let frame = Array(bytes[place..<(place + shape.bytes)])
        let lines = frame.withUnsafeBytes {
            LineFrame.decompress($0, rawLength: shape.contentBytes, using: decoder)
        }
        guard let lines, let (entries, types) = entries(of: lines) else { return nil }
        guard let directoryBytes = prove(entries, types, lines.count, frame, stored: bytes[..<place]),
            let directory = directoryBytes.withUnsafeBytes({
                BatchDirectory.decode($0, logID: scanner.identity.bytes)
            })
        else { return nil }
        return MendedBatch(
            offset: offset, frameOffset: offset + UInt64(place), directoryBytes: directoryBytes, directory: directory,
            lines: lines)
    }

    /// What a directory says of these lines; nil if one of them is not what the log writes here.
    private mutating func entries(of lines: [UInt8]) -> ([EventEntry], [[UInt8]])? {
        var entries: [EventEntry] = []
        var types: [[UInt8]] = []
        var start = 0
        while start < lines.count {
            guard let end = lines[start...].firstIndex(of: UInt8(ascii: "\n")),
                let stored = try? StoredLine(lines[start..<end], parser: &parser),
                stored.event.sequence == firstSequence + UInt64(entries.count)
            else { return nil }
            let rendered = stored.rendered
            let type = Array(stored.draft.type.utf8)
            let typeIndex = types.firstIndex(of: type) ?? types.count
            if typeIndex == types.count { types.append(type) }
            entries.append(
                EventEntry(
                    lineStart: UInt32(start), lineEnd: UInt32(end),
                    subjectOffset: UInt32(rendered.subject?.lowerBound ?? 0),
                    subjectLength: UInt32(rendered.subject?.count ?? 0),
                    dataOffset: UInt32(rendered.dataStart ?? 0), typeIndex: UInt32(typeIndex), time: rendered.time,
                    recordedTime: stored.event.recordedTime))
            start = end + 1
        }
        return entries.isEmpty ? nil : (entries, types)
    }

    /// The derived directory, if a stored checksum proves the frame; of several ways to pack it the one that has the
    /// length of the old one, if there is one.
    private func prove(
        _ entries: [EventEntry], _ types: [[UInt8]], _ rawLength: Int, _ frame: [UInt8], stored: ArraySlice<UInt8>
    ) -> [UInt8]? {
        func word(_ offset: Int) -> UInt32 {
            stored[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        let isFrameProven = word(52) == CRC32.checksum(frame)
        var fitting: [UInt8]?
        for level in [LineFrame.Level.fast, .high(4), .high(3)] + (5...12).map({ .high(Int32($0)) }) {
            var bytes: [UInt8] = []
            frame.withUnsafeBytes { frame in
                BatchDirectory.encode(
                    entries: entries, types: types, firstSequence: firstSequence, rawLength: rawLength, frame: frame,
                    logID: scanner.identity.bytes, level: level, into: &bytes)
            }
            let isDirectoryProven = bytes[12..<16].elementsEqual(stored[12..<16])
            if isDirectoryProven || (isFrameProven && bytes.count == stored.count) { return bytes }
            if isFrameProven, fitting == nil { fitting = bytes }
        }
        return fitting
    }
}
