import SystemPackage

/// Goes through the batches of one segment in order, checking everything, and reports what cannot be read.
struct SegmentWalker {
    let scanner: SegmentScanner
    /// Where the next batch should be.
    private(set) var offset: UInt64
    /// Which sequence it should start with.
    private(set) var next: UInt64
    /// The events whose lines are read and checked too, not only directories; nil = all.
    let wanted: Range<UInt64>?
    /// Gaps that were accepted: not looked at again.
    private let gaps: [SegmentGap]

    init(
        scanner: SegmentScanner, offset: UInt64, next: UInt64, lines wanted: Range<UInt64>? = nil,
        gaps: [SegmentGap] = []
    ) {
        self.gaps = gaps
        self.scanner = scanner
        self.offset = offset
        self.next = next
        self.wanted = wanted
    }

    /// What is next in a segment.
    enum Item {
        /// A batch that checks. `lines` is empty if they are not wanted.
        case batch(offset: UInt64, directory: BatchDirectory, lines: [UInt8])
        /// Events that cannot be read.
        case gap(Damage)
    }

    /// The next item; nil once `end` is reached.
    ///
    /// Everything before `end` was once acknowledged, so what is missing before it is damage.
    mutating func nextItem(before end: UInt64) throws(FileError) -> Item? {
        guard next < end else { return nil }
        if let gap = gaps.holding(next) {
            offset = gap.endOffset
            next = gap.sequences.upperBound
            return .gap(Damage(gap, path: scanner.file.path.string))
        }
        if let item = try batch() { return item }
        // What was read ahead may be older than what is there now.
        scanner.forget()
        if let item = try batch() { return item }
        return .gap(try skipDamage(before: end))
    }

    private mutating func batch() throws(FileError) -> Item? {
        guard case .batch(let head) = try scanner.frame(at: offset), head.firstSequence == next,
            let directory = try scanner.directory(at: offset, head)
        else { return nil }
        var lines: [UInt8] = []
        if wanted?.overlaps(head.firstSequence..<head.endSequence) ?? true {
            guard let read = try scanner.lines(at: offset, head), directory.matches(read) else { return nil }
            lines = read
        }
        defer {
            offset += UInt64(head.totalBytes)
            next = head.endSequence
        }
        return .batch(offset: offset, directory: directory, lines: lines)
    }

    private mutating func skipDamage(before end: UInt64) throws(FileError) -> Damage {
        let start = next
        let place = offset
        let path = scanner.file.path.string
        if case .batch(let head) = try scanner.frame(at: offset), head.firstSequence == next,
            try scanner.directory(at: offset, head) != nil
        {
            offset += UInt64(head.totalBytes)
            next = head.endSequence
            return Damage(
                path: path, offset: place + UInt64(head.directoryBytes), structure: .frame, sequences: start..<next,
                message: "the compressed lines do not match their checksum")
        }
        if let found = try scanner.findBatch(from: offset + 1, notBefore: next + 1) {
            offset = found.offset
            next = found.head.firstSequence
        } else {
            next = end
        }
        let isShort = try scanner.file.size() <= place
        return Damage(
            path: path, offset: place, structure: .directory, sequences: start..<next,
            message: isShort ? "the file ends too early" : "the batch directory does not match its checksum or place")
    }
}

/// Something on disk that is not what was written.
struct Damage: Error, Equatable, Sendable {
    var path: String
    var offset: UInt64
    var structure: LogStructure
    /// The events that cannot be read because of it; nil if all can.
    var sequences: Range<UInt64>?
    var message: String
    /// When the damage was accepted as a gap; nil = it was not.
    var accepted: Instant?

    init(
        path: String, offset: UInt64, structure: LogStructure, sequences: Range<UInt64>?, message: String
    ) {
        self.path = path
        self.offset = offset
        self.structure = structure
        self.sequences = sequences
        self.message = message
    }

    /// Damage that was accepted.
    init(_ gap: SegmentGap, path: String) {
        self.init(
            path: path, offset: gap.offset, structure: .frame, sequences: gap.sequences,
            message:
                "events \(gap.sequences.lowerBound) to \(gap.sequences.upperBound - 1) are a gap: they were damaged, "
                + "and the gap was accepted at \(gap.accepted.rfc3339); go on behind it, --from \(gap.sequences.upperBound)"
        )
        accepted = gap.accepted
    }

    /// As an error for callers.
    var error: LogError {
        if accepted != nil {
            return LogError(code: .gap, message: message, path: path, offset: offset, sequences: sequences)
        }
        let range = sequences.map { ", events \($0.lowerBound) to \($0.upperBound - 1) cannot be read" } ?? ""
        return LogError(
            code: .damaged,
            message: "\(structure.rawValue): \(message)\(range); run verify, then repair, or restore this file",
            path: path, offset: offset, sequences: sequences)
    }
}

/// The parts of a log's files.
public enum LogStructure: String, Sendable, Codable {
    /// A segment's first frame.
    case header
    /// The frame before a batch's lines.
    case directory
    /// The LZ4 frame of a batch's lines.
    case frame
    /// One event's line.
    case line
    /// A closed segment's last frame.
    case footer
    /// The segment file as a whole.
    case segment
    /// A file of the log-wide index.
    case index
    /// The word with the durable next sequence.
    case head
}

extension BatchDirectory {
    /// Whether every line of the directory ends in a line feed where it says.
    func matches(_ lines: [UInt8]) -> Bool { matches(lines.span) }

    /// Whether every line of the directory ends in a line feed where it says.
    func matches(_ lines: Span<UInt8>) -> Bool {
        guard lines.count == head.rawLength else { return false }
        for entry in entries where lines[Int(entry.lineEnd)] != UInt8(ascii: "\n") { return false }
        return true
    }
}

extension SegmentScanner {
    /// The first batch at or past `start` that is whole, checks, and starts at or past `sequence`; nil if none does.
    func findBatch(
        from start: UInt64, notBefore sequence: UInt64
    ) throws(FileError) -> (offset: UInt64, head: BatchHead)? {
        let pattern = Self.directoryStart
        var position = start
        while true {
            let piece = try bytes(at: position, count: Self.readAheadBytes)
            guard piece.count >= BatchDirectory.fixedBytes else { return nil }
            for index in 0...(piece.count - pattern.count) where piece[index] == pattern[0] {
                guard piece[index + 1] == pattern[1], piece[index + 2] == pattern[2], piece[index + 3] == pattern[3]
                else { continue }
                let offset = position + UInt64(index)
                guard case .batch(let head) = try frame(at: offset), head.firstSequence >= sequence,
                    try checks(at: offset, head)
                else { continue }
                return (offset, head)
            }
            if piece.count < Self.readAheadBytes { return nil }
            // The pattern may lie across the border.
            position += UInt64(piece.count - pattern.count + 1)
        }
    }

    /// The bytes of the magic number that a directory starts with.
    private static let directoryStart = withUnsafeBytes(of: FrameFormat.skippableMagic.littleEndian) { Array($0) }
}
