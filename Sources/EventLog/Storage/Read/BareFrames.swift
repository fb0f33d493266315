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
        let frames = try CheckedFrames(segment: first, of: directory, files: files)
        var buffer: [UInt8] = []
        var sum = Sum()
        try frames.forEach { scanner, offset, head throws(FileError) in
            if buffer.count < head.rawLength { buffer = [UInt8](repeating: 0, count: head.rawLength) }
            guard try scanner.decompress(at: offset, head, into: &buffer) else { return false }
            sum.fileBytes += UInt64(head.totalBytes)
            sum.lineBytes += UInt64(head.rawLength)
            sum.batches += 1
            return true
        }
        return sum
    }
}
