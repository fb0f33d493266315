import Synchronization
import SystemPackage

extension LogReader {
    private static let scansMax = 2

    /// The events of one subject, in sequence order; empty if there is none.
    ///
    /// Found by the log-wide index and the footers' postings; of the active segment, by its lines. Where those are
    /// missing or damaged, by reading more; a wrong answer is never given for that.
    /// - Parameters:
    ///   - before: the first sequence that is not wanted any more; nil = the head as it is now.
    ///   - passingGaps: whether accepted gaps are passed over, with what the subject may have had in them.
    /// - Throws: `LogError`; `damaged`, or `gap`, if events that may be the subject's cannot be read.
    public func history(
        of subject: String, before: UInt64? = nil, passingGaps: Bool = false
    ) throws -> [StoredEvent] {
        let end = min(before ?? .max, head)
        guard end > firstSequence else { return [] }
        return try retrying { () throws(LogError) in
            var search = SubjectSearch(reader: self, subject: subject, end: end)
            let events = try search.run()
            guard !passingGaps else { return events }
            let gaps = try HistoryGaps(reader: self, hash: hash.subject(subject), end: end).affecting(events)
            guard let gap = gaps.first else { return events }
            throw LogError(
                code: .gap,
                message: "\(subject) may have events in an accepted gap (\(gap.sequences.lowerBound) to "
                    + "\(gap.sequences.upperBound - 1), accepted at \(gap.accepted.rfc3339))",
                path: gap.path, offset: gap.offset, sequences: gap.sequences)
        }
    }

    /// The accepted gaps below `before` in which the subject has events, or may have: its history lacks them.
    ///
    /// - Throws: `LogError`.
    public func gaps(inHistoryOf subject: String, before: UInt64? = nil) throws -> [AcceptedGap] {
        if try listGaps().isEmpty { return [] }
        let events = try history(of: subject, before: before, passingGaps: true)
        return try HistoryGaps(reader: self, hash: hash.subject(subject), end: min(before ?? .max, head))
            .affecting(events)
    }

    /// The sequence of the event with this source and id; nil if there is none.
    ///
    /// - Throws: `LogError`.
    public func sequence(source: String, id: String) throws -> UInt64? {
        let end = head
        var candidates: [UInt64] = []
        if let given = ReservedID.sequence(source: source, id: id) { candidates.append(given) }
        let hash = hash.id(source: source, id: id)
        var unindexed = try unindexedSegments(before: end)
        do throws(IndexError) {
            candidates += try index.candidates(idHash: hash)
        } catch {
            // Without the index every segment may have it.
            unindexed = segmentStarts.filter { $0 < end }
        }
        for first in unindexed {
            let segment = try segment(startingAt: first)
            candidates += try idScan(of: segment)
                .candidates(idHash: hash, before: min(end, self.end(of: segment)))
        }
        for sequence in candidates where sequence < end && sequence >= firstSequence {
            let event = try event(at: sequence)
            if event.source.utf8.elementsEqual(source.utf8), event.id.utf8.elementsEqual(id.utf8) { return sequence }
        }
        return nil
    }

    /// The segments that the index does not cover, ascending; mostly the active one alone.
    ///
    /// While a closed segment waits for its run, every call looks at the index folder again: two listings a lookup.
    func unindexedSegments(before end: UInt64) throws(LogError) -> [UInt64] {
        // Finding the last event opens whatever segment has begun since.
        if end > firstSequence {
            let last = try segment(holding: end - 1)
            if case .gap = try last.place(of: end - 1, before: self.end(of: last)) { try refresh() }
        }
        // An index that cannot be read covers nothing new; the lines are read instead.
        if index.coveredTo < segmentStarts.last ?? 0 { try? index.reload() }
        // The index knows of a segment closed since: then its footer tells more than its lines.
        if index.coveredTo > segmentStarts.last ?? 0 { try refresh() }
        let starts = segmentStarts
        let covered = try indexedTo(starts.last ?? 0)
        return starts.indices.filter { position in
            let segmentEnd = position + 1 < starts.count ? starts[position + 1] : UInt64.max
            return segmentEnd > covered && starts[position] < end
        }.map { starts[$0] }
    }

    /// Where a segment's subjects are, made or kept.
    func subjectScan(of segment: OpenSegment) -> SubjectScan {
        subjectScans.withLock { Self.scan(of: segment, in: &$0, \.segment) { SubjectScan(segment, hash: hash) } }
    }

    /// Where a segment's ids are, made or kept.
    private func idScan(of segment: OpenSegment) -> IDScan {
        idScans.withLock { Self.scan(of: segment, in: &$0, \.segment) { IDScan(segment, hash: hash) } }
    }

    private static func scan<Scan>(
        of segment: OpenSegment, in scans: inout [Scan], _ segmentOf: (Scan) -> OpenSegment, _ make: () -> Scan
    ) -> Scan {
        if let known = scans.first(where: { segmentOf($0) === segment }) { return known }
        scans.removeAll { segmentOf($0).first == segment.first }
        if scans.count >= scansMax { scans.removeFirst() }
        let scan = make()
        scans.append(scan)
        return scan
    }
}

