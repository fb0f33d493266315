import Crypto
import SystemPackage

/// What reading the whole active segment tells.
struct ActiveScan {
    let header: SegmentHeader
    let file: any OpenFile
    private(set) var tally: SegmentTally
    private(set) var events: RecentEvents
    private(set) var lastRecorded: Instant
    private(set) var lastLineHash: [UInt8]
    private(set) var damage: Damage?
    /// The sequence before which everything was synced, whatever the head word says: bytes of a batch are written only
    /// once the batch before it is on disk.
    private(set) var provenEnd: UInt64 = 0
    private(set) var isClosed = false
    private(set) var isRepacked = false

    init(header: SegmentHeader, file: any OpenFile) {
        self.header = header
        self.file = file
        tally = SegmentTally(firstSequence: header.firstSequence)
        events = RecentEvents(segment: header.firstSequence, firstSequence: header.firstSequence)
        lastRecorded = header.recordedFloor
        lastLineHash = header.lineage
    }

    /// Reads every batch up to the first that is not valid, and judges what stands there.
    ///
    /// `events` is filled if `hash` is given, and gets no previous segments: those are looked up when the segment is
    /// closed.
    mutating func run(head: UInt64, hash: KeyedHash?) throws(FileError) {
        let scanner = SegmentScanner(file: file, identity: header.identity)
        var lastLine: [UInt8]?
        let pipeline = hash.map { KeyPipeline(events, $0) }
        while case .batch(let batch) = try scanner.frame(at: tally.endOffset),
            batch.firstSequence == tally.endSequence,
            let directory = try scanner.directory(at: tally.endOffset, batch),
            let lines = try scanner.lines(at: tally.endOffset, batch), directory.matches(lines),
            batch.minRecorded >= lastRecorded
        {
            let content = BatchContent(directory: directory, lines: lines)
            pipeline?.add(content)
            lastLine = Array(content.line(content.entries.count - 1))
            lastRecorded = batch.maxRecorded
            tally.add(batch, types: directory.types)
        }
        if let pipeline { events = pipeline.finish() }
        if let lastLine { lastLineHash = Array(SHA256.hash(data: lastLine)) }
        try judge(scanner, head: head)
    }

    private mutating func judge(_ scanner: SegmentScanner, head: UInt64) throws(FileError) {
        let next = tally.endSequence
        if let footer = try SegmentFooter.read(file, logID: header.identity.bytes), footer.offset == tally.endOffset,
            footer.endSequence == next
        {
            if next < head {
                damage = Damage(
                    path: file.path.string, offset: tally.endOffset, structure: .segment, sequences: next..<head,
                    message: "the segment after this closed one is missing, and it held acknowledged events")
                return
            }
            // A footer that is not whole was perhaps never synced: it is cut, and the segment closed again.
            isClosed = try footer.isWhole(in: file)
            isRepacked = isClosed && footer.isRepacked
            return
        }
        let later = try scanner.findBatch(from: tally.endOffset, notBefore: next)
        guard next < head || later != nil else { return }
        provenEnd = later?.head.firstSequence ?? 0
        let end = max(later?.head.firstSequence ?? head, next + 1)
        damage = Damage(
            path: file.path.string, offset: tally.endOffset, structure: .segment, sequences: next..<end,
            message: "a batch that was acknowledged cannot be read, so nothing can be appended after it")
    }

    /// Where the first batch at or past `head` starts; nil if there is none.
    ///
    /// A little earlier does no harm.
    func offset(from head: UInt64) -> UInt64? {
        guard head < tally.endSequence else { return nil }
        return tally.spans.first { $0.endSequence > head }?.offset
    }
}
