import SystemPackage

/// A segment's file as those see it who want its frames and nothing else.
struct CheckedFrames {
    let file: any OpenFile
    private let scanner: SegmentScanner

    /// The segment that starts at `first`, in the log's folder.
    init(segment first: UInt64, of directory: FilePath, files: any FileLayer) throws(LogError) {
        do throws(FileError) {
            file = try files.open(LogPaths(directory: directory).segment(first), .read)
        } catch {
            throw LogError(error)
        }
        let header = try SegmentHeader.read(file, expecting: first)
        scanner = SegmentScanner(file: file, identity: header.identity)
    }

    /// Hands out the batches with their places, up to the first that does not check, or until `body` gives false.
    func forEach(
        _ body: (_ scanner: SegmentScanner, _ offset: UInt64, _ head: BatchHead) throws(FileError) -> Bool
    ) throws(LogError) {
        do throws(FileError) {
            var offset = UInt64(SegmentHeader.frameBytes)
            while case .batch(let head) = try scanner.frame(at: offset), try scanner.checks(at: offset, head),
                try body(scanner, offset, head)
            {
                offset += UInt64(head.totalBytes)
            }
        } catch {
            throw LogError(error)
        }
    }
}
