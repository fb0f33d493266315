/// A batch whose lines were read and checked once, so that single ones can be read again without its directory.
struct ScannedBatch: Sendable {
    /// Where its frame starts in the file.
    let frameOffset: UInt64
    let firstSequence: UInt64
    let count: UInt32
    let frameBytes: UInt32
    /// CRC-32 of the frame.
    let frameChecksum: UInt32
    let rawLength: UInt32
    /// Where the frame's blocks are, as an index into a list of those that have several; -1 = it is one block.
    var blocks: Int32
}

/// Reads single lines of batches that were scanned before.
///
/// Of a frame of several blocks only those are read that hold the line. What is read is held against its checksum
/// every time. For one thread at a time.
struct LinePicker {
    private let file: any OpenFile
    private let decoder = LZ4Decoder()
    private var parser = EventParser(options: EventParser.Options(restore: true))

    init(_ file: any OpenFile) {
        self.file = file
    }

    /// The events whose lines start at these places of a batch, ascending; nil if one cannot be read.
    mutating func events(
        at starts: [UInt32], of batch: ScannedBatch, _ blocks: FrameBlocks?
    ) throws(FileError) -> [StoredEvent]? {
        var events: [StoredEvent] = []
        var held = 0..<0
        var lines: [UInt8] = []
        for start in starts.lazy.map(Int.init) {
            guard start < Int(batch.rawLength) else { return nil }
            if !held.contains(start) {
                guard let (range, bytes) = try read(at: start, of: batch, blocks) else { return nil }
                (held, lines) = (range, bytes)
            }
            guard let line = try line(at: start, &held, &lines, of: batch, blocks),
                let event = try? StoredLine(line[...], parser: &parser).event,
                event.sequence >= batch.firstSequence, event.sequence < batch.firstSequence + UInt64(batch.count)
            else { return nil }
            events.append(event)
        }
        return events
    }

    /// The line that starts in the lines that are held, which grow by the blocks that it reaches into.
    private func line(
        at start: Int, _ held: inout Range<Int>, _ lines: inout [UInt8], of batch: ScannedBatch, _ blocks: FrameBlocks?
    ) throws(FileError) -> [UInt8]? {
        while true {
            let rest = lines[(start - held.lowerBound)...]
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) { return Array(rest[..<end]) }
            guard held.upperBound < Int(batch.rawLength),
                let (range, bytes) = try read(at: held.upperBound, of: batch, blocks)
            else { return nil }
            lines += bytes
            held = held.lowerBound..<range.upperBound
        }
    }

    /// The block, or the whole of a frame of one block, with the byte of the lines at `place`.
    private func read(
        at place: Int, of batch: ScannedBatch, _ blocks: FrameBlocks?
    ) throws(FileError) -> (Range<Int>, [UInt8])? {
        guard let blocks else {
            let frame = try file.readBytes(at: batch.frameOffset, count: Int(batch.frameBytes))
            guard frame.count == Int(batch.frameBytes), CRC32.checksum(frame) == batch.frameChecksum else { return nil }
            let length = Int(batch.rawLength)
            let lines = frame.withUnsafeBytes { LineFrame.decompress($0, rawLength: length, using: decoder) }
            return lines.map { (0..<length, $0) }
        }
        let block = FrameBlocks.index(holding: place)
        guard block < blocks.count else { return nil }
        let range = blocks.range(of: block)
        let read = try file.readBytes(at: batch.frameOffset + UInt64(range.lowerBound), count: range.count)
        return blocks.decompress(block, read).map { (blocks.lines(of: block), $0) }
    }
}
