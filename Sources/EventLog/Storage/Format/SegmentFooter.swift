/// The last frame of a closed segment: what a reader wants to know without walking the batches.
///
/// Everything in it is derived from the lines. A fixed part, a table of named sections, the sections, and a trailer by
/// which the footer is found from the file's end. A reader skips sections whose name it does not know.
struct SegmentFooter: Sendable, Equatable {
    var identity: [UInt8]
    var firstSequence: UInt64
    var count: UInt64
    /// The length of all lines with their line feeds.
    var rawLength: UInt64
    /// Where the footer starts: the end of the last batch.
    var offset: UInt64
    var times: TimeRange
    /// SHA-256 of the last line, without its line feed.
    var lastLineHash: [UInt8]
    var isRepacked: Bool
    var sections: [Section]

    /// One entry of the table of sections.
    struct Section: Sendable, Equatable {
        var name: String
        /// 0 = as it is; 1 = one LZ4 block.
        var encoding: UInt32
        /// CRC-32 of the stored bytes; for `subjects` of its head only, whose buckets have their own.
        var checksum: UInt32
        /// Counted from the start of the file.
        var offset: UInt64
        var storedBytes: UInt64
        var plainBytes: UInt64
    }

    /// The sequence after the last event.
    var endSequence: UInt64 { firstSequence + count }

    /// The names of the sections that this program writes.
    enum Name {
        static let types = "types"
        static let frames = "frames"
        static let subjects = "subjects"
        /// Only in a segment with an accepted gap.
        static let gaps = "gaps"
    }

    static let trailerBytes = 16
    static let trailerMagic = Array("TLSEGEND".utf8)
    static let fixedBytes = FrameFormat.prefixBytes + 128
    static let sectionEntryBytes = 40
    static let nameBytes = 8
    static let sectionsMax = 64
    /// The longest footer; a skippable frame's length has 32 bits.
    static let bytesMax: UInt64 = 1 << 31
    /// The longest section that is ever taken into memory whole.
    static let loadedSectionBytesMax: UInt64 = 64 << 20
    /// The segment's frames have their final size.
    private static let repackedFlag: UInt32 = 1
}

// MARK: Writing

extension SegmentFooter {
    /// The footer of the segment that `tally` sums up.
    static func encode(
        identity: LogIdentity, tally: SegmentTally, lastLineHash: [UInt8], isRepacked: Bool, postings: [UInt8]?,
        gaps: [SegmentGap] = []
    ) -> [UInt8] {
        var parts: [(name: String, encoding: UInt32, checked: Int, stored: [UInt8], plainBytes: Int)] = []
        for (name, plain) in [(Name.types, FrameTable.encodeTypes(tally)), (Name.frames, FrameTable.encode(tally))] {
            let block = LineFrame.compressBlock(plain, level: .high(4))
            let stored = block ?? plain
            parts.append((name, block == nil ? 0 : 1, stored.count, stored, plain.count))
        }
        if let postings {
            parts.append((Name.subjects, 0, SubjectPostings.headBytes, postings, postings.count))
        }
        if !gaps.isEmpty {
            let table = GapTable.encode(gaps, segment: tally.firstSequence)
            parts.append((Name.gaps, 0, table.count, table, table.count))
        }
        let tableEnd = fixedBytes + parts.count * sectionEntryBytes
        let total = tableEnd + parts.reduce(0) { $0 + $1.stored.count } + trailerBytes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        bytes.append(integer: FrameFormat.skippableMagic)
        bytes.append(integer: UInt32(total - FrameFormat.prefixBytes))
        bytes.append(integer: FrameFormat.Kind.footer)
        bytes.append(integer: UInt32(0))
        bytes += identity.bytes
        bytes.append(integer: tally.firstSequence)
        bytes.append(integer: tally.count)
        bytes.append(integer: tally.rawLength)
        bytes.append(integer: tally.endOffset)
        for instant in [tally.times.minTime, tally.times.maxTime, tally.times.minRecorded, tally.times.maxRecorded] {
            bytes.append(integer: instant.microseconds)
        }
        bytes += lastLineHash
        bytes.append(integer: UInt32(parts.count))
        bytes.append(integer: isRepacked ? repackedFlag : 0)
        var next = tally.endOffset + UInt64(tableEnd)
        for part in parts {
            bytes += Array(part.name.utf8) + [UInt8](repeating: 0, count: nameBytes - part.name.utf8.count)
            bytes.append(integer: part.encoding)
            bytes.append(integer: CRC32.checksum(part.stored[..<part.checked]))
            bytes.append(integer: next)
            bytes.append(integer: UInt64(part.stored.count))
            bytes.append(integer: UInt64(part.plainBytes))
            next += UInt64(part.stored.count)
        }
        bytes.store(u32: CRC32.checksum(bytes[(FrameFormat.prefixBytes + 8)...]), at: FrameFormat.prefixBytes + 4)
        for part in parts { bytes += part.stored }
        bytes.append(integer: UInt64(total))
        bytes += trailerMagic
        return bytes
    }
}

// MARK: Reading