/// One search for the events of a subject, newest segment first.
private struct SubjectSearch {
    let reader: LogReader
    let subject: String
    /// The subject as it stands in a line.
    let text: [UInt8]
    let hash: SubjectHash
    let end: UInt64
    private var starts: [UInt64] = []
    private var pending: Set<UInt64> = []
    /// Those that the index or a later footer named: nothing but they lead to the segments before.
    private var named: Set<UInt64> = []
    /// What was found, newest segment first.
    private var found: [[StoredEvent]] = []

    init(reader: LogReader, subject: String, end: UInt64) {
        self.reader = reader
        self.subject = subject
        self.end = end
        var text: [UInt8] = []
        JSONText.appendEscaped(subject, to: &text)
        self.text = text
        hash = reader.hash.subject(subject)
    }

    mutating func run() throws(LogError) -> [StoredEvent] {
        let unindexed = Set(try reader.unindexedSegments(before: end))
        starts = reader.segmentStarts
        pending = unindexed
        do throws(IndexError) {
            for entry in try reader.index.subjects(hash: hash.hash, check: hash.check) { visit(entry.newestSegment) }
        } catch {
            // Without the index every segment may have the subject.
            pending = Set(starts)
        }
        while let first = pending.max() {
            pending.remove(first)
            let segment = try reader.segment(startingAt: first)
            try search(segment, isLink: !unindexed.contains(first) || named.contains(first))
        }
        return Array(found.reversed().joined())
    }

    private mutating func visit(_ first: UInt64) {
        guard starts.contains(first) else { return }
        pending.insert(first)
        named.insert(first)
    }

    private mutating func search(_ segment: OpenSegment, isLink: Bool) throws(LogError) {
        guard let entries = try postings(segment) else {
            if segment.first < end {
                let bound = min(end, reader.end(of: segment))
                let scan = reader.subjectScan(of: segment)
                if !scan.pays() {
                    try take(try segment.spans(upTo: bound), segment)
                } else if let events = try scan.events(of: subject, hash, before: bound) {
                    if !events.isEmpty { found.append(events) }
                } else {
                    try take(try scan.spans(of: hash, before: bound), segment)
                }
            }
            // The segment says nothing of those before it.
            if isLink { visitAll(before: segment) }
            return
        }
        var spans: [SegmentSpan] = []
        for entry in entries {
            switch entry.previousSegment {
            case RecentEvents.none: break
            case SubjectPostings.unknownSegment: visitAll(before: segment)
            // Only backwards: postings that lead in a circle would never end.
            default: if entry.previousSegment < segment.first { visit(entry.previousSegment) }
            }
            spans += try segment.withTally(upTo: segment.footer?.endSequence ?? segment.first) { tally in
                entry.spans.map { tally.spans[$0] }
            }
        }
        if entries.count > 1 { spans.sort { $0.firstSequence < $1.firstSequence } }
        try take(spans, segment)
    }

    /// Any of them may have the subject: one that has not says nothing of those before it either.
    private mutating func visitAll(before segment: OpenSegment) {
        pending.formUnion(starts.filter { $0 < segment.first })
    }

    /// The entries of the subject in a footer; nil if its postings or its frame table cannot be read.
    private func postings(_ segment: OpenSegment) throws(LogError) -> [SubjectPostings.Entry]? {
        guard let section = segment.footer?.section(SegmentFooter.Name.subjects) else { return nil }
        // Without the table that the postings number, the numbers would lead to other spans.
        guard let count = try segment.frameTableCount() else { return nil }
        do throws(FileError) {
            let result = try SubjectPostings.find(
                hash.hash, segment: segment.first, spanCount: count, section: section, file: segment.file)
            if case .entries(let entries) = result { return entries }
            return nil
        } catch {
            throw LogError(error)
        }
    }

    private mutating func take(_ spans: [SegmentSpan], _ segment: OpenSegment) throws(LogError) {
        var wanted: [SegmentSpan] = []
        for span in spans where span.firstSequence < end && span.firstSequence != wanted.last?.firstSequence {
            wanted.append(span)
        }
        let events = try SpanShares.read(wanted) { [self] span throws(LogError) in
            try self.events(in: span, segment)
        }
        if !events.isEmpty { found.append(events) }
    }

    private func events(in span: SegmentSpan, _ segment: OpenSegment) throws(LogError) -> [StoredEvent] {
        if let quick = try segment.events(of: subject, text, in: span, before: end) { return quick }
        var events: [StoredEvent] = []
        for content in try segment.read(span, passesGaps: true) {
            for position in content.entries.indices where isOurs(content, position) {
                let event = content.event(position)
                if event.sequence < end { events.append(event) }
            }
        }
        return events
    }

    private func isOurs(_ content: BatchContent, _ position: Int) -> Bool {
        content.entries[position].subjectLength == text.count && (content.subjectText(position) ?? []) == text[...]
    }
}
