import SystemPackage

/// How the files of a log folder are named.
enum SegmentName {
    /// What a complete segment's name ends in.
    static let suffix = ".lz4"
    /// What the name of a segment that is being made or repacked ends in; such a file is never read.
    static let temporarySuffix = ".lz4.new"
    /// The digits of a sequence in a name.
    static let digits = 20

    /// The name of the segment that starts with this sequence.
    static func name(first sequence: UInt64) -> String { padded(sequence) + suffix }

    /// The name under which that segment is made.
    static func temporaryName(first sequence: UInt64) -> String { padded(sequence) + temporarySuffix }

    /// The first sequence of the segment with this name; nil if the name is no segment's.
    static func firstSequence(of name: String) -> UInt64? {
        guard name.utf8.count == digits + suffix.utf8.count, name.hasSuffix(suffix) else { return nil }
        let number = name.utf8.prefix(digits)
        guard number.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        // No log reaches a sequence that the head word cannot hold.
        return UInt64(Substring(number)).flatMap { $0 <= HeadCode.sequenceMax ? $0 : nil }
    }

    private static func padded(_ sequence: UInt64) -> String {
        let text = String(sequence)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

/// The places in a log folder.
struct LogPaths: Sendable {
    let directory: FilePath
    var head: FilePath { directory.appending("head") }
    var lock: FilePath { directory.appending("lock") }
    var index: FilePath { directory.appending("index") }
    /// Where a repair keeps what it put a new file in place of.
    var aside: FilePath { directory.appending("aside") }

    func segment(_ first: UInt64) -> FilePath { directory.appending(SegmentName.name(first: first)) }
    func temporarySegment(_ first: UInt64) -> FilePath { directory.appending(SegmentName.temporaryName(first: first)) }
}
