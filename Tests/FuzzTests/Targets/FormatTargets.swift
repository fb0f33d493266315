import SystemPackage

@testable import EventLog

// The pieces of a segment file, each past its checksum: the harness puts the right one in before it decodes.

extension FuzzTarget {
    /// A batch's directory: what is decoded lies within the lines, and is encoded and decoded to the same.
    package static let directory = FuzzTarget(
        name: "directory", bytesMax: 2_048,
        check: { bytes in
            var frame = bytes
            guard frame.count >= BatchDirectory.fixedBytes else { return }
            Mend.directory(&frame, at: 0, length: frame.count)
            guard
                let directory = frame.withUnsafeBytes({ BatchDirectory.decode($0, logID: SeedLog.logID) })
            else { return }
            try checkDirectory(directory)
        },
        seeds: { lines in
            let content = try SeedLog.contents(lines)
            return try content.map { content in
                let bytes = try SeedLog.encoded(content, level: .fast).bytes
                let head = bytes.withUnsafeBytes { BatchDirectory.decodeHead($0, logID: SeedLog.logID) }
                return Array(bytes.prefix(head?.directoryBytes ?? 0))
            }
        })

    /// LZ4 frames and blocks: never more than was asked for, and a decoder that has failed decodes the next frame.
    package static let frame = FuzzTarget(
        name: "frame", bytesMax: 4_096,
        check: { bytes in
            var input = FuzzInput(bytes)
            let rawLength = Int(input.number(UInt32.self) % (1 << 20))
            let body = Array(input.rest)
            let decoder = LZ4Decoder()
            for _ in 0..<2 {
                let lines = body.withUnsafeBytes { LineFrame.decompress($0, rawLength: rawLength, using: decoder) }
                try require(lines.map { $0.count == rawLength } ?? true, "a frame gives what was asked for")
                try checkFrame(body, decoder)
            }
            try checkBlocks(body, rawLength)
            let block = body.withUnsafeBytes { LineFrame.decompressBlock($0, rawLength: rawLength) }
            try require(block.map { $0.count == rawLength } ?? true, "a block gives what was asked for")
            for level in [LineFrame.Level.fast, .high(4)] {
                guard let block = LineFrame.compressBlock(body, level: level) else { continue }
                let plain = block.withUnsafeBytes { LineFrame.decompressBlock($0, rawLength: body.count) }
                try require(plain == body, "a block gives back what it holds")
            }
        },
        seeds: { lines in
            let text = lines.sent.prefix(6).joined(separator: [0x0A])
            let plain = Array(text)
            var seeds: [[UInt8]] = []
            for level in [LineFrame.Level.fast, .high(4)] {
                var frame: [UInt8] = []
                frame.append(integer: UInt32(plain.count))
                guard plain.withUnsafeBytes({ LineFrame.compress($0, level: level, into: &frame) }) else { continue }
                seeds.append(frame)
                guard let block = LineFrame.compressBlock(plain, level: level) else { continue }
                var seed: [UInt8] = []
                seed.append(integer: UInt32(plain.count))
                seeds.append(seed + block)
            }
            // Enough for a frame of two blocks.
            let long = Array(repeatElement(plain, count: LineFrame.blockRawBytes / max(1, plain.count) + 2).joined())
            var frame: [UInt8] = []
            frame.append(integer: UInt32(long.count))
            if long.withUnsafeBytes({ LineFrame.compress($0, level: .fast, into: &frame) }) { seeds.append(frame) }
            return seeds
        })

    /// A segment's header: what is decoded is encoded and decoded to the same.
    package static let header = FuzzTarget(
        name: "header", bytesMax: 160,
        check: { bytes in
            _ = SegmentHeader.decode(bytes)
            var mended = bytes
            Mend.header(&mended, at: 0)
            guard case .header(let header) = SegmentHeader.decode(mended) else { return }
            try require(SegmentHeader.decode(header.encoded()) == .header(header), "a header is read as it was written")
        },
        seeds: { _ in
            [
                SegmentHeader(
                    identity: LogIdentity(bytes: SeedLog.logID), features: LogFeatures(optional: 1), firstSequence: 0,
                    lineage: [UInt8](repeating: 0, count: 32), recordedFloor: Instant(microseconds: .min)
                ).encoded()
            ]
        })

    /// A footer with its sections: the frame table, the types, and the postings of subjects.
    package static let footer = FuzzTarget(
        name: "footer", bytesMax: 4_096,
        check: { bytes in
            var input = FuzzInput(bytes)
            let hashes = [input.number(UInt64.self), 0, UInt64.max]
            let start = Int(input.number(UInt32.self) % (1 << 16))
            var file = [UInt8](repeating: 0, count: max(start, SegmentHeader.frameBytes)) + input.rest
            Mend.footer(&file, at: max(start, SegmentHeader.frameBytes))
            let files = MemoryFiles()
            let path = FilePath("/footer")
            files.put(file, at: path)
            let open = try files.open(path, .read)
            guard let footer = try SegmentFooter.read(open, logID: SeedLog.logID) else { return }
            try checkFooter(footer, open, hashes)
        },
        seeds: { lines in
            try SeedLog.segments(lines).compactMap { segment in
                guard let start = Mend.footerStart(segment) else { return nil }
                var seed: [UInt8] = []
                seed.append(integer: SeedLog.someSubjectHash(lines))
                seed.append(integer: UInt32(start))
                return seed + segment[start...]
            }
        })

