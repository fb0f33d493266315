import Crypto
import SystemPackage

/// All that one segment's file holds, stretch by stretch: what is whole, what can be derived, what cannot be read.
struct SegmentSurvey {
    /// A stretch of the file.
    enum Piece {
        /// A batch that checks; its directory without the entries.
        case batch(offset: UInt64, BatchDirectory)
        /// A batch whose lines are proven and whose directory is derived.
        case mended(MendedBatch)
        case gap(Gap)
    }

    /// Events that cannot be read.
    struct Gap {
        var sequences: Range<UInt64>
        var offset: UInt64
        var bytes: UInt64
        var structure: LogStructure
        /// The directory, if only the frame is damaged.
        var directory: BatchDirectory?
        /// When it was accepted; nil = not yet.
        var accepted: Instant?
    }

    let first: UInt64
    let file: any OpenFile
    let identity: LogIdentity
    /// The header as it is read; nil = damaged.
    let header: SegmentHeader?
    /// The footer, if all of it checks.
    let footer: SegmentFooter?
    /// Whether it is the last one and has no footer.
    let isActive: Bool
    private(set) var pieces: [Piece] = []
    /// The sequence after the last event that is there or should be.
    private(set) var end: UInt64
    /// Where the batches end.
    private(set) var endOffset = UInt64(SegmentHeader.frameBytes)
    /// SHA-256 of the last line; nil if it cannot be read or there is none.
    private(set) var lastLineHash: [UInt8]?
    /// The last `recordedtime` that can be read.
    private(set) var lastRecorded: Instant?

    /// Surveys a file.
    ///
    /// - Parameters:
    ///   - next: the first sequence of the next segment; nil = this is the last one.
    ///   - head: the durable next sequence, as far as it is known.
    ///   - suspects: where directories start that are to be derived although their checksums hold.
    init(
        first: UInt64, next: UInt64?, head: UInt64, suspects: Set<UInt64>, file: any OpenFile, identity: LogIdentity
    ) throws {
        self.first = first
        self.file = file
        self.identity = identity
        if case .header(let found) = SegmentHeader.decode(
            try file.readBytes(at: 0, count: SegmentHeader.frameBytes)), found.firstSequence == first,
            found.identity == identity
        {
            header = found
        } else {
            header = nil
        }
        let footer = try SegmentFooter.read(file, logID: identity.bytes)
        // One that only names its last event rightly still tells how far the segment goes.
        let known = footer?.firstSequence == first ? footer : nil
        self.footer = try known?.isWhole(in: file) ?? false ? known : nil
        isActive = next == nil && known == nil
        end = known?.endSequence ?? next ?? head
        try walk(known, suspects)
    }

    private mutating func walk(_ footer: SegmentFooter?, _ suspects: Set<UInt64>) throws {
        let scanner = SegmentScanner(file: file, identity: identity)
        let accepted = try footer?.loadGaps(from: file) ?? []
        var offset = endOffset
        var next = first
        while true {
            if !isActive, next >= end { break }
            if let gap = accepted.holding(next) {
                add(Gap(gap))
            } else if !suspects.contains(offset), let batch = try batch(at: offset, next, scanner) {
                var light = batch.directory
                light.entries = []
                add(batch.directory, batch.lines, .batch(offset: offset, light))
            } else {
                // Behind what was published a torn batch may stand; with a whole one behind it, it is rot.
                if isActive, next >= end, try scanner.findBatch(from: offset, notBefore: next) == nil { break }
                try addDamage(at: offset, next, footer, scanner)
            }
            offset = endOffset
            next = pieces.last?.endSequence ?? next
        }
        end = max(end, next)
    }

    private func batch(
        at offset: UInt64, _ next: UInt64, _ scanner: SegmentScanner
    ) throws(FileError) -> (directory: BatchDirectory, lines: [UInt8])? {
        guard case .batch(let head) = try scanner.frame(at: offset), head.firstSequence == next,
            let directory = try scanner.directory(at: offset, head), let lines = try scanner.lines(at: offset, head),
            directory.matches(lines)
        else { return nil }
        return (directory, lines)
    }

