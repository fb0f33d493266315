package import SystemPackage

/// The limit that whatever reads lines is measured against: a segment's bytes read, their checksums worked out, LZ4,
/// and nothing else.
package enum BareFrames {
    /// What was read.
    package struct Sum: Sendable, Equatable {
        /// Bytes of the batches in the file.
        package var fileBytes: UInt64 = 0
        /// Bytes of the lines.
        package var lineBytes: UInt64 = 0
        /// How many batches there are.
        package var batches = 0
    }

    /// Reads all batches of the segment that starts at `first`, up to the first that does not check.
    ///
    /// - Parameter directory: the log's folder.
    /// - Throws: `LogError`.
    package static func read(
        segment first: UInt64, of directory: FilePath, files: any FileLayer = SystemFiles()
    ) throws(LogError) -> Sum {
        let file: any OpenFile
        do throws(FileError) {
            file = try files.open(LogPaths(directory: directory).segment(first), .read)
        } catch {
            throw LogError(error)
        }
        let header = try SegmentHeader.read(file, expecting: first)
        do throws(FileError) {
            let scanner = SegmentScanner(file: file, identity: header.identity)
            var buffer: [UInt8] = []
            var sum = Sum()
            while true {
                let offset = UInt64(SegmentHeader.frameBytes) + sum.fileBytes
                guard case .batch(let head) = try scanner.frame(at: offset), try scanner.checks(at: offset, head) else {
                    return sum
                }
                if buffer.count < head.rawLength { buffer = [UInt8](repeating: 0, count: head.rawLength) }
                guard try scanner.decompress(at: offset, head, into: &buffer) else { return sum }
                sum.fileBytes += UInt64(head.totalBytes)
                sum.lineBytes += UInt64(head.rawLength)
                sum.batches += 1
            }
        } catch {
            throw LogError(error)
        }
    }
}
