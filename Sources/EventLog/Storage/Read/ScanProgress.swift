/// How far the lines of one segment were read, for what is made of them.
struct ScanProgress {
    private var offset = UInt64(SegmentHeader.frameBytes)
    private var next: UInt64
    private var damage: Damage?

    init(_ segment: OpenSegment) {
        next = segment.first
    }

    /// Hands out the batches up to `end` that were not yet, each with where it is and, if it has several, its blocks.
    ///
    /// - Throws: `damaged` if something before `end` cannot be read; nothing behind it is handed out, now or later.
    mutating func extend(
        _ segment: OpenSegment, upTo end: UInt64, _ body: (BatchContent, ScannedBatch, FrameBlocks?) -> Void
    ) throws(LogError) {
        do throws(FileError) {
            if damage == nil { try read(segment, upTo: end, body) }
        } catch {
            throw LogError(error)
        }
        if let damage, damage.sequences?.lowerBound ?? 0 < end { throw damage.error }
    }

    private mutating func read(
        _ segment: OpenSegment, upTo end: UInt64, _ body: (BatchContent, ScannedBatch, FrameBlocks?) -> Void
    ) throws(FileError) {
        guard next < end else { return }
        let scanner = SegmentScanner(file: segment.file, identity: segment.header.identity)
        var walker = SegmentWalker(scanner: scanner, offset: offset, next: next, gaps: segment.gaps)
        while let item = try walker.nextItem(before: end) {
            switch item {
            case .gap(let found):
                // Whether a subject may have events in an accepted gap, `history` asks for itself.
                if found.accepted != nil { break }
                damage = found
                return
            case .batch(let offset, let directory, let lines):
                let blocks = try scanner.blocks(at: offset, directory.head)
                body(
                    BatchContent(directory: directory, lines: lines), ScannedBatch(directory.head, at: offset), blocks)
            }
            offset = walker.offset
            next = walker.next
        }
    }
}

extension ScannedBatch {
    fileprivate init(_ head: BatchHead, at offset: UInt64) {
        self.init(
            frameOffset: offset + UInt64(head.directoryBytes), firstSequence: head.firstSequence,
            count: UInt32(head.count), frameBytes: UInt32(head.frameBytes), frameChecksum: head.frameChecksum,
            rawLength: UInt32(head.rawLength), blocks: -1)
    }
}
