/// The sections `types` and `frames`.
enum FrameTable {
    /// Number of types (0 = not given), then each with its length.
    static func encodeTypes(_ tally: SegmentTally) -> [UInt8] {
        var bytes: [UInt8] = []
        let types = tally.typesOverflow ? [] : tally.types
        bytes.append(varint: UInt64(types.count))
        for type in types {
            bytes.append(varint: UInt64(type.utf8.count))
            bytes += Array(type.utf8)
        }
        return bytes
    }

    /// Number of spans and bytes of a type set, then of every span: bytes in the file, count, raw length; least time as
    /// the distance from the span before, length of its range; the same of recordedtime; the type set.
    static func encode(_ tally: SegmentTally) -> [UInt8] {
        var bytes: [UInt8] = []
        let setBytes = tally.typesOverflow ? 0 : (tally.types.count + 7) / 8
        bytes.append(varint: UInt64(tally.spans.count))
        bytes.append(varint: UInt64(setBytes))
        var time: Int64 = 0
        var recorded: Int64 = 0
        for span in tally.spans {
            bytes.append(varint: span.bytes)
            bytes.append(varint: span.count)
            bytes.append(varint: span.rawLength)
            bytes.append(signedVarint: span.times.minTime.microseconds &- time)
            bytes.append(varint: span.times.maxTime.distance(from: span.times.minTime))
            bytes.append(signedVarint: span.times.minRecorded.microseconds &- recorded)
            bytes.append(varint: span.times.maxRecorded.distance(from: span.times.minRecorded))
            time = span.times.minTime.microseconds
            recorded = span.times.minRecorded.microseconds
            for index in 0..<setBytes { bytes.append(index < span.types.bytes.count ? span.types.bytes[index] : 0) }
        }
        return bytes
    }

    static func decode(types: [UInt8], frames: [UInt8], footer: SegmentFooter) -> SegmentTally? {
        guard let names = decodeTypes(types) else { return nil }
        let spans = frames.withUnsafeBytes { decodeSpans($0, typeCount: names.count, footer: footer) }
        guard let spans else { return nil }
        return SegmentTally(
            firstSequence: footer.firstSequence, spans: spans, types: names, typesOverflow: names.isEmpty)
    }

    private static func decodeTypes(_ bytes: [UInt8]) -> [String]? {
        bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            let count = reader.varint(max: SegmentTally.typesMax)
            var types: [String] = []
            for _ in 0..<count {
                types.append(String(decoding: reader.bytes(reader.varint(max: buffer.count)), as: UTF8.self))
                if reader.failed { return nil }
            }
            return reader.failed ? nil : types
        }
    }

    private static func decodeSpans(
        _ bytes: UnsafeRawBufferPointer, typeCount: Int, footer: SegmentFooter
    ) -> [SegmentSpan]? {
        var reader = ByteReader(bytes)
        // Checked before memory is taken: a span takes a byte for each of its numbers at least.
        let count = reader.varint(max: bytes.count / 7)
        let setBytes = reader.varint(max: (typeCount + 7) / 8)
        guard !reader.failed, count > 0 else { return nil }
        var spans: [SegmentSpan] = []
        spans.reserveCapacity(count)
        var offset = UInt64(SegmentHeader.frameBytes)
        var sequence = footer.firstSequence
        var time: Int64 = 0
        var recorded: Int64 = 0
        var rawLength: UInt64 = 0
        for _ in 0..<count {
            var span = SegmentSpan(
                offset: offset, bytes: reader.varint(), firstSequence: sequence, count: reader.varint(),
                rawLength: reader.varint(), times: TimeRange(), types: TypeSet())
            time = time &+ reader.signedVarint()
            span.times.minTime = Instant(microseconds: time)
            span.times.maxTime = Instant(microseconds: time &+ Int64(bitPattern: reader.varint()))
            recorded = recorded &+ reader.signedVarint()
            span.times.minRecorded = Instant(microseconds: recorded)
            span.times.maxRecorded = Instant(microseconds: recorded &+ Int64(bitPattern: reader.varint()))
            span.types.bytes = Array(reader.bytes(setBytes))
            guard !reader.failed, span.count > 0, span.count <= footer.endSequence - sequence, span.bytes > 0,
                span.bytes <= footer.offset - offset, span.rawLength <= footer.rawLength - rawLength
            else { return nil }
            rawLength += span.rawLength
            offset += span.bytes
            sequence += span.count
            spans.append(span)
        }
        return reader.remaining == 0 && sequence == footer.endSequence && offset == footer.offset ? spans : nil
    }
}

extension Instant {
    /// Microseconds since an instant that is not later.
    fileprivate func distance(from earlier: Instant) -> UInt64 {
        UInt64(bitPattern: microseconds &- earlier.microseconds)
    }
}
