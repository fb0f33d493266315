import SystemPackage

/// The active segment's file: appends whole batches, each synced before the next one is written.
///
/// Used by one thread. After an error other than `noSpace` the file's end is not known any more and the writer must not
/// be used again.
final class SegmentWriter {
    let file: any OpenFile
    let header: SegmentHeader
    private(set) var tally: SegmentTally
    /// The file's length, with the room made ahead.
    private var fileBytes: UInt64
    private var smallBatches = 0
    private let options: LogOptions

    /// Bytes of the frame that stands before room made ahead: prefix and kind.
    private static let spacePrefixBytes = UInt64(FrameFormat.prefixBytes + 4)
    /// Room is made only after this many small batches: a process that appends one event and ends needs none.
    private static let smallBatchesBeforeSpace = 8

    /// Takes up a file whose batches are known and which ends behind them.
    init(file: any OpenFile, header: SegmentHeader, tally: SegmentTally, options: LogOptions) {
        self.file = file
        self.header = header
        self.tally = tally
        self.options = options
        fileBytes = tally.endOffset
    }

    /// Makes a segment without batches, durable with its name.
    ///
    /// - Throws: `FileError`; with `alreadyThere` nothing was touched: a segment is never put over another.
    static func makeSegment(_ header: SegmentHeader, paths: LogPaths, files: any FileLayer) throws(FileError) {
        let path = paths.segment(header.firstSequence)
        do throws(FileError) {
            _ = try files.open(path, .read)
            throw FileError(operation: alreadyThere, path: path, number: Errno.fileExists.rawValue)
        } catch  where error.number == Errno.noSuchFileOrDirectory.rawValue {}
        let temporary = paths.temporarySegment(header.firstSequence)
        let file = try files.open(temporary, .create)
        try file.writeFully(header.encoded(), at: 0)
        try file.sync()
        try files.rename(temporary, to: path)
        try files.syncDirectory(paths.directory)
    }

    /// The operation of the error that says that a segment of the name is there.
    private static let alreadyThere = "make"

    /// Where the next batch goes.
    var endOffset: UInt64 { tally.endOffset }

    /// Writes one batch and syncs it.
    ///
    /// - Throws: `AppendFailure.noSpace` if the disk is full and the file was cut back to where it was;
    ///   `AppendFailure.unknown` for everything else.
    func append(_ bytes: [UInt8], _ head: BatchHead, types: [String]) throws(AppendFailure) {
        let start = endOffset
        var piece = withSpace(bytes)
        do throws(FileError) {
            do throws(FileError) {
                try file.writeFully(piece, at: start)
            } catch  where error.isNoSpace && start + UInt64(piece.count) > fileBytes && piece.count > bytes.count {
                // There was no room for the room ahead; the batch itself may fit.
                piece = bytes
                try file.truncate(to: start)
                fileBytes = start
                try file.writeFully(piece, at: start)
            }
        } catch  where error.isNoSpace {
            try cutBack(to: start)
            throw .noSpace(error)
        } catch {
            throw .unknown(error)
        }
        do throws(FileError) { try file.sync() } catch { throw .unknown(error) }
        fileBytes = max(fileBytes, start + UInt64(piece.count))
        tally.add(head, types: types)
    }

    private func cutBack(to start: UInt64) throws(AppendFailure) {
        do throws(FileError) {
            try file.truncate(to: start)
            try file.sync()
            fileBytes = start
        } catch {
            throw .unknown(error)
        }
    }

    /// The batch, followed by the head of a frame that covers the room behind it, if there is or shall be any.
    private func withSpace(_ bytes: [UInt8]) -> [UInt8] {
        let end = endOffset + UInt64(bytes.count)
        if end == fileBytes { return bytes }
        if end + Self.spacePrefixBytes <= fileBytes { return bytes + spaceFrame(fileBytes - end) }
        smallBatches = bytes.count <= options.spaceBatchBytesMax ? smallBatches + 1 : 0
        guard smallBatches > Self.smallBatchesBeforeSpace, options.spaceBytes > 0 else {
            // Room that is left but too small for a frame head is overwritten or cut below.
            return end < fileBytes ? bytes + padding(fileBytes - end) : bytes
        }
        let room = UInt64(options.spaceBytes)
        return bytes + spaceFrame(room) + [UInt8](repeating: 0, count: Int(room - Self.spacePrefixBytes))
    }

    private func spaceFrame(_ bytes: UInt64) -> [UInt8] {
        var frame: [UInt8] = []
        frame.append(integer: FrameFormat.skippableMagic)
        frame.append(integer: UInt32(truncatingIfNeeded: bytes - UInt64(FrameFormat.prefixBytes)))
        frame.append(integer: FrameFormat.Kind.space)
        return frame
    }

    /// Fewer than 12 bytes are left: a space frame that reaches past the file's old end covers them.
    private func padding(_ left: UInt64) -> [UInt8] { spaceFrame(max(left, Self.spacePrefixBytes)) }

    /// Gives back the room made ahead.
    func trim() throws(FileError) {
        guard fileBytes != endOffset else { return }
        try file.truncate(to: endOffset)
        try file.sync()
        fileBytes = endOffset
    }

    /// Takes the footer away again, after the next segment could not be made.
    func reopen(removing next: FilePath, files: any FileLayer) throws(FileError) {
        do throws(FileError) {
            try files.unlink(next)
        } catch  where error.number == Errno.noSuchFileOrDirectory.rawValue {}
        try files.syncDirectory(next.removingLastComponent())
        try file.truncate(to: endOffset)
        try file.sync()
        fileBytes = endOffset
    }

    /// Writes the footer and syncs: the segment is closed.
    func close(with footer: [UInt8]) throws(FileError) {
        if fileBytes != endOffset {
            try file.truncate(to: endOffset)
            fileBytes = endOffset
        }
        try file.writeFully(footer, at: endOffset)
        try file.sync()
    }
}

/// Why a batch could not be written.
enum AppendFailure: Error, Equatable {
    /// The disk is full; the file is as it was before.
    case noSpace(FileError)
    /// What the file holds now is not known.
    case unknown(FileError)
}
