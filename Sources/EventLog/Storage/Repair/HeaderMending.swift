/// Derives a segment's header.
struct HeaderMending {
    let identity: LogIdentity
    let features: LogFeatures?
    /// What comes before the segment: the hash and the `recordedtime` of the last line; nil if that is not known.
    let before: (lineage: [UInt8], recorded: Instant)?

    /// The header of the segment that starts with `first`, of which `bytes` are left; nil if nothing tells it.
    ///
    /// From what comes before and from the neighbours' features; where these do not tell, by turning back the one bit
    /// without which the header's own checksum holds.
    func header(first: UInt64, _ bytes: [UInt8]) -> SegmentHeader? {
        if let features, first == 0 {
            return SegmentHeader(
                identity: identity, features: features, firstSequence: 0, lineage: [UInt8](repeating: 0, count: 32),
                recordedFloor: Instant(microseconds: .min))
        }
        if let features, let before {
            return SegmentHeader(
                identity: identity, features: features, firstSequence: first, lineage: before.lineage,
                recordedFloor: before.recorded)
        }
        return Self.withOneBitBack(bytes).flatMap {
            $0.firstSequence == first && $0.identity == identity ? $0 : nil
        }
    }

    /// The header that `bytes` are but for one bit.
    ///
    /// Two headers that check differ in more bits than two, so there is no more than one such.
    private static func withOneBitBack(_ bytes: [UInt8]) -> SegmentHeader? {
        guard bytes.count == SegmentHeader.frameBytes else { return nil }
        for bit in 0..<(bytes.count * 8) {
            var turned = bytes
            turned[bit / 8] ^= 1 << UInt8(bit % 8)
            if case .header(let header) = SegmentHeader.decode(turned) { return header }
        }
        return nil
    }
}

/// What a log is known by, when no header can be read: every batch carries it.
enum IdentityFinder {
    /// How far into a file a batch is looked for.
    private static let bytesMax = 4 << 20

    /// The identity in the first directory of the file whose checksum holds; nil if there is none.
    static func identity(in file: any OpenFile) throws(FileError) -> LogIdentity? {
        let bytes = try file.readBytes(at: 0, count: bytesMax)
        var place = 0
        while place + BatchDirectory.fixedBytes <= bytes.count {
            defer { place += 1 }
            guard bytes[place] == UInt8(truncatingIfNeeded: FrameFormat.skippableMagic) else { continue }
            let logID = Array(bytes[(place + 16)..<(place + 32)])
            let isWhole = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[place...])
                return BatchDirectory.decode(rest, logID: logID) != nil
            }
            if isWhole { return LogIdentity(bytes: logID) }
        }
        return nil
    }
}
