import CLZ4

/// The LZ4 frame that holds a batch's lines, and the plain LZ4 blocks that hold columns and sections.
///
/// Decoders are given the exact length that a checked directory promises and never write more than that.
enum LineFrame {
    /// How hard to compress.
    enum Level: Sendable, Equatable {
        /// For appends: one pass, fast.
        case fast
        /// For repacking: LZ4-HC at this level.
        case high(Int32)

        var number: Int32 {
            switch self {
            case .fast: 0
            case .high(let level): level
            }
        }
    }

    /// The most bytes of lines that a block of a frame of several blocks holds.
    static let blockRawBytes = 64 << 10

    /// One standard LZ4 frame of these bytes, appended to `output`; content size given, no checksums of its own (the
    /// directory has one).
    ///
    /// Each block is compressed for itself, so that who wants one line decompresses one block. They have no checksums:
    /// behind a frame that has, of compressed and of stored blocks, `lz4` 1.9.4 loses its place in the stream.
    static func compress(_ bytes: UnsafeRawBufferPointer, level: Level, into output: inout [UInt8]) -> Bool {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentSize = UInt64(bytes.count)
        preferences.compressionLevel = level.number
        let bound = LZ4F_compressFrameBound(bytes.count, &preferences)
        let frame = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            let written = LZ4F_compressFrame(buffer.baseAddress, bound, bytes.baseAddress, bytes.count, &preferences)
            count = LZ4F_isError(written) != 0 ? 0 : written
        }
        output += frame
        return !frame.isEmpty
    }

    /// The lines of one frame; nil unless the frame is whole, ends with the bytes and holds exactly `rawLength`.
    static func decompress(_ frame: UnsafeRawBufferPointer, rawLength: Int, using context: LZ4Decoder) -> [UInt8]? {
        var complete = false
        let lines = [UInt8](unsafeUninitializedCapacity: max(rawLength, 1)) { buffer, count in
            count = rawLength
            complete = context.decode(frame, into: UnsafeMutableRawBufferPointer(buffer), rawLength: rawLength)
            if !complete { count = 0 }
        }
        return complete ? lines : nil
    }

    /// One LZ4 block of these bytes; nil if that is no shorter.
    static func compressBlock(_ bytes: [UInt8], level: Level) -> [UInt8]? {
        let capacity = bytes.count - 1
        guard capacity > 0, bytes.count < Int32.max else { return nil }
        let block = bytes.withUnsafeBytes { input in
            [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                let source = input.baseAddress?.assumingMemoryBound(to: CChar.self)
                let target = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
                let written =
                    switch level {
                    case .fast: LZ4_compress_default(source, target, Int32(bytes.count), Int32(capacity))
                    case .high(let level):
                        LZ4_compress_HC(source, target, Int32(bytes.count), Int32(capacity), level)
                    }
                count = Int(max(written, 0))
            }
        }
        return block.isEmpty ? nil : block
    }

    /// The bytes of one LZ4 block; nil unless it holds exactly `rawLength`.
    static func decompressBlock(_ block: UnsafeRawBufferPointer, rawLength: Int) -> [UInt8]? {
        guard rawLength > 0, rawLength < Int32.max, block.count < Int32.max else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: rawLength) { buffer, count in
            let source = block.baseAddress?.assumingMemoryBound(to: CChar.self)
            let target = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let written = LZ4_decompress_safe(source, target, Int32(block.count), Int32(rawLength))
            count = Int(max(written, 0))
        }
        return bytes.count == rawLength ? bytes : nil
    }
}

/// A reusable LZ4 frame decoder.
///
/// Used by one thread at a time.
final class LZ4Decoder {
    private var context: OpaquePointer?

    init() {
        LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
    }

    deinit { LZ4F_freeDecompressionContext(context) }

    /// Decodes one whole frame; false unless it is whole, ends with `frame`, and gives exactly `rawLength` bytes.
    func decode(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, rawLength: Int) -> Bool {
        guard let context else { return false }
        var options = LZ4F_decompressOptions_t()
        options.stableDst = 1
        var read = 0
        var written = 0
        while true {
            var sourceCount = frame.count - read
            var targetCount = rawLength - written
            let hint = LZ4F_decompress(
                context, target.baseAddress.map { $0 + written }, &targetCount,
                frame.baseAddress.map { $0 + read }, &sourceCount, &options)
            read += sourceCount
            written += targetCount
            if hint == 0 && LZ4F_isError(hint) == 0 { return read == frame.count && written == rawLength }
            if LZ4F_isError(hint) != 0 || (sourceCount == 0 && targetCount == 0) {
                LZ4F_resetDecompressionContext(context)
                return false
            }
        }
    }
}
