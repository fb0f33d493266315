package import SystemPackage

/// The compressed lines of one segment, held in memory: what LZ4 alone takes is measured on them.
///
/// Used by one thread.
package final class HeldFrames {
    /// Bytes of the lines.
    package private(set) var lineBytes = 0
    /// How many frames there are.
    package var count: Int { frames.count }

    private var bytes: [UInt8] = []
    private var frames: [(range: Range<Int>, rawLength: Int)] = []
    private let decoder = LZ4Decoder()
    private var lines: [UInt8] = []

    /// Reads the frames of the segment that starts at `first`, up to the first batch that does not check.
    ///
    /// - Parameter directory: the log's folder.
    /// - Throws: `LogError`.
    package init(segment first: UInt64, of directory: FilePath, files: any FileLayer = SystemFiles()) throws(LogError) {
        let file: any OpenFile
        do throws(FileError) {
            file = try files.open(LogPaths(directory: directory).segment(first), .read)
        } catch {
            throw LogError(error)
        }
        let header = try SegmentHeader.read(file, expecting: first)
        do throws(FileError) {
            let scanner = SegmentScanner(file: file, identity: header.identity)
            var offset = UInt64(SegmentHeader.frameBytes)
            while case .batch(let head) = try scanner.frame(at: offset), try scanner.checks(at: offset, head) {
                let start = bytes.count
                bytes += try scanner.bytes(at: offset + UInt64(head.directoryBytes), count: head.frameBytes)
                frames.append((start..<bytes.count, head.rawLength))
                lineBytes += head.rawLength
                offset += UInt64(head.totalBytes)
            }
        } catch {
            throw LogError(error)
        }
        lines = [UInt8](repeating: 0, count: frames.lazy.map(\.rawLength).max() ?? 0)
    }

    /// Decompresses every frame, one after the other, into the same memory; false if one cannot be.
    package func decompress() -> Bool {
        bytes.withUnsafeBytes { bytes in
            lines.withUnsafeMutableBytes { lines in
                frames.allSatisfy {
                    decoder.decode(
                        UnsafeRawBufferPointer(rebasing: bytes[$0.range]), into: lines, rawLength: $0.rawLength)
                }
            }
        }
    }
}