    // MARK: Properties

    private static func checkDirectory(_ directory: BatchDirectory) throws {
        let head = directory.head
        try require(directory.entries.count == head.count && !directory.types.isEmpty, "there is an entry an event")
        try require(Int(directory.entries.last?.lineEnd ?? 0) + 1 == head.rawLength, "the lines fill the frame")
        if head.rawLength <= 1 << 20 {
            var lines = [UInt8](repeating: UInt8(ascii: "\\"), count: head.rawLength)
            for entry in directory.entries { lines[Int(entry.lineEnd)] = UInt8(ascii: "\n") }
            try require(directory.matches(lines), "lines that end where they should match")
            let content = BatchContent(directory: directory, lines: lines)
            for index in directory.entries.indices.prefix(64) {
                let event = content.event(index)
                _ = (event.data.kind, event.id, content.subjectText(index), content.keys(index, KeyedHash(logID: [])))
            }
        }
        try checkEncoded(directory)
    }

    /// Only what `encode` may be given: times that do not run backwards, and types that are text.
    private static func checkEncoded(_ directory: BatchDirectory) throws {
        let head = directory.head
        let times = TimeRange(directory.entries)
        var last = directory.entries[0].recordedTime
        for entry in directory.entries {
            guard entry.recordedTime >= last else { return }
            last = entry.recordedTime
        }
        guard times.maxTime.microseconds.subtractingReportingOverflow(times.minTime.microseconds).overflow == false,
            last.microseconds.subtractingReportingOverflow(times.minRecorded.microseconds).overflow == false
        else { return }
        for level in [LineFrame.Level.fast, .high(4)] {
            var bytes: [UInt8] = []
            [1, 2, 3].withUnsafeBytes { frame in
                BatchDirectory.encode(
                    entries: directory.entries, types: directory.types.map { Array($0.utf8) },
                    firstSequence: head.firstSequence, rawLength: head.rawLength, frame: frame,
                    logID: SeedLog.logID, level: level, into: &bytes)
            }
            let again = bytes.withUnsafeBytes { BatchDirectory.decode($0, logID: SeedLog.logID) }
            try require(again?.entries == directory.entries, "entries are read as they were written")
            try require(again?.types == directory.types, "types are read as they were written")
        }
    }

    private static func checkFrame(_ lines: [UInt8], _ decoder: LZ4Decoder) throws {
        guard !lines.isEmpty else { return }
        var frame: [UInt8] = []
        guard lines.withUnsafeBytes({ LineFrame.compress($0, level: .fast, into: &frame) }) else {
            throw Broken("lines can be compressed")
        }
        let again = frame.withUnsafeBytes { LineFrame.decompress($0, rawLength: lines.count, using: decoder) }
        try require(again == lines, "a decoder that was used before decodes a good frame")
    }

    private static func checkBlocks(_ frame: [UInt8], _ rawLength: Int) throws {
        guard let blocks = frame.withUnsafeBytes({ FrameBlocks($0, rawLength: rawLength) }) else { return }
        for block in 0..<blocks.count {
            var bytes = Array(frame[blocks.range(of: block)])
            let lines = blocks.decompress(block, bytes)
            let count = blocks.lines(of: block).count
            try require(lines.map { $0.count == count } ?? true, "a block of a frame gives what it should")
            bytes[bytes.count / 2] ^= 1
            try require(blocks.decompress(block, bytes) == nil, "a block that has changed is noticed")
        }
    }

    private static func checkFooter(_ footer: SegmentFooter, _ file: any OpenFile, _ hashes: [UInt64]) throws {
        let isWhole = try footer.isWhole(in: file)
        guard let tally = try footer.loadTally(from: file) else {
            return try require(!isWhole, "without its frame table a footer is not whole")
        }
        try require(tally.endSequence == footer.endSequence, "the spans have the footer's events")
        try require(tally.endOffset == footer.offset, "the spans fill the file up to the footer")
        for index in [0, tally.spans.count / 2, tally.spans.count - 1] {
            try require(tally.spanIndex(of: tally.spans[index].firstSequence) == index, "a span holds its first event")
        }
        guard let section = footer.section(SegmentFooter.Name.subjects) else { return }
        for hash in hashes {
            let found = try SubjectPostings.find(
                hash, segment: footer.firstSequence, spanCount: tally.spans.count, section: section, file: file)
            guard case .entries(let entries) = found else { continue }
            for entry in entries {
                try require(entry.spans.allSatisfy { tally.spans.indices.contains($0) }, "postings name spans")
            }
        }
        _ = try SubjectPostings.previousSegments(
            section: section, file: file, segment: footer.firstSequence, spanCount: tally.spans.count)
    }
}
