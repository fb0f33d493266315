import Crypto
import SystemPackage

/// One run of `verify`, segment after segment.
struct Verifier {
    let reader: LogReader
    let isDeep: Bool
    let progress: (UInt64, UInt64) -> Bool
    private var findings: [Finding] = []
    private var parser = EventParser(
        options: EventParser.Options(eventBytesMax: BatchDirectory.rawBytesMax, restore: true))
    /// What the lines so far say of every subject; only if deep.
    private var subjects: [SubjectHash: SubjectState] = [:]
    private var first: UInt64 = 0
    private var head: UInt64 = 0
    /// The end of the segment before; nil at the start, or if it could not be read to its end.
    private var chain: Chain?
    /// The end of the last events that could not be read: what they said of subjects is not known.
    private var gapEnd: UInt64 = 0
    /// The end of what was looked at; a writer may have gone on since.
    private var end: UInt64 = 0

    /// What a segment hands to the next.
    private struct Chain {
        var end: UInt64
        var lastLineHash: [UInt8]
        var lastRecorded: Instant
    }

    init(reader: LogReader, isDeep: Bool, progress: @escaping (UInt64, UInt64) -> Bool) {
        self.reader = reader
        self.isDeep = isDeep
        self.progress = progress
    }

    mutating func run() throws -> [Finding] {
        // In this order: a writer may begin a segment in between, and what is before the head must be in those listed.
        head = reader.head
        try reader.refresh()
        first = reader.firstSequence
        head = max(head, reader.segmentStarts.last ?? 0)
        checkHeadWord()
        if isDeep { try? reader.index.reload() }
        let starts = reader.segmentStarts
        for (position, start) in starts.enumerated() {
            let next = position + 1 < starts.count ? starts[position + 1] : nil
            try check(start, next: next)
        }
        try checkIndex()
        return findings
    }

    private mutating func checkHeadWord() {
        do throws(FileError) {
            let word = try reader.files.openHead(reader.paths.head, creating: nil).sequence
            let problem: String
            if let word {
                if word >= head { return }
                problem = "it says \(word), and a segment starts at \(head)"
            } else {
                problem = "the word does not match its check"
            }
            findings.append(
                Finding(
                    path: reader.paths.head.string, structure: .head,
                    message: "\(problem); the next writer sets it right"))
        } catch {
            findings.append(
                Finding(
                    path: reader.paths.head.string, structure: .head,
                    message: "it cannot be mapped (\(Errno(rawValue: error.number))); the next writer makes it again"))
        }
    }

    /// Checks one segment; again, if it was repacked meanwhile.
    private mutating func check(_ start: UInt64, next: UInt64?) throws {
        for attempt in 0..<3 {
            let known = (findings, subjects, chain, gapEnd)
            let file = try checkOnce(start, next: next)
            if findings.count == known.0.count || attempt == 2 || file?.isLinked() ?? true { return }
            (findings, subjects, chain, gapEnd) = known
        }
    }

    private mutating func checkOnce(_ start: UInt64, next: UInt64?) throws -> (any OpenFile)? {
        var end = next ?? max(head, start)
        self.end = end
        let segment: OpenSegment
        do throws(LogError) {
            segment = try OpenSegment(reader.paths.segment(start), first: start, files: reader.files)
        } catch {
            findings.append(
                Finding(
                    path: error.path ?? reader.paths.segment(start).string, offset: error.offset, structure: .header,
                    sequences: start < end ? start..<end : nil, message: error.message))
            chain = nil
            gapEnd = end
            return nil
        }
        checkContinuity(segment)
        if let footer = segment.footer {
            // Closed since the head was looked at, or followed by a segment that is not there.
            reportMissing(footer.endSequence..<max(end, footer.endSequence))
            end = footer.endSequence
            self.end = max(self.end, end)
        }
        try walk(segment, to: end, isLast: next == nil)
        return segment.file
    }

