import SystemPackage

/// The first 4 KiB of a run file, and where they say everything lies.
///
/// A run holds the index entries of the events `from ..< to`. Its file is named
/// `FROM-TO.run` (20 digits each). All numbers have the lowest byte first:
///
///     0     8  "TLINDEX" and a zero
///     8     4  format version, 1
///     12    4  bytes of a block, 4096
///     16    16 log id
///     32    8  from
///     40    8  to
///     48    24 ids:      rows, blocks, filter lines
///     72    24 subjects: rows, blocks, filter lines
///     96       zeros
///     4092  4  CRC-32 of the bytes 0 to 4091
///     4096     blocks of ids, then blocks of subjects (PackedBlock), then the filter of ids, then that of subjects
///              (BloomFilter); the file ends there
///
/// Blocks and filter lines continue their checksums from the run's *seed*, the CRC-32 of the bytes 16 to 47: so those
/// of another run are never taken for this one's.
struct RunHeader: Equatable, Sendable {
    /// Bytes of a header.
    static let byteCount = 4096
    /// What names end with once a run is complete.
    static let suffix = ".run"
    /// What is appended to the name until then.
    static let temporarySuffix = ".tmp"
    /// More rows than a file can hold; keeps sums of what a header says within 64 bits.
    static let rowsMax = 1 << 44
    private static let magic: UInt64 = 0x0058_4544_4E49_4C54
    private static let version: UInt32 = 1

    /// The id of the log it belongs to, 16 bytes.
    var logID: [UInt8]
    /// The sequences it covers; never empty.
    var range: Range<UInt64>
    /// Sizes of both sections, by `RunSection.rawValue`.
    var sections: [Section] = [Section(), Section()]

    /// The sizes of one section.
    struct Section: Equatable, Sendable {
        var rows = 0
        var blocks = 0
        var filterLines = 0
    }

    init(logID: [UInt8], range: Range<UInt64>) {
        self.logID = Array((logID + [UInt8](repeating: 0, count: 16)).prefix(16))
        self.range = range
    }

    /// What the checksums of blocks and filter lines continue from.
    var seed: UInt32 {
        CRC32.checksum(logID + Self.bytes(range.lowerBound) + Self.bytes(range.upperBound))
    }

    /// Sizes of a section.
    func section(_ section: RunSection) -> Section { sections[Int(section.rawValue)] }

    /// Where a section's blocks begin.
    func blocksOffset(_ section: RunSection) -> Int {
        let before = section == .ids ? 0 : self.section(.ids).blocks
        return Self.byteCount + before * PackedBlock.byteCount
    }

    /// Where a section's filter begins.
    func filterOffset(_ section: RunSection) -> Int {
        let blocks = self.section(.ids).blocks + self.section(.subjects).blocks
        let before = section == .ids ? 0 : self.section(.ids).filterLines
        return Self.byteCount + blocks * PackedBlock.byteCount + before * BloomFilter.lineBytes
    }

    /// How long the file is.
    var fileBytes: Int { filterOffset(.subjects) + section(.subjects).filterLines * BloomFilter.lineBytes }

    /// The header's 4 KiB.
    func encoded() -> [UInt8] {
        var bytes = Self.bytes(Self.magic)
        bytes += Self.bytes(UInt64(Self.version) | UInt64(PackedBlock.byteCount) << 32)
        bytes += logID
        bytes += Self.bytes(range.lowerBound) + Self.bytes(range.upperBound)
        for section in sections {
            for number in [section.rows, section.blocks, section.filterLines] { bytes += Self.bytes(UInt64(number)) }
        }
        bytes += [UInt8](repeating: 0, count: Self.byteCount - 4 - bytes.count)
        let checksum = CRC32.checksum(bytes)
        for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: checksum >> (8 * byte))) }
        return bytes
    }

    /// Reads a header and checks it against the name and length of its file and against the log's id.
    init(_ bytes: [UInt8], path: FilePath, range: Range<UInt64>, fileBytes: Int, logID: [UInt8]) throws(IndexError) {
        func fail(_ message: String, _ code: IndexError.Code = .damaged) -> IndexError {
            IndexError(code: code, message: message, path: path, offset: 0, structure: "header")
        }
        guard bytes.count == Self.byteCount else { throw fail("the file is cut short") }
        func number(_ offset: Int) -> UInt64 {
            bytes[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard number(0) == Self.magic else { throw fail("it does not start as an index does") }
        guard number(8) == UInt64(Self.version) | UInt64(PackedBlock.byteCount) << 32 else {
            throw fail("it has format version \(number(8) & 0xFFFF_FFFF), not \(Self.version)", .otherVersion)
        }
        guard CRC32.checksum(bytes[..<(Self.byteCount - 4)]) == number(Self.byteCount - 8) >> 32 else {
            throw fail("its checksum does not match")
        }
        self.init(logID: logID, range: range)
        guard self.logID.elementsEqual(bytes[16..<32]) else { throw fail("it belongs to another log", .otherLog) }
        guard number(32) == range.lowerBound, number(40) == range.upperBound else {
            throw fail("it covers \(number(32)) to \(number(40)), which is not what its name says")
        }
        for section in RunSection.allCases {
            let numbers = (0..<3).map { number(48 + 24 * Int(section.rawValue) + 8 * $0) }
            guard numbers.allSatisfy({ $0 <= UInt64(Self.rowsMax) }) else { throw fail("a count is too large") }
            let sizes = Section(rows: Int(numbers[0]), blocks: Int(numbers[1]), filterLines: Int(numbers[2]))
            guard sizes.blocks <= sizes.rows, sizes.blocks > 0 || sizes.rows == 0,
                sizes.filterLines == BloomFilter.lines(keys: sizes.rows)
            else { throw fail("its counts contradict each other") }
            sections[Int(section.rawValue)] = sizes
        }
        guard self.fileBytes == fileBytes else {
            throw fail("the file has \(fileBytes) bytes where its header says \(self.fileBytes)")
        }
    }

    /// The file name of the run that covers `range`.
    static func name(_ range: Range<UInt64>) -> String {
        digits(range.lowerBound) + "-" + digits(range.upperBound) + suffix
    }

    /// The range that a file name says; `nil` if it is no run's.
    static func range(ofName name: String) -> Range<UInt64>? {
        guard name.hasSuffix(suffix) else { return nil }
        let parts = name.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = UInt64(parts[0]), let to = UInt64(parts[1]), from < to,
            Self.name(from..<to) == name
        else { return nil }
        return from..<to
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number)
        return String(repeating: "0", count: 20 - text.count) + text
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
