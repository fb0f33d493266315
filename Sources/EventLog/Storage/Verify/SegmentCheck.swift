import Crypto
import SystemPackage

/// Checks the batches of one segment as they are read, and what its footer says of them.
struct SegmentCheck {
    let segment: OpenSegment
    let isDeep: Bool
    /// The log's first sequence.
    let firstSequence: UInt64
    private(set) var lastRecorded: Instant
    private let hash: KeyedHash
    private(set) var parser: EventParser
    private(set) var subjects: [SubjectHash: SubjectState]
    private(set) var findings: [Finding] = []
    private(set) var lastLine: [UInt8]?
    private var tally: SegmentTally
    private let events: RecentEvents
    private var hasGap = false
    /// Whether the last events seen are a gap that was accepted.
    private(set) var endsInAcceptedGap = false
    /// The end of the last events that could not be read, in this segment or before it.
    private(set) var gapEnd: UInt64
    /// The ids of the events, as the index takes them; only if deep.
    private(set) var ids: [IDEntry] = []

    init(
        segment: OpenSegment, isDeep: Bool, firstSequence: UInt64, lastRecorded: Instant, hash: KeyedHash,
        parser: EventParser, subjects: [SubjectHash: SubjectState], gapEnd: UInt64
    ) {
        self.gapEnd = gapEnd
        self.segment = segment
        self.isDeep = isDeep
        self.firstSequence = firstSequence
        self.lastRecorded = lastRecorded
        self.hash = hash
        self.parser = parser
        self.subjects = subjects
        tally = SegmentTally(firstSequence: segment.first)
        events = RecentEvents(segment: segment.first, firstSequence: segment.first)
    }

    private func finding(
        _ structure: LogStructure, at offset: UInt64?, _ sequences: Range<UInt64>, _ message: String
    ) -> Finding {
        var finding = finding(structure, at: offset, message)
        finding.sequences = sequences
        return finding
    }

    private func finding(_ structure: LogStructure, at offset: UInt64?, _ message: String) -> Finding {
        Finding(path: segment.file.path.string, offset: offset, structure: structure, message: message)
    }

    // MARK: Batches

    /// Takes the next batch, or what is there instead.
    mutating func take(_ item: SegmentWalker.Item) {
        switch item {
        case .gap(let damage):
            hasGap = true
            lastLine = nil
            gapEnd = max(gapEnd, damage.sequences?.upperBound ?? 0)
            endsInAcceptedGap = damage.accepted != nil
            if damage.accepted == nil { findings.append(Finding(damage)) }
        case .batch(let offset, let directory, let lines):
            let head = directory.head
            let content = BatchContent(directory: directory, lines: lines)
            checkTimes(directory, at: offset)
            if isDeep {
                for position in content.entries.indices { checkLine(content, position, at: offset) }
            }
            tally.add(head, types: directory.types, at: offset)
            lastLine = Array(content.line(content.entries.count - 1))
            endsInAcceptedGap = false
        }
    }

    private mutating func checkTimes(_ directory: BatchDirectory, at offset: UInt64) {
        let head = directory.head
        let range = head.firstSequence..<head.endSequence
        if TimeRange(directory.entries) != head.times {
            findings.append(finding(.directory, at: offset, "its ranges of times are not those of its events"))
        }
        var last = lastRecorded
        for entry in directory.entries {
            if entry.recordedTime < last {
                findings.append(finding(.directory, at: offset, range, "recordedtime runs backwards"))
                break
            }
            last = entry.recordedTime
        }
        lastRecorded = max(lastRecorded, head.maxRecorded)
    }

    /// Derives everything again from the line and compares.
    private mutating func checkLine(_ content: BatchContent, _ position: Int, at offset: UInt64) {
        let sequence = content.firstSequence + UInt64(position)
        let range = sequence..<(sequence + 1)
        let entry = content.entries[position]
        let stored: StoredLine
        do throws(LineError) {
            stored = try StoredLine(content.line(position), parser: &parser)
        } catch {
            findings.append(finding(.line, at: offset, range, "the line is not one a log writes: \(error)"))
            return
        }
        let rendered = stored.rendered
        let derived = EventEntry(
            lineStart: entry.lineStart, lineEnd: entry.lineStart + UInt32(rendered.line.count),
            subjectOffset: UInt32(rendered.subject?.lowerBound ?? 0),
            subjectLength: UInt32(rendered.subject?.count ?? 0),
            dataOffset: UInt32(rendered.dataStart ?? 0), typeIndex: entry.typeIndex, time: rendered.time,
            recordedTime: stored.event.recordedTime)
        if derived != entry || !content.types[Int(entry.typeIndex)].utf8.elementsEqual(stored.draft.type.utf8) {
            findings.append(finding(.directory, at: offset, range, "the directory does not say what the line says"))
        }
        if stored.event.sequence != sequence {
            findings.append(finding(.line, at: offset, range, "the line says sequence \(stored.event.sequence)"))
        }
        checkSubject(stored, content.keys(position, hash), sequence, at: offset)
    }