    /// Checks a segment's batches before `end`, and what is behind them.
    private mutating func walk(_ segment: OpenSegment, to end: UInt64, isLast: Bool) throws {
        let start = segment.first
        var check = SegmentCheck(
            segment: segment, isDeep: isDeep, firstSequence: first, lastRecorded: segment.header.recordedFloor,
            hash: reader.hash, parser: parser, subjects: subjects, gapEnd: gapEnd)
        var walker = SegmentWalker(
            scanner: SegmentScanner(file: segment.file, identity: reader.identity),
            offset: UInt64(SegmentHeader.frameBytes), next: start, gaps: segment.gaps)
        while let item = try walker.nextItem(before: end) {
            check.take(item)
            guard progress(walker.next - first, head - first) else { throw CancellationError() }
        }
        if !isLast || segment.footer != nil {
            try check.checkFooter()
        } else {
            try check.checkTail(walker)
        }
        findings += check.findings
        if isDeep { checkIDs(check.ids) }
        subjects = check.subjects
        gapEnd = max(check.gapEnd, self.end > end ? self.end : 0)
        parser = check.parser
        chain = check.lastLine.map {
            Chain(end: end, lastLineHash: Array(SHA256.hash(data: $0)), lastRecorded: check.lastRecorded)
        }
        if check.lastLine == nil && start == end {
            chain = Chain(
                end: end, lastLineHash: segment.header.lineage, lastRecorded: segment.header.recordedFloor)
        }
        if check.endsInAcceptedGap, let footer = segment.footer, footer.endSequence == end {
            // What the footer says stands for the line that nobody can read.
            chain = Chain(end: end, lastLineHash: footer.lastLineHash, lastRecorded: footer.times.maxRecorded)
        }
        // With a segment missing in between, the next one continues what nobody can see.
        if self.end > end { chain = nil }
    }

    /// Names a segment that should be there, by the footer of the one before.
    private mutating func reportMissing(_ sequences: Range<UInt64>) {
        guard !sequences.isEmpty else { return }
        findings.append(
            Finding(
                path: reader.paths.segment(sequences.lowerBound).string, structure: .segment, sequences: sequences,
                message: "the segment is missing; restore this file from a copy"))
    }

    private mutating func checkContinuity(_ segment: OpenSegment) {
        let header = segment.header
        func report(_ message: String) -> Finding {
            Finding(path: segment.file.path.string, offset: 0, structure: .header, message: message)
        }
        if header.identity != reader.identity {
            findings.append(report("it belongs to another log, \(header.identity)"))
        }
        guard let chain else {
            if header.firstSequence == 0, header.lineage.contains(where: { $0 != 0 }) {
                findings.append(report("the log's first segment names a line before it"))
            }
            return
        }
        if chain.end != header.firstSequence {
            findings.append(report("it starts at \(header.firstSequence), and the one before ends at \(chain.end)"))
        }
        if chain.lastLineHash != header.lineage {
            findings.append(report("it does not continue the line before it: a segment is of another history"))
        }
        if chain.lastRecorded != header.recordedFloor {
            findings.append(report("its time does not continue that of the segment before"))
        }
    }

    // MARK: The log-wide index

    /// Looks every id of a segment up in the index: one that is missing there could be used again.
    private mutating func checkIDs(_ ids: [IDEntry]) {
        let covered = reader.index.coveredTo
        let memory = BlockMemory(.ids, runs: reader.index.snapshot.active.count)
        var missing: UInt64?
        do throws(IndexError) {
            for entry in ids.sorted(by: { $0.hash < $1.hash }) where entry.sequence < min(covered, missing ?? .max) {
                let found = try reader.index.candidates(idHash: entry.hash, memory: memory)
                if !found.contains(entry.sequence) { missing = entry.sequence }
            }
        } catch {
            // What cannot be read there, the index's own check names.
        }
        guard let missing else { return }
        findings.append(
            Finding(
                path: reader.paths.index.string, structure: .index,
                message: "the id of event \(missing) is not in it; remove the index folder, "
                    + "and the next writer makes it again"))
    }

    private mutating func checkIndex() throws {
        var isCancelled = false
        findings += reader.index.verify(cancelled: {
            isCancelled = !progress(head - first, head - first)
            return isCancelled
        }).map { Finding($0) }
        if isCancelled { throw CancellationError() }
        guard isDeep else { return }
        do throws(IndexError) {
            try reader.index.reload()
            let covered = reader.index.coveredTo
            for (subject, state) in subjects where state.lastSequence < covered && state.lastSequence >= gapEnd {
                let entry = try reader.index.subjects(hash: subject.hash, check: subject.check).first
                // A writer may have gone on since the lines were read.
                if let entry, entry.lastSequence >= end, entry.version > state.version { continue }
                guard let entry, entry.version == state.version, entry.lastSequence == state.lastSequence,
                    entry.newestSegment == state.segment
                else {
                    findings.append(
                        Finding(
                            path: reader.paths.index.string, structure: .index,
                            message: "a subject's entry does not name its last event, \(state.lastSequence)"))
                    continue
                }
            }
        } catch {
            findings.append(Finding(IndexFinding(error)))
        }
    }
}
