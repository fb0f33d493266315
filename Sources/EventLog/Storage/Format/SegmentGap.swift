/// Events whose bytes are damaged, and that an operator has given up: the bytes stay where they are, and every read of
/// the events says so.
///
/// Recorded in the section `gaps` of the segment's footer.
struct SegmentGap: Sendable, Equatable {
    /// The events.
    var sequences: Range<UInt64>
    /// Where the damaged bytes start in the file.
    var offset: UInt64
    /// How many there are: the next batch, or the footer, follows them.
    var bytes: UInt64
    /// When it was accepted.
    var accepted: Instant

    /// What follows the bytes starts here.
    var endOffset: UInt64 { offset + bytes }
}

/// The section `gaps` of a footer.
///
/// Number of gaps, then of each: how far its first event is past the end of the gap
/// before (the first: past the segment's first event), number of events; how far its bytes start past the end of those
/// before (the first: past the header), number of bytes; when it was accepted (signed). All are varints.
enum GapTable {
    /// More than any segment has.
    private static let countMax = 1 << 20

    static func encode(_ gaps: [SegmentGap], segment first: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(gaps.count))
        var sequence = first
        var offset = UInt64(SegmentHeader.frameBytes)
        for gap in gaps {
            bytes.append(varint: gap.sequences.lowerBound - sequence)
            bytes.append(varint: UInt64(gap.sequences.count))
            bytes.append(varint: gap.offset - offset)
            bytes.append(varint: gap.bytes)
            bytes.append(signedVarint: gap.accepted.microseconds)
            sequence = gap.sequences.upperBound
            offset = gap.endOffset
        }
        return bytes
    }

    /// The gaps of a segment; nil if the bytes are malformed.
    static func decode(_ bytes: [UInt8], footer: SegmentFooter) -> [SegmentGap]? {
        bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            let count = reader.varint(max: countMax)
            var gaps: [SegmentGap] = []
            var sequence = footer.firstSequence
            var offset = UInt64(SegmentHeader.frameBytes)
            for _ in 0..<count {
                let (past, events) = (reader.varint(), reader.varint())
                let (skipped, length) = (reader.varint(), reader.varint())
                let accepted = Instant(microseconds: reader.signedVarint())
                guard !reader.failed, past <= footer.endSequence - sequence, events > 0,
                    events <= footer.endSequence - sequence - past, skipped <= footer.offset - offset,
                    length <= footer.offset - offset - skipped
                else { return nil }
                let first = sequence + past
                gaps.append(
                    SegmentGap(
                        sequences: first..<(first + events), offset: offset + skipped, bytes: length,
                        accepted: accepted))
                sequence = first + events
                offset += skipped + length
            }
            return reader.failed || reader.remaining > 0 ? nil : gaps
        }
    }
}

extension SegmentFooter {
    /// The accepted gaps of the segment; nil if their section does not check.
    func loadGaps(from file: any OpenFile) throws(FileError) -> [SegmentGap]? {
        guard section(Name.gaps) != nil else { return [] }
        guard let bytes = try load(Name.gaps, from: file) else { return nil }
        return GapTable.decode(bytes, footer: self)
    }
}

extension [SegmentGap] {
    /// The gap that holds the event.
    func holding(_ sequence: UInt64) -> SegmentGap? { first { $0.sequences.contains(sequence) } }
}

/// Events that were given up: they cannot be read any more, and an operator has accepted it.
public struct AcceptedGap: Sendable, Equatable {
    /// The events.
    public var sequences: Range<UInt64>
    /// The file that holds their damaged bytes.
    public var path: String
    /// Where in the file these start.
    public var offset: UInt64
    /// When the gap was accepted.
    public var accepted: Instant

    init(_ gap: SegmentGap, path: String) {
        sequences = gap.sequences
        self.path = path
        offset = gap.offset
        accepted = gap.accepted
    }
}