    private mutating func checkSubject(
        _ stored: StoredLine, _ keys: BatchBuilder.Keys, _ sequence: UInt64, at offset: UInt64
    ) {
        var keys = keys
        if let subject = stored.draft.subject.map({ hash.subject($0) }) {
            let version = stored.draft.restored?.subjectSequence ?? 0
            let known = subjects[subject]
            // What an archived part, or events that cannot be read, said of the subject is not known.
            let isKnown = known.map { $0.lastSequence >= gapEnd } ?? (firstSequence == 0 && gapEnd == 0)
            // A line may say any number.
            let next = (known?.version ?? 0) &+ 1
            let expected = isKnown ? next : max(version, next)
            if version != expected || version != keys.version {
                findings.append(
                    finding(
                        .line, at: offset, sequence..<(sequence + 1),
                        "the line says subjectsequence \(version), and it is the subject's event \(expected)"))
            }
            let earlier = known.map { $0.segment == segment.first ? RecentEvents.none : $0.segment }
            keys.previousSegment = earlier ?? RecentEvents.none
            subjects[subject] = SubjectState(version: version, segment: segment.first, lastSequence: sequence)
        }
        events.add(keys)
        // Not as `events` counts: behind a gap it no longer knows the sequence.
        if let id = keys.id { ids.append(IDEntry(hash: id, sequence: sequence)) }
    }

    // MARK: Footer and tail

    /// Checks the footer: by its checksums, and, deep, against what the lines give.
    mutating func checkFooter() throws(FileError) {
        guard let footer = segment.footer else {
            let place = hasGap ? nil : tally.endOffset
            findings.append(finding(.footer, at: place, "a closed segment has no footer that can be read"))
            return
        }
        let types = try footer.load(SegmentFooter.Name.types, from: segment.file)
        let frames = try footer.load(SegmentFooter.Name.frames, from: segment.file)
        if types == nil || frames == nil {
            findings.append(finding(.footer, at: footer.offset, "its frame table does not match its checksum"))
        }
        if try footer.loadGaps(from: segment.file) == nil {
            findings.append(
                finding(
                    .footer, at: footer.section(SegmentFooter.Name.gaps)?.offset,
                    "its table of accepted gaps does not match its checksum"))
        }
        let postings = try checkPostings(footer)
        guard !hasGap else { return }
        if footer.offset != tally.endOffset || footer.count != tally.count || footer.rawLength != tally.rawLength
            || footer.times != tally.times
        {
            findings.append(finding(.footer, at: footer.offset, "it does not sum up the segment's batches"))
        }
        if let lastLine, !SHA256.hash(data: lastLine).elementsEqual(footer.lastLineHash) {
            findings.append(finding(.footer, at: footer.offset, "it does not name the segment's last line"))
        }
        guard isDeep else { return }
        if let types, types != FrameTable.encodeTypes(tally) || frames != FrameTable.encode(tally) {
            findings.append(finding(.footer, at: footer.offset, "its frame table is not that of the segment's batches"))
        }
        if let postings, !postings.hasUnknown, postings.bytes != SubjectPostings.encode(events, tally: tally),
            firstSequence == 0, gapEnd == 0
        {
            findings.append(finding(.footer, at: footer.offset, "its subjects are not those of the segment's lines"))
        }
    }

    private mutating func checkPostings(
        _ footer: SegmentFooter
    ) throws(FileError) -> (bytes: [UInt8], hasUnknown: Bool)? {
        guard let section = footer.section(SegmentFooter.Name.subjects) else { return nil }
        let bytes = try segment.file.readBytes(at: section.offset, count: Int(section.storedBytes))
        guard bytes.count == Int(section.storedBytes), let buckets = SubjectPostings.buckets(bytes, section) else {
            findings.append(
                finding(.footer, at: section.offset, "the head of its subjects does not match its checksum"))
            return nil
        }
        for (number, range) in buckets.enumerated() where !SubjectPostings.checks(bytes[range], number) {
            findings.append(
                finding(
                    .footer, at: section.offset + UInt64(range.lowerBound),
                    "bucket \(number) of its subjects does not match its checksum"))
        }
        let previous = try SubjectPostings.previousSegments(
            section: section, file: segment.file, segment: segment.first, spanCount: Int(clamping: footer.count))
        return (bytes, previous?.values.contains(SubjectPostings.unknownSegment) ?? true)
    }

    /// Checks what stands behind the active segment's last published batch: nothing, room made ahead, a batch that was
    /// not published yet, or a torn one; but no whole batch behind a torn one, for that would mean rot.
    mutating func checkTail(_ walker: SegmentWalker) throws(FileError) {
        guard !hasGap else { return }
        var offset = walker.offset
        var next = walker.next
        func pass() throws(FileError) -> Bool {
            walker.scanner.forget()
            let start = offset
            while case .batch(let head) = try walker.scanner.frame(at: offset), head.firstSequence == next,
                try walker.scanner.checks(at: offset, head)
            {
                offset += UInt64(head.totalBytes)
                next = head.endSequence
            }
            return offset > start
        }
        _ = try pass()
        // The batch that is next may be being written just now; anywhere else it has no business.
        while let later = try walker.scanner.findBatch(from: offset + 1, notBefore: next) {
            // A batch is complete before the one behind it is begun: so if it is not damaged, it can be read by now.
            if try pass() { continue }
            findings.append(
                finding(
                    .segment, at: offset, next..<max(later.head.firstSequence, next + 1),
                    "a batch cannot be read, and one behind it can: it was written and is damaged"))
            return
        }
    }
}