extension SegmentFooter {
    /// Reads the footer of a file; nil if it has none that checks.
    static func read(_ file: any OpenFile, logID: [UInt8]) throws(FileError) -> SegmentFooter? {
        let size = try file.size()
        guard size >= UInt64(SegmentHeader.frameBytes + fixedBytes + trailerBytes) else { return nil }
        let trailer = try file.readBytes(at: size - UInt64(trailerBytes), count: trailerBytes)
        guard trailer.count == trailerBytes, trailer[8...].elementsEqual(trailerMagic) else { return nil }
        let total = trailer.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard total <= bytesMax, total >= UInt64(fixedBytes + trailerBytes),
            total <= size - UInt64(SegmentHeader.frameBytes)
        else { return nil }
        let start = size - total
        let fixed = try file.readBytes(at: start, count: min(Int(total), fixedBytes + sectionsMax * sectionEntryBytes))
        return fixed.withUnsafeBytes { decode($0, offset: start, total: total, logID: logID) }
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, offset: UInt64, total: UInt64, logID: [UInt8]
    ) -> SegmentFooter? {
        var reader = ByteReader(bytes)
        guard reader.u32() == FrameFormat.skippableMagic, UInt64(reader.u32()) + 8 == total,
            reader.u32() == FrameFormat.Kind.footer
        else { return nil }
        let checksum = reader.u32()
        guard reader.bytes(16).elementsEqual(logID) else { return nil }
        let first = reader.u64()
        let count = reader.u64()
        let rawLength = reader.u64()
        guard reader.u64() == offset, count > 0, first <= UInt64.max - count else { return nil }
        var times = TimeRange()
        times.minTime = Instant(microseconds: reader.i64())
        times.maxTime = Instant(microseconds: reader.i64())
        times.minRecorded = Instant(microseconds: reader.i64())
        times.maxRecorded = Instant(microseconds: reader.i64())
        let lastLineHash = Array(reader.bytes(32))
        let sectionCount = Int(reader.u32())
        let flags = reader.u32()
        guard !reader.failed, sectionCount <= sectionsMax,
            bytes.count >= fixedBytes + sectionCount * sectionEntryBytes
        else { return nil }
        let end = fixedBytes + sectionCount * sectionEntryBytes
        let checked = UnsafeRawBufferPointer(rebasing: bytes[(FrameFormat.prefixBytes + 8)..<end])
        guard CRC32.checksum(checked) == checksum else { return nil }
        var sections: [Section] = []
        for _ in 0..<sectionCount {
            let name = String(decoding: reader.bytes(nameBytes).prefix { $0 != 0 }, as: UTF8.self)
            let section = Section(
                name: name, encoding: reader.u32(), checksum: reader.u32(), offset: reader.u64(),
                storedBytes: reader.u64(), plainBytes: reader.u64())
            guard section.offset >= offset + UInt64(end), section.storedBytes <= total,
                section.offset <= offset + total - UInt64(trailerBytes) - section.storedBytes
            else { return nil }
            sections.append(section)
        }
        return SegmentFooter(
            identity: logID, firstSequence: first, count: count, rawLength: rawLength, offset: offset, times: times,
            lastLineHash: lastLineHash, isRepacked: flags & repackedFlag != 0, sections: sections)
    }

    /// The section of this name.
    func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// The plain bytes of a section that is taken whole; nil if it is missing or does not check.
    func load(_ name: String, from file: any OpenFile) throws(FileError) -> [UInt8]? {
        guard let section = section(name), section.storedBytes <= Self.loadedSectionBytesMax,
            section.plainBytes <= Self.loadedSectionBytesMax
        else { return nil }
        let stored = try file.readBytes(at: section.offset, count: Int(section.storedBytes))
        guard stored.count == Int(section.storedBytes), CRC32.checksum(stored) == section.checksum else { return nil }
        switch section.encoding {
        case 0: return stored
        case 1: return stored.withUnsafeBytes { LineFrame.decompressBlock($0, rawLength: Int(section.plainBytes)) }
        default: return nil
        }
    }

    /// The frame table; nil if it is missing or does not check.
    func loadTally(from file: any OpenFile) throws(FileError) -> SegmentTally? {
        guard let types = try load(Name.types, from: file), let frames = try load(Name.frames, from: file) else {
            return nil
        }
        return FrameTable.decode(types: types, frames: frames, footer: self)
    }
}

extension SegmentFooter {
    /// Whether every section that this program knows checks in all its parts; `read` looks at the fixed part only.
    func isWhole(in file: any OpenFile) throws(FileError) -> Bool {
        guard try loadTally(from: file) != nil, try loadGaps(from: file) != nil else { return false }
        guard let section = section(Name.subjects) else { return true }
        let bytes = try file.readBytes(at: section.offset, count: Int(section.storedBytes))
        guard bytes.count == Int(section.storedBytes), let buckets = SubjectPostings.buckets(bytes, section) else {
            return false
        }
        return buckets.enumerated().allSatisfy { SubjectPostings.checks(bytes[$1], $0) }
    }
}
