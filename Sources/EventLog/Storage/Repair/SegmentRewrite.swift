import Crypto
import SystemPackage

/// Writes a segment anew beside the old file: whole batches and damaged bytes copied as they are, directories, header
/// and footer derived where they are damaged; then reads it back and compares all lines.
struct SegmentRewrite {
    let paths: LogPaths
    let files: any FileLayer
    let survey: SegmentSurvey
    let header: SegmentHeader
    /// The gaps that are accepted now, and when.
    let accepting: [Range<UInt64>]
    let now: Instant
    /// Whether the file gets a footer.
    let closes: Bool
    /// The first sequences of the earlier segments.
    let earlier: [UInt64]
    /// The hash that the next segment's header gives to the last line; nil if there is none.
    let nextLineage: [UInt8]?

    private var tally: SegmentTally
    private var gaps: [SegmentGap] = []
    /// The footer's old table, with the lengths as they are now.
    private var keptTally: SegmentTally?
    private var written: UInt64 = 0
    private var lines = SHA256()
    private let events: RecentEvents

    init(
        paths: LogPaths, files: any FileLayer, survey: SegmentSurvey, header: SegmentHeader,
        accepting: [Range<UInt64>], now: Instant, closes: Bool, earlier: [UInt64], nextLineage: [UInt8]?
    ) {
        self.paths = paths
        self.files = files
        self.survey = survey
        self.header = header
        self.accepting = accepting
        self.now = now
        self.closes = closes
        self.earlier = earlier
        self.nextLineage = nextLineage
        tally = SegmentTally(firstSequence: survey.first)
        events = RecentEvents(segment: survey.first, firstSequence: survey.first)
    }

    /// What stands for the hash of the last line after `write`, and the last `recordedtime`.
    private(set) var lastLineHash: [UInt8] = []
    private(set) var lastRecorded = Instant(microseconds: .min)

    /// Writes, syncs and checks the new file under its temporary name.
    ///
    /// - Throws: `LogError`, `FileError`; the old file is untouched.
    mutating func write() throws {
        let temporary = paths.temporarySegment(survey.first)
        let file = try files.open(temporary, .create)
        do {
            keptTally = try survey.gaps.isEmpty ? nil : survey.footer?.loadTally(from: survey.file)
            try append(header.encoded(), to: file)
            for piece in survey.pieces { try copy(piece, to: file) }
            try settleEnd()
            if closes { try append(try footer(), to: file) }
            try file.sync()
            try check(file)
        } catch {
            try? files.unlink(temporary)
            throw error
        }
    }

    private mutating func append(_ bytes: [UInt8], to file: any OpenFile) throws(FileError) {
        try file.writeFully(bytes, at: written)
        written += UInt64(bytes.count)
    }

    // MARK: Pieces

    private mutating func copy(_ piece: SegmentSurvey.Piece, to file: any OpenFile) throws {
        let start = written
        switch piece {
        case .batch(let offset, let directory):
            try copy(offset, UInt64(directory.head.totalBytes), to: file)
            tally.add(directory.head, types: directory.types, at: start)
        case .mended(let batch):
            try append(batch.directoryBytes, to: file)
            try copy(batch.frameOffset, UInt64(batch.head.frameBytes), to: file)
            tally.add(batch.head, types: batch.directory.types, at: start)
            let old = batch.frameOffset - batch.offset
            keptTally?.lengthen(spanOf: batch.head.firstSequence, from: old, to: UInt64(batch.directoryBytes.count))
        case .gap(let gap):
            try copy(gap.offset, gap.bytes, to: file)
            if let directory = gap.directory {
                tally.add(directory.head, types: directory.types, at: start)
            } else {
                tally.addGap(gap.sequences, at: start, bytes: gap.bytes, recorded: lastRecordedSoFar)
            }
            let isAccepted = accepting.contains { $0.contains(gap.sequences.lowerBound) }
            if let accepted = gap.accepted ?? (isAccepted ? now : nil) {
                gaps.append(
                    SegmentGap(sequences: gap.sequences, offset: start, bytes: gap.bytes, accepted: accepted))
            }
        }
    }

    private var lastRecordedSoFar: Instant {
        tally.spans.isEmpty ? header.recordedFloor : tally.times.maxRecorded
    }

    private mutating func copy(_ offset: UInt64, _ count: UInt64, to file: any OpenFile) throws(FileError) {
        var position = offset
        while position < offset + count {
            let piece = try survey.file.readBytes(at: position, count: Int(min(offset + count - position, 1 << 20)))
            guard !piece.isEmpty else {
                throw FileError(operation: "read", path: survey.file.path, number: Errno.ioError.rawValue)
            }
            try append(piece, to: file)
            position += UInt64(piece.count)
        }
    }

    // MARK: Footer

    /// What the next segment's header says of the last line must be what this one's footer says.
    private mutating func settleEnd() throws {
        lastRecorded = keptTally?.times.maxRecorded ?? lastRecordedSoFar
        if let known = survey.lastLineHash ?? survey.footer?.lastLineHash ?? nextLineage {
            lastLineHash = known
        } else if case .gap(let gap)? = survey.pieces.last {
            let kept = SegmentGap(
                sequences: gap.sequences, offset: gap.offset, bytes: gap.bytes, accepted: now)
            lastLineHash = try kept.hash(in: survey.file)
        } else {
            lastLineHash = header.lineage
        }
    }

