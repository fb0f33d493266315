/// A stretch of a segment: one batch, or several small ones that follow each other, with ≈ 64 KiB of lines.
///
/// The unit in which a frame table points into a segment: so the table stays small even while batches hold one event.
struct SegmentSpan: Sendable, Equatable {
    /// Where the first batch's directory starts in the file.
    var offset: UInt64
    /// The length of all its batches in the file.
    var bytes: UInt64
    var firstSequence: UInt64
    var count: UInt64
    /// The length of all its lines.
    var rawLength: UInt64
    var times: TimeRange
    /// Bit n = the segment's type n occurs.
    ///
    /// Empty = not known: any type may.
    var types: TypeSet

    /// The sequence after it.
    var endSequence: UInt64 { firstSequence + count }
}

/// A set of indexes into a segment's type table.
struct TypeSet: Sendable, Equatable {
    /// Eight indexes a byte, low bits first.
    var bytes: [UInt8] = []

    func contains(_ index: Int) -> Bool {
        index / 8 < bytes.count && bytes[index / 8] & (1 << UInt8(index % 8)) != 0
    }

    mutating func insert(_ index: Int) {
        while bytes.count <= index / 8 { bytes.append(0) }
        bytes[index / 8] |= 1 << UInt8(index % 8)
    }

    func intersects(_ other: TypeSet) -> Bool {
        zip(bytes, other.bytes).contains { $0 & $1 != 0 }
    }
}

/// What a segment's footer says of its batches, summed up while they are written, walked or derived again.
struct SegmentTally: Sendable, Equatable {
    /// Lines of one span, unless a single batch is larger.
    static let spanRawBytesMax: UInt64 = 64 << 10
    /// With more types than this, a segment's table of types is left out and nothing is skipped by type.
    static let typesMax = 4_096

    let firstSequence: UInt64
    private(set) var spans: [SegmentSpan] = []
    private(set) var types: [String] = []
    private(set) var typesOverflow = false
    private(set) var rawLength: UInt64 = 0
    private(set) var times = TimeRange()
    /// Where the next batch goes in the file.
    private(set) var endOffset = UInt64(SegmentHeader.frameBytes)
    private var typeIndexes: [String: Int] = [:]

    init(firstSequence: UInt64) {
        self.firstSequence = firstSequence
    }

    /// Takes up a table as it was read.
    init(firstSequence: UInt64, spans: [SegmentSpan], types: [String], typesOverflow: Bool) {
        self.firstSequence = firstSequence
        self.spans = spans
        self.types = types
        self.typesOverflow = typesOverflow
        for (index, type) in types.enumerated() { typeIndexes[type] = index }
        for span in spans {
            rawLength += span.rawLength
            times.merge(span.times)
            endOffset += span.bytes
        }
    }

    /// The sequence after the last event.
    var endSequence: UInt64 { spans.last?.endSequence ?? firstSequence }
    /// How many events there are.
    var count: UInt64 { endSequence - firstSequence }

    /// Counts a batch that follows all others, at `offset` if bytes before it cannot be read.
    mutating func add(_ head: BatchHead, types batchTypes: [String], at offset: UInt64? = nil) {
        if let offset { endOffset = offset }
        let batch = SegmentSpan(
            offset: endOffset, bytes: UInt64(head.totalBytes), firstSequence: head.firstSequence,
            count: UInt64(head.count), rawLength: UInt64(head.rawLength), times: head.times, types: set(of: batchTypes))
        if var last = spans.last, last.rawLength > 0, last.rawLength + batch.rawLength <= Self.spanRawBytesMax,
            last.endSequence == batch.firstSequence, last.offset + last.bytes == batch.offset
        {
            last.bytes += batch.bytes
            last.count += batch.count
            last.rawLength += batch.rawLength
            last.times.merge(batch.times)
            for (index, byte) in batch.types.bytes.enumerated() {
                if index < last.types.bytes.count {
                    last.types.bytes[index] |= byte
                } else {
                    last.types.bytes.append(byte)
                }
            }
            spans[spans.count - 1] = last
        } else {
            spans.append(batch)
        }
        endOffset += batch.bytes
        rawLength += batch.rawLength
        times.merge(batch.times)
    }

    /// Counts damaged bytes that stand where batches did: a span of its own, of any type, without lines.
    mutating func addGap(_ sequences: Range<UInt64>, at offset: UInt64, bytes: UInt64, recorded: Instant) {
        var unknown = TimeRange()
        (unknown.minTime, unknown.maxTime) = (recorded, recorded)
        (unknown.minRecorded, unknown.maxRecorded) = (recorded, recorded)
        let anyType = TypeSet(bytes: [UInt8](repeating: 0xFF, count: (Self.typesMax + 7) / 8))
        spans.append(
            SegmentSpan(
                offset: offset, bytes: bytes, firstSequence: sequences.lowerBound, count: UInt64(sequences.count),
                rawLength: 0, times: unknown, types: anyType))
        endOffset = offset + bytes
        times.merge(unknown)
    }

    private mutating func set(of batchTypes: [String]) -> TypeSet {
        var set = TypeSet()
        for type in batchTypes where !typesOverflow {
            if let index = typeIndexes[type] {
                set.insert(index)
            } else if types.count < Self.typesMax {
                typeIndexes[type] = types.count
                set.insert(types.count)
                types.append(type)
            } else {
                typesOverflow = true
            }
        }
        return set
    }

    /// The index of the span that holds the sequence; nil if none does.
    func spanIndex(of sequence: UInt64) -> Int? {
        let index = spans.partitioningIndex { $0.endSequence > sequence }
        return index < spans.count && spans[index].firstSequence <= sequence ? index : nil
    }
}

extension RandomAccessCollection {
    /// The first index whose element fulfils `predicate`, which must be false, then true, over the whole collection.
    func partitioningIndex(where predicate: (Element) throws -> Bool) rethrows -> Index {
        var low = startIndex
        var length = count
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if try predicate(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
