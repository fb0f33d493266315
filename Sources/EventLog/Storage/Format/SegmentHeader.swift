/// The numbers that frames of a segment are told by.
///
/// `LogFormat.md` has the layout byte by byte.
enum FrameFormat {
    /// The magic number of the skippable frames that a log writes; standard LZ4 readers skip it.
    static let skippableMagic: UInt32 = 0x184D_2A54
    /// The magic number of a standard LZ4 frame.
    static let lz4Magic: UInt32 = 0x184D_2204
    /// Bytes before a skippable frame's content: magic and length.
    static let prefixBytes = 8
    /// The only format version so far.
    static let version: UInt16 = 1

    /// The first four bytes of a skippable frame's content: what it is.
    enum Kind {
        static let header = tag("TLH1")
        static let directory = tag("TLD1")
        static let footer = tag("TLF1")
        static let space = tag("TLS1")
    }

    private static func tag(_ text: StaticString) -> UInt32 {
        var value: UInt32 = 0
        text.withUTF8Buffer { for (index, byte) in $0.enumerated() { value |= UInt32(byte) << UInt32(index * 8) } }
        return value
    }
}

/// What a log is known by: 16 bytes, drawn at random when it was made.
///
/// Every batch carries them.
public struct LogIdentity: Sendable, Hashable, CustomStringConvertible {
    /// The 16 bytes.
    public var bytes: [UInt8]

    /// The identity of these bytes.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// 32 hexadecimal digits.
    public var description: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// What a reader must, or may, understand to read a log; bits, set when the log is made.
public struct LogFeatures: Sendable, Hashable {
    /// Without these the log cannot be read rightly.
    ///
    /// This program knows none yet.
    public var required: UInt64
    /// These may be ignored.
    public var optional: UInt64

    /// An optional feature: fields that the catalogue marks personal are stored in clear.
    public static let personalFieldsInClear: UInt64 = 1
    /// All required features that this program knows.
    static let knownRequired: UInt64 = 0

    /// Features.
    public init(required: UInt64 = 0, optional: UInt64 = 0) {
        self.required = required
        self.optional = optional
    }
}

/// The first frame of a segment.
struct SegmentHeader: Equatable, Sendable {
    var identity: LogIdentity
    var features: LogFeatures
    /// The sequence of the segment's first event.
    var firstSequence: UInt64
    /// SHA-256 of the line before it; zeros at the log's start.
    var lineage: [UInt8]
    /// The recordedtime of the event before it; the earliest number at the log's start.
    var recordedFloor: Instant

    static let contentBytes = 96
    /// The whole frame's length.
    static let frameBytes = FrameFormat.prefixBytes + contentBytes

    /// The frame's bytes.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.frameBytes)
        bytes.append(integer: FrameFormat.skippableMagic)
        bytes.append(integer: UInt32(Self.contentBytes))
        bytes.append(integer: FrameFormat.Kind.header)
        bytes.append(integer: FrameFormat.version)
        bytes.append(integer: UInt16(0))
        bytes.append(integer: features.required)
        bytes.append(integer: features.optional)
        bytes += identity.bytes
        bytes.append(integer: firstSequence)
        bytes.append(integer: recordedFloor.microseconds)
        bytes += lineage
        bytes.append(integer: UInt32(0))
        bytes.append(integer: CRC32.checksum(bytes[FrameFormat.prefixBytes...]))
        return bytes
    }

    /// What decoding found.
    enum Decoded: Equatable {
        case header(SegmentHeader)
        case notALog
        case otherVersion(UInt16)
        case unknownFeatures(UInt64)
        case damaged
    }

    /// Decodes the first bytes of a file.
    static func decode(_ bytes: [UInt8]) -> Decoded {
        bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            let magic = reader.u32()
            let length = reader.u32()
            let kind = reader.u32()
            let version = reader.u16()
            let isOurs = magic == FrameFormat.skippableMagic && kind == FrameFormat.Kind.header
            guard isOurs, length == UInt32(contentBytes), version == FrameFormat.version, buffer.count >= frameBytes
            else {
                if isDamagedStart(buffer) { return .damaged }
                guard isOurs else { return .notALog }
                return version == FrameFormat.version ? .damaged : .otherVersion(version)
            }
            let content = UnsafeRawBufferPointer(rebasing: buffer[FrameFormat.prefixBytes..<(frameBytes - 4)])
            _ = reader.u16()
            let required = reader.u64()
            let optional = reader.u64()
            let identity = LogIdentity(bytes: Array(reader.bytes(16)))
            let first = reader.u64()
            let floor = Instant(microseconds: reader.i64())
            let lineage = Array(reader.bytes(32))
            _ = reader.u32()
            guard reader.u32() == CRC32.checksum(content), !reader.failed else { return .damaged }
            let unknown = required & ~LogFeatures.knownRequired
            guard unknown == 0 else { return .unknownFeatures(unknown) }
            return .header(
                SegmentHeader(
                    identity: identity, features: LogFeatures(required: required, optional: optional),
                    firstSequence: first, lineage: lineage, recordedFloor: floor))
        }
    }

    /// Whether only the words by which a header is known are wrong, so that the checksum holds with the right ones.
    private static func isDamagedStart(_ buffer: UnsafeRawBufferPointer) -> Bool {
        guard buffer.count >= frameBytes else { return false }
        var bytes = Array(buffer[..<frameBytes])
        bytes.store(u32: FrameFormat.Kind.header, at: FrameFormat.prefixBytes)
        bytes[FrameFormat.prefixBytes + 4] = UInt8(FrameFormat.version)
        bytes[FrameFormat.prefixBytes + 5] = 0
        let stored = bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: frameBytes - 4, as: UInt32.self))
        }
        return stored == CRC32.checksum(bytes[FrameFormat.prefixBytes..<(frameBytes - 4)])
    }
}