    private func footer() throws -> [UInt8] {
        let isRepacked = survey.footer?.isRepacked ?? false
        if survey.gaps.isEmpty {
            try fillEvents()
            return SegmentFooter.encode(
                identity: header.identity, tally: tally, lastLineHash: lastLineHash,
                isRepacked: isRepacked, postings: SubjectPostings.encode(events, tally: tally))
        }
        // The old tables know more of the gap than its bytes do.
        guard let old = survey.footer, let keptTally else {
            return SegmentFooter.encode(
                identity: header.identity, tally: tally, lastLineHash: lastLineHash, isRepacked: isRepacked,
                postings: nil, gaps: gaps)
        }
        let postings = try old.section(SegmentFooter.Name.subjects).map {
            try survey.file.readBytes(at: $0.offset, count: Int($0.storedBytes))
        }
        return SegmentFooter.encode(
            identity: header.identity, tally: keptTally, lastLineHash: lastLineHash, isRepacked: isRepacked,
            postings: postings, gaps: gaps)
    }

    private func fillEvents() throws {
        let hash = KeyedHash(logID: header.identity.bytes)
        let scanner = SegmentScanner(file: survey.file, identity: header.identity)
        for piece in survey.pieces {
            switch piece {
            case .batch(let offset, let light):
                guard let directory = try scanner.directory(at: offset, light.head),
                    let lines = try scanner.lines(at: offset, light.head)
                else { throw changed }
                events.add(BatchContent(directory: directory, lines: lines), from: 0, hash)
            case .mended(let batch):
                events.add(BatchContent(directory: batch.directory, lines: batch.lines), from: 0, hash)
            case .gap: return
            }
        }
        let known = try survey.footer?.previousSegments(in: survey.file)
        if let known {
            events.resolve { SubjectPostings.previous(of: $0.hash, in: known) }
        } else {
            try EarlierSegments(paths: paths, files: files, identity: header.identity)
                .resolve(events, among: earlier)
        }
    }

    private var changed: LogError {
        LogError(
            code: .damaged, message: "the file reads differently each time; check the disk, nothing was changed",
            path: survey.file.path.string)
    }

    // MARK: Reading back

    /// Compares the lines of all batches, and the bytes of all gaps, with those of the old file.
    private func check(_ file: any OpenFile) throws {
        guard
            case .header(let written) = SegmentHeader.decode(
                try file.readBytes(at: 0, count: SegmentHeader.frameBytes)), written == header
        else { throw changed }
        let old = SegmentScanner(file: survey.file, identity: header.identity)
        let new = SegmentScanner(file: file, identity: header.identity)
        var offset = UInt64(SegmentHeader.frameBytes)
        for piece in survey.pieces {
            var expected: [UInt8]?
            var count = piece.endOffset
            switch piece {
            case .batch(let place, let directory):
                expected = try old.lines(at: place, directory.head)
                count -= place
            case .mended(let batch):
                expected = batch.lines
                count = UInt64(batch.head.totalBytes)
            case .gap(let gap):
                guard try Self.areEqual(survey.file, gap.offset, file, offset, gap.bytes) else { throw changed }
                offset += gap.bytes
                continue
            }
            guard case .batch(let head) = try new.frame(at: offset), UInt64(head.totalBytes) == count,
                head.endSequence == piece.endSequence, let directory = try new.directory(at: offset, head),
                let lines = try new.lines(at: offset, head), directory.matches(lines), lines == expected
            else { throw changed }
            offset += count
        }
        guard closes else { return }
        let footer = try SegmentFooter.read(file, logID: header.identity.bytes)
        guard let footer, footer.endSequence == survey.end, footer.offset == offset, try footer.isWhole(in: file)
        else { throw changed }
    }

    private static func areEqual(
        _ old: any OpenFile, _ oldOffset: UInt64, _ new: any OpenFile, _ newOffset: UInt64, _ count: UInt64
    ) throws(FileError) -> Bool {
        var done: UInt64 = 0
        while done < count {
            let size = Int(min(count - done, 1 << 20))
            let left = try old.readBytes(at: oldOffset + done, count: size)
            guard !left.isEmpty, try new.readBytes(at: newOffset + done, count: left.count) == left else {
                return false
            }
            done += UInt64(left.count)
        }
        return true
    }
}

extension SegmentTally {
    /// Takes up that a directory of the span that holds the event got another length.
    fileprivate mutating func lengthen(spanOf sequence: UInt64, from old: UInt64, to new: UInt64) {
        guard old != new, let index = spanIndex(of: sequence) else { return }
        var spans = spans
        spans[index].bytes = spans[index].bytes - old + new
        var offset = UInt64(SegmentHeader.frameBytes)
        for index in spans.indices {
            spans[index].offset = offset
            offset += spans[index].bytes
        }
        self = SegmentTally(firstSequence: firstSequence, spans: spans, types: types, typesOverflow: typesOverflow)
    }
}