    private mutating func addDamage(
        at offset: UInt64, _ next: UInt64, _ footer: SegmentFooter?, _ scanner: SegmentScanner
    ) throws {
        if case .batch(let head) = try scanner.frame(at: offset), head.firstSequence == next,
            let directory = try scanner.directory(at: offset, head), try scanner.lines(at: offset, head) == nil
        {
            return add(
                Gap(
                    sequences: next..<head.endSequence, offset: offset, bytes: UInt64(head.totalBytes),
                    structure: .frame, directory: directory))
        }
        let later = try scanner.findBatch(from: offset + 1, notBefore: next + 1)
        let limit = try later?.offset ?? footer?.offset ?? endOfBatches(from: offset)
        var mending = DirectoryMending(scanner: scanner, next: next)
        if let mended = try mending.mend(at: offset, before: limit),
            mended.head.endSequence <= later?.head.firstSequence ?? max(end, mended.head.endSequence)
        {
            return add(mended.directory, mended.lines, .mended(mended))
        }
        let lost = next..<(later?.head.firstSequence ?? max(end, next + 1))
        add(Gap(sequences: lost, offset: offset, bytes: limit - offset, structure: .directory))
    }

    /// Where the batches end that cannot be read: at room made ahead, at what is left of a footer, or with the file.
    private func endOfBatches(from offset: UInt64) throws(FileError) -> UInt64 {
        let size = try file.size()
        var position = offset + 1
        while position < size {
            let piece = try file.readBytes(at: position, count: 1 << 20)
            guard piece.count > 12 else { break }
            let kinds = [FrameFormat.Kind.space, FrameFormat.Kind.footer]
            let found = piece.withUnsafeBytes { bytes in
                (0..<(bytes.count - 12)).first { place in
                    let magic = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian
                    guard magic == FrameFormat.skippableMagic else { return false }
                    return kinds.contains(bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self).littleEndian)
                }
            }
            if let found { return position + UInt64(found) }
            position += UInt64(piece.count - 12)
        }
        return size
    }

    // MARK: Adding

    private mutating func add(_ directory: BatchDirectory, _ lines: [UInt8], _ piece: Piece) {
        pieces.append(piece)
        endOffset = piece.endOffset
        lastRecorded = directory.head.maxRecorded
        if let last = directory.entries.last {
            lastLineHash = Array(SHA256.hash(data: lines[Int(last.lineStart)..<Int(last.lineEnd)]))
        }
    }

    private mutating func add(_ gap: Gap) {
        pieces.append(.gap(gap))
        endOffset = gap.offset + gap.bytes
        lastLineHash = nil
        lastRecorded = gap.directory?.head.maxRecorded ?? lastRecorded
    }

    /// The gaps, oldest first.
    var gaps: [Gap] {
        pieces.compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
    }

    /// The gaps that nobody has accepted.
    var openGaps: [Gap] { gaps.filter { $0.accepted == nil } }

    /// The batches whose directories are derived.
    var mended: [MendedBatch] {
        pieces.compactMap { if case .mended(let batch) = $0 { batch } else { nil } }
    }
}

extension SegmentSurvey.Gap {
    /// A gap that was accepted earlier.
    init(_ gap: SegmentGap) {
        self.init(
            sequences: gap.sequences, offset: gap.offset, bytes: gap.bytes, structure: .frame, accepted: gap.accepted)
    }

    /// Where `verify` says that it is: with a whole directory, at the frame.
    var damageOffset: UInt64 { offset + UInt64(directory?.head.directoryBytes ?? 0) }
}

extension SegmentSurvey.Piece {
    /// The sequence behind it.
    var endSequence: UInt64 {
        switch self {
        case .batch(_, let directory): directory.head.endSequence
        case .mended(let batch): batch.head.endSequence
        case .gap(let gap): gap.sequences.upperBound
        }
    }

    /// Where it ends in the file.
    var endOffset: UInt64 {
        switch self {
        case .batch(let offset, let directory): offset + UInt64(directory.head.totalBytes)
        case .mended(let batch): batch.endOffset
        case .gap(let gap): gap.offset + gap.bytes
        }
    }
}
