/// The section `subjects` of a footer: for every subject, which spans of the segment have it.
///
/// Sorted by the subject's keyed hash and cut into buckets by the hash's top bits, so that one subject is found by
/// reading one entry of the bucket table and one bucket. The head is: bits of a bucket number (one byte), three zeros,
/// number of subjects (32 bits). Then the bucket table: where each bucket starts, counted from the section's start, and
/// one more for the end, 32 bits each. A bucket: its CRC-32, which also covers its number, then entries: how far the
/// top 48 bits of the hash are past the entry before (the first: past zero), number of the subject's last event here,
/// the previous segment that has the subject (0 = none, 1 = not known, else 2 + how far its first sequence is before
/// this segment's), number of spans, and the span numbers, each as the distance from the one before. All are varints.
///
/// Two subjects may share 48 bits; then there are two entries, and the lines decide.
enum SubjectPostings {
    static let headBytes = 8
    /// Subjects of one bucket, about.
    private static let bucketSubjects = 32
    private static let hashBits: UInt64 = 48
    private static let bucketBitsMax = 24
    /// Stands for "some earlier segment may have it, it is not known which".
    static let unknownSegment = UInt64.max - 1

    /// What a segment knows of one subject.
    struct Entry: Sendable, Equatable {
        var version: UInt64
        /// First sequence of the previous segment with the subject; `RecentEvents.none`, or `unknownSegment`.
        var previousSegment: UInt64
        /// Ascending.
        var spans: [Int]
    }

    /// The section for a segment whose every event is in `events`; nil if `events` starts later than the segment.
    static func encode(_ events: RecentEvents, tally: SegmentTally) -> [UInt8]? {
        guard events.firstSequence == tally.firstSequence, events.endSequence == tally.endSequence else { return nil }
        let spansOfRows = spans(of: events, tally)
        let subjects = events.subjects
        let order = subjects.indices.sorted { subjects[$0].hash < subjects[$1].hash }
        var bits = 0
        while bits < bucketBitsMax, subjects.count >> bits > bucketSubjects { bits += 1 }
        var section: [UInt8] = [UInt8(bits), 0, 0, 0]
        section.append(integer: UInt32(subjects.count))
        let tableStart = section.count
        section += [UInt8](repeating: 0, count: ((1 << bits) + 1) * 4)
        var next = 0
        for bucket in 0..<(1 << bits) {
            section.store(u32: UInt32(section.count), at: tableStart + bucket * 4)
            let start = section.count
            section.append(integer: UInt32(0))
            var last: UInt64 = 0
            while next < order.count, self.bucket(of: subjects[order[next]].hash, bits: bits) == bucket {
                let subject = subjects[order[next]]
                let key = subject.hash >> (64 - hashBits)
                section.append(varint: key - last)
                last = key
                append(subject, spans: spansOfRows.spans(order[next]), segment: events.segment, to: &section)
                next += 1
            }
            let checksum = CRC32.checksum(section[(start + 4)...], continuing: seed(bucket))
            section.store(u32: checksum, at: start)
        }
        section.store(u32: UInt32(section.count), at: tableStart + (1 << bits) * 4)
        return section
    }

    private static func append(
        _ subject: SegmentKeys.Subject, spans: ArraySlice<UInt32>, segment: UInt64, to bytes: inout [UInt8]
    ) {
        bytes.append(varint: subject.version)
        switch subject.previousSegment {
        case RecentEvents.none: bytes.append(0)
        case unknownSegment: bytes.append(1)
        case let previous: bytes.append(varint: segment &- previous &+ 2)
        }
        bytes.append(varint: UInt64(spans.count))
        var last: UInt32 = 0
        for span in spans {
            bytes.append(varint: UInt64(span - last))
            last = span
        }
    }

    /// The spans of every row, as one list cut at `starts`.
    private struct RowSpans {
        var starts: [Int]
        var counts: [Int]
        var all: [UInt32]
        func spans(_ row: Int) -> ArraySlice<UInt32> { all[starts[row]..<(starts[row] + counts[row])] }
    }

    private static func spans(of events: RecentEvents, _ tally: SegmentTally) -> RowSpans {
        let rows = events.eventSubjects
        let rowCount = events.subjects.count
        var starts = [Int](repeating: 0, count: rowCount + 1)
        for row in rows where row != .max { starts[Int(row) + 1] += 1 }
        for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
        var counts = [Int](repeating: 0, count: rowCount)
        var all = [UInt32](repeating: 0, count: starts.last ?? 0)
        var position = 0
        for (number, span) in tally.spans.enumerated() {
            for row in rows[position..<(position + Int(span.count))] where row != .max {
                let row = Int(row)
                let place = starts[row] + counts[row]
                // A span is named once, however many of its events are the subject's.
                if counts[row] > 0, all[place - 1] == UInt32(number) { continue }
                all[place] = UInt32(number)
                counts[row] += 1
            }
            position += Int(span.count)
        }
        return RowSpans(starts: starts, counts: counts, all: all)
    }

    private static func bucket(of hash: UInt64, bits: Int) -> Int { bits == 0 ? 0 : Int(hash >> UInt64(64 - bits)) }

    private static func seed(_ bucket: Int) -> UInt32 {
        var bytes: [UInt8] = []
        bytes.append(integer: UInt32(bucket))
        return CRC32.checksum(bytes)
    }

