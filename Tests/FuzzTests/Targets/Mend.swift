@testable import EventLog

/// Puts right what a fuzzer cannot guess, checksums, log ids, magic numbers and lengths, so that the code behind those
/// checks is reached; everything else stays as it is.
enum Mend {
    /// A segment's header.
    static func header(_ bytes: inout [UInt8], at start: Int) {
        guard bytes.count >= start + SegmentHeader.frameBytes else { return }
        store(FrameFormat.skippableMagic, &bytes, start)
        store(UInt32(SegmentHeader.contentBytes), &bytes, start + 4)
        store(FrameFormat.Kind.header, &bytes, start + 8)
        bytes.replaceSubrange((start + 32)..<(start + 48), with: SeedLog.logID)
        store(CRC32.checksum(bytes[(start + 8)..<(start + 100)]), &bytes, start + 100)
    }

    /// A directory of this length.
    static func directory(_ bytes: inout [UInt8], at start: Int, length: Int) {
        guard length >= BatchDirectory.fixedBytes, bytes.count >= start + length else { return }
        store(FrameFormat.skippableMagic, &bytes, start)
        store(UInt32(length - FrameFormat.prefixBytes), &bytes, start + 4)
        store(FrameFormat.Kind.directory, &bytes, start + 8)
        bytes.replaceSubrange((start + 16)..<(start + 32), with: SeedLog.logID)
        store(CRC32.checksum(bytes[(start + 16)..<(start + length)]), &bytes, start + 12)
    }

    /// A footer from `start` to the end of the file.
    static func footer(_ bytes: inout [UInt8], at start: Int) {
        let total = bytes.count - start
        guard total >= SegmentFooter.fixedBytes + SegmentFooter.trailerBytes else { return }
        let trailer = bytes.count - SegmentFooter.trailerBytes
        store(UInt32(truncatingIfNeeded: total), &bytes, trailer)
        store(UInt32(0), &bytes, trailer + 4)
        bytes.replaceSubrange((trailer + 8)..., with: SegmentFooter.trailerMagic)
        store(FrameFormat.skippableMagic, &bytes, start)
        store(UInt32(total - FrameFormat.prefixBytes), &bytes, start + 4)
        store(FrameFormat.Kind.footer, &bytes, start + 8)
        bytes.replaceSubrange((start + 16)..<(start + 32), with: SeedLog.logID)
        store(UInt32(start), &bytes, start + 56)
        store(UInt32(0), &bytes, start + 60)
        let count = Int(load(bytes, start + 128))
        let tableEnd = start + SegmentFooter.fixedBytes + count * SegmentFooter.sectionEntryBytes
        guard count <= SegmentFooter.sectionsMax, tableEnd <= trailer else { return }
        for index in 0..<count {
            section(&bytes, start + SegmentFooter.fixedBytes + index * SegmentFooter.sectionEntryBytes)
        }
        store(CRC32.checksum(bytes[(start + 16)..<tableEnd]), &bytes, start + 12)
    }

    /// The checksum of the section that an entry of the table names, and those of its buckets.
    private static func section(_ bytes: inout [UInt8], _ entry: Int) {
        let start = Int(load(bytes, entry + 16))
        let length = Int(load(bytes, entry + 24))
        guard load(bytes, entry + 20) == 0, load(bytes, entry + 28) == 0, start + length <= bytes.count else { return }
        let isSubjects = bytes[entry..<(entry + 8)].elementsEqual(Array("subjects".utf8))
        if isSubjects { buckets(&bytes, start..<(start + length)) }
        let checked = isSubjects ? min(length, SubjectPostings.headBytes) : length
        store(CRC32.checksum(bytes[start..<(start + checked)]), &bytes, entry + 12)
    }

    private static func buckets(_ bytes: inout [UInt8], _ section: Range<Int>) {
        guard section.count >= SubjectPostings.headBytes else { return }
        let bits = Int(bytes[section.lowerBound])
        let table = section.lowerBound + SubjectPostings.headBytes
        guard bits <= 12, section.count >= SubjectPostings.headBytes + ((1 << bits) + 1) * 4 else { return }
        for number in 0..<(1 << bits) {
            let start = section.lowerBound + Int(load(bytes, table + number * 4))
            let end = section.lowerBound + Int(load(bytes, table + number * 4 + 4))
            guard start + 4 <= end, end <= section.upperBound else { continue }
            var seed: [UInt8] = []
            seed.append(integer: UInt32(number))
            let checksum = CRC32.checksum(bytes[(start + 4)..<end], continuing: CRC32.checksum(seed))
            store(checksum, &bytes, start)
        }
    }

    /// A whole segment: its header, every batch that can be walked to, and the footer that the trailer leads to.
    static func segment(_ bytes: inout [UInt8]) {
        header(&bytes, at: 0)
        var place = SegmentHeader.frameBytes
        while place + BatchDirectory.fixedBytes <= bytes.count, load(bytes, place) == FrameFormat.skippableMagic,
            load(bytes, place + 8) == FrameFormat.Kind.directory
        {
            let length = Int(load(bytes, place + 4)) + FrameFormat.prefixBytes
            let frame = Int(load(bytes, place + 48))
            guard length >= BatchDirectory.fixedBytes, place + length + frame <= bytes.count else { break }
            store(CRC32.checksum(bytes[(place + length)..<(place + length + frame)]), &bytes, place + 52)
            directory(&bytes, at: place, length: length)
            place += length + frame
        }
        if let start = footerStart(bytes) { footer(&bytes, at: start) }
    }

    /// Where the trailer says that the footer starts.
    static func footerStart(_ bytes: [UInt8]) -> Int? {
        let trailer = bytes.count - SegmentFooter.trailerBytes
        guard trailer > SegmentHeader.frameBytes, bytes[(trailer + 8)...].elementsEqual(SegmentFooter.trailerMagic)
        else { return nil }
        let total = Int(load(bytes, trailer))
        guard total <= bytes.count - SegmentHeader.frameBytes else { return nil }
        return bytes.count - total
    }

    // MARK: Numbers

    static func store(_ value: UInt32, _ bytes: inout [UInt8], _ place: Int) {
        guard place + 4 <= bytes.count else { return }
        bytes.store(u32: value, at: place)
    }

    static func load(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        guard place >= 0, place + 4 <= bytes.count else { return 0 }
        return (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
    }
}
