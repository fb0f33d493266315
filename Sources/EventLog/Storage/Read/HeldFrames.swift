package import SystemPackage

/// The compressed lines of one segment, held in memory: what LZ4 alone takes is measured on them.
///
/// Used by one thread.
package final class HeldFrames {
    private struct Frame {
        var firstSequence: UInt64
        /// Where it stands in the file.
        var offset: UInt64
        /// Where it is held.
        var range: Range<Int>
        var rawLength: Int
    }

    /// Bytes of the lines.
    package private(set) var lineBytes = 0
    /// How many frames there are.
    package var count: Int { frames.count }

    private let file: any OpenFile
    private var bytes: [UInt8] = []
    private var frames: [Frame] = []
    private let decoder = LZ4Decoder()
    private var lines: [UInt8] = []
    private var buffer: [UInt8] = []

    /// Reads the frames of the segment that starts at `first`, up to the first batch that does not check.
    ///
    /// - Parameter directory: the log's folder.
    /// - Throws: `LogError`.
    package init(segment first: UInt64, of directory: FilePath, files: any FileLayer = SystemFiles()) throws(LogError) {
        let checked = try CheckedFrames(segment: first, of: directory, files: files)
        file = checked.file
        try checked.forEach { scanner, offset, head throws(FileError) in
            let place = offset + UInt64(head.directoryBytes)
            let start = bytes.count
            bytes += try scanner.bytes(at: place, count: head.frameBytes)
            frames.append(
                Frame(
                    firstSequence: head.firstSequence, offset: place, range: start..<bytes.count,
                    rawLength: head.rawLength))
            lineBytes += head.rawLength
            return true
        }
        lines = [UInt8](repeating: 0, count: frames.lazy.map(\.rawLength).max() ?? 0)
        buffer = [UInt8](repeating: 0, count: frames.lazy.map(\.range.count).max() ?? 0)
    }

    /// Decompresses every frame, one after the other, into the same memory; false if one cannot be.
    package func decompress() -> Bool { frames.allSatisfy { decompress($0) } }

    /// Which frame holds the event of this sequence; nil if it is before the first.
    package func frame(holding sequence: UInt64) -> Int? {
        let index = frames.partitioningIndex { $0.firstSequence > sequence }
        return index == 0 ? nil : index - 1
    }

    /// Bytes of the lines of a frame.
    package func lineBytes(of index: Int) -> Int { frames[index].rawLength }

    /// Reads one frame from the file again and decompresses it, and nothing more; false if it cannot be.
    package func readAgain(_ index: Int) throws -> Bool {
        let frame = frames[index]
        let read = try buffer.withUnsafeMutableBytes {
            try file.readFully(
                into: UnsafeMutableRawBufferPointer(rebasing: $0[..<frame.range.count]), at: frame.offset)
        }
        guard read == frame.range.count else { return false }
        return buffer.withUnsafeBytes { buffer in
            lines.withUnsafeMutableBytes {
                decoder.decode(
                    UnsafeRawBufferPointer(rebasing: buffer[..<frame.range.count]), into: $0,
                    rawLength: frame.rawLength)
            }
        }
    }

    /// The lines, cut between two of them into pieces of at most so many bytes, as repacking cuts them.
    package func pieces(bytesMax: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        for frame in frames where decompress(frame) {
            for line in lines[..<frame.rawLength].split(separator: UInt8(ascii: "\n")) {
                if !piece.isEmpty, piece.count + line.count + 1 > bytesMax {
                    pieces.append(piece)
                    piece.removeAll(keepingCapacity: true)
                }
                piece += line
                piece.append(UInt8(ascii: "\n"))
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    /// The bytes that these lines take as one LZ4-HC frame; nil if LZ4 fails.
    package static func compressedBytes(_ lines: [UInt8], level: Int32) -> Int? {
        var frame: [UInt8] = []
        return lines.withUnsafeBytes { LineFrame.compress($0, level: .high(level), into: &frame) } ? frame.count : nil
    }

    private func decompress(_ frame: Frame) -> Bool {
        bytes.withUnsafeBytes { bytes in
            lines.withUnsafeMutableBytes { lines in
                decoder.decode(
                    UnsafeRawBufferPointer(rebasing: bytes[frame.range]), into: lines, rawLength: frame.rawLength)
            }
        }
    }
}