    /// What a lookup found.
    enum Found: Equatable {
        case entries([Entry])
        /// The section is missing or does not check at this place.
        case damaged(String)
    }

    /// The entries that may be of the subject with this hash.
    static func find(
        _ hash: UInt64, segment: UInt64, spanCount: Int, section: SegmentFooter.Section, file: any OpenFile
    ) throws(FileError) -> Found {
        let head = try file.readBytes(at: section.offset, count: headBytes)
        guard head.count == headBytes, CRC32.checksum(head) == section.checksum, head[0] <= bucketBitsMax else {
            return .damaged("head of subjects")
        }
        let number = bucket(of: hash, bits: Int(head[0]))
        let place = try file.readBytes(at: section.offset + UInt64(headBytes + number * 4), count: 8)
        guard place.count == 8 else { return .damaged("bucket table of subjects") }
        let (start, end) = place.withUnsafeBytes {
            (
                UInt64(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))),
                UInt64(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            )
        }
        guard start + 4 <= end, end <= section.storedBytes else { return .damaged("bucket table of subjects") }
        let bytes = try file.readBytes(at: section.offset + start, count: Int(end - start))
        guard bytes.count == Int(end - start), checks(bytes[...], number),
            let entries = decode(bytes, hash: hash, segment: segment, spanCount: spanCount)
        else { return .damaged("bucket \(number) of subjects") }
        return .entries(entries)
    }

    /// The matching entries of a bucket; nil if it is malformed.
    private static func decode(_ bytes: [UInt8], hash: UInt64, segment: UInt64, spanCount: Int) -> [Entry]? {
        var found: [Entry] = []
        let wanted = hash >> (64 - hashBits)
        let isWhole = visit(bytes, segment: segment, spanCount: spanCount) { key, entry in
            if key == wanted { found.append(entry()) }
        }
        return isWhole ? found : nil
    }

    /// Goes through the entries of a bucket; false if it is malformed.
    private static func visit(
        _ bytes: [UInt8], segment: UInt64, spanCount: Int, _ body: (UInt64, () -> Entry) -> Void
    ) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            _ = reader.u32()
            var key: UInt64 = 0
            var steps: [Int] = []
            while reader.remaining > 0 {
                key &+= reader.varint()
                let version = reader.varint()
                let previous = reader.varint()
                let count = reader.varint(max: spanCount)
                steps.removeAll(keepingCapacity: true)
                var span = 0
                for _ in 0..<count {
                    span += reader.varint(max: spanCount)
                    guard span < spanCount, !reader.failed else { return false }
                    steps.append(span)
                }
                if reader.failed { return false }
                body(key) {
                    let previousSegment: UInt64 =
                        switch previous {
                        case 0: RecentEvents.none
                        case 1: unknownSegment
                        default: segment &- (previous - 2)
                        }
                    return Entry(version: version, previousSegment: previousSegment, spans: steps)
                }
            }
            return true
        }
    }

    /// The previous segments of all subjects, by the top bits of the hash; nil if the section cannot be read.
    static func previousSegments(
        section: SegmentFooter.Section, file: any OpenFile, segment: UInt64, spanCount: Int
    ) throws(FileError) -> [UInt64: UInt64]? {
        let bytes = try file.readBytes(at: section.offset, count: Int(section.storedBytes))
        guard bytes.count == Int(section.storedBytes), let buckets = buckets(bytes, section) else { return nil }
        var found: [UInt64: UInt64] = [:]
        for (number, range) in buckets.enumerated() {
            let isWhole =
                checks(bytes[range], number)
                && visit(Array(bytes[range]), segment: segment, spanCount: spanCount) { key, entry in
                    let previous = entry().previousSegment
                    // Two subjects with one key: no telling which is which.
                    found[key] = found[key] == nil || found[key] == previous ? previous : unknownSegment
                }
            guard isWhole else { return nil }
        }
        return found
    }

    /// What a hash is filed under in what `previousSegments` gives.
    static func key(_ hash: UInt64) -> UInt64 { hash >> (64 - hashBits) }

    /// The previous segment of a subject in what `previousSegments` gave.
    static func previous(of hash: UInt64, in known: [UInt64: UInt64]?) -> UInt64 {
        known?[hash >> (64 - hashBits)] ?? unknownSegment
    }

    /// Where the buckets of a whole section are; nil if its head or table is malformed.
    static func buckets(_ bytes: [UInt8], _ section: SegmentFooter.Section) -> [Range<Int>]? {
        guard bytes.count >= headBytes, CRC32.checksum(bytes[..<headBytes]) == section.checksum,
            bytes[0] <= bucketBitsMax, bytes.count >= headBytes + ((1 << Int(bytes[0])) + 1) * 4
        else { return nil }
        return bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            _ = reader.bytes(headBytes)
            var start = Int(reader.u32())
            var ranges: [Range<Int>] = []
            for _ in 0..<(1 << Int(buffer[0])) {
                let end = Int(reader.u32())
                guard start + 4 <= end, end <= buffer.count else { return nil }
                ranges.append(start..<end)
                start = end
            }
            return ranges
        }
    }

    /// Whether a bucket's checksum holds.
    static func checks(_ bucket: ArraySlice<UInt8>, _ number: Int) -> Bool {
        bucket.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
            == CRC32.checksum(bucket.dropFirst(4), continuing: seed(number))
    }
}
