import SystemPackage

/// Goes through a range of the log in sequence order, batch by batch.
///
/// A value with one owner: copies share what they read and must not be used side by side.
public struct LogCursor {
    private let reader: LogReader
    private let types: TypeFilter?
    /// The first sequence that is not wanted any more.
    public let end: UInt64
    /// The sequence with which the next batch starts: everything before it was handed out or skipped.
    public private(set) var position: UInt64
    private var segment: OpenSegment?
    private var scanner: SegmentScanner?
    /// Where the batch that starts with `next` stands.
    private var offset: UInt64 = 0
    private var next: UInt64 = 0
    private var wanted: WantedSpans?
    private var hasLookedAgain = false
    private let passesGaps: Bool

    init(reader: LogReader, from: UInt64, to end: UInt64, types: TypeFilter?, passingGaps: Bool) {
        passesGaps = passingGaps
        self.reader = reader
        self.types = types?.matchesEverything ?? true ? nil : types
        self.end = end
        position = from
    }

    /// The next batch with at least one wanted event; nil at the end.
    ///
    /// - Throws: `LogError`. With `damaged` or `gap`, and `sequences`, the cursor stands behind those events, and goes
    ///   on there if it is asked again.
    public mutating func nextBatch() throws -> EventBatch? {
        do {
            while position < end {
                if segment == nil { try enter() }
                if let batch = try step() { return batch }
            }
            return nil
        } catch let error as FileError {
            throw LogError(error)
        } catch let damage as Damage {
            if segment == nil { throw skip(damage.error) }
            throw damage.error
        } catch let error as LogError {
            throw error.sequences == nil ? error : skip(error)
        }
    }

    /// Moves behind events that cannot be read.
    private mutating func skip(_ error: LogError) -> LogError {
        position = min(max(position, error.sequences?.upperBound ?? position), end)
        segment = nil
        return error
    }

    /// Opens the segment that holds `position` and finds the batch there.
    private mutating func enter() throws {
        guard position >= reader.firstSequence else {
            throw LogError(
                code: .archived,
                message: "event \(position) is before the log's first, \(reader.firstSequence); bring the older "
                    + "segments back",
                path: reader.paths.directory.string)
        }
        let wantedPosition = position
        var (segment, place) = try reader.retrying { [reader] () throws(LogError) in
            let segment = try reader.segment(holding: wantedPosition)
            return (segment, try segment.place(of: wantedPosition, before: reader.end(of: segment)))
        }
        if case .gap = place {
            // The segment may have been closed, and another begun, since it was opened.
            try reader.refresh()
            segment = try reader.segment(holding: position)
            place = try segment.place(of: position, before: reader.end(of: segment))
        }
        guard case .span(let span) = place else {
            if case .gap(let damage) = place {
                guard passesGaps, damage.accepted != nil, let end = damage.sequences?.upperBound else { throw damage }
                _ = leave(at: min(end, self.end))
            }
            return
        }
        self.segment = segment
        scanner = SegmentScanner(file: segment.file, identity: reader.identity)
        offset = span.offset
        next = span.firstSequence
        wanted = try wantedSpans(of: segment)
    }

    /// The spans of a segment that have wanted types, of those that are known by now.
    private struct WantedSpans {
        var spans: [SegmentSpan]
        /// Where what is known ends: in the file, and as a sequence.
        var endOffset: UInt64
        var endSequence: UInt64
    }

    /// nil = any span may have wanted types.
    private func wantedSpans(of segment: OpenSegment) throws(LogError) -> WantedSpans? {
        guard let types else { return nil }
        return try segment.withWholeTally(upTo: reader.end(of: segment)) { tally in
            guard !tally.typesOverflow else { return nil }
            var set = TypeSet()
            for (index, type) in tally.types.enumerated() where types.matches(type) { set.insert(index) }
            return WantedSpans(
                spans: tally.spans.filter { $0.types.intersects(set) }, endOffset: tally.endOffset,
                endSequence: tally.endSequence)
        }
    }

    /// Handles the batch that starts with `next`; nil if none of it is wanted, or the segment ended.
    private mutating func step() throws -> EventBatch? {
        guard let segment, let scanner else { return nil }
        if let footer = segment.footer, next >= footer.endSequence { return leave(at: footer.endSequence) }
        if skipSpans() { return nil }
        if let gap = segment.gaps.holding(next) { return try pass(gap, segment) }
        guard case .batch(let head) = try scanner.frame(at: offset), head.firstSequence == next,
            let directory = try scanner.directory(at: offset, head)
        else { return try miss(segment, scanner) }
        guard head.endSequence > position else {
            pass(head)
            return nil
        }
        let selection = select(directory)
        if selection?.isEmpty ?? false {
            pass(head)
            return nil
        }
        guard let lines = try scanner.lines(at: offset, head), directory.matches(lines) else {
            return try miss(segment, scanner)
        }
        let batch = EventBatch(
            content: BatchContent(directory: directory, lines: lines), range: range(of: head), selection: selection)
        pass(head)
        hasLookedAgain = false
        return batch
    }

    /// What stands at `offset` is not the batch that should be there: the segment ended, the file was replaced, what
    /// was read ahead is old, or the bytes are damaged.
    ///
    /// Looks again before it says so.
    private mutating func miss(_ segment: OpenSegment, _ scanner: SegmentScanner) throws -> EventBatch? {
        scanner.forget()
        guard hasLookedAgain else {
            hasLookedAgain = true
            return nil
        }
        hasLookedAgain = false
        try reader.refresh()
        if reader.segmentStarts.contains(next), next != segment.first { return leave(at: next) }
        if !segment.file.isLinked() { return leave(at: position) }
        var walker = SegmentWalker(scanner: scanner, offset: offset, next: next)
        let damage: Damage
        switch try walker.nextItem(before: min(reader.end(of: segment), reader.head)) {
        case .gap(let found)?: damage = found
        case .batch?: return nil
        // The last batch reaches past the segment's end: what is wanted stands in another one, if anywhere.
        case nil: return leave(at: position)
        }
        // Goes on behind it right here: the span it is in may start before it, and be found again.
        offset = walker.offset
        next = walker.next
        guard next > position else { return nil }
        position = min(next, end)
        throw damage
    }

    /// Moves behind an accepted gap, or says that it is there.
    private mutating func pass(_ gap: SegmentGap, _ segment: OpenSegment) throws -> EventBatch? {
        offset = gap.endOffset
        next = gap.sequences.upperBound
        guard next > position else { return nil }
        position = min(next, end)
        if !passesGaps { throw Damage(gap, path: segment.file.path.string) }
        return nil
    }

    private mutating func pass(_ head: BatchHead) {
        offset += UInt64(head.totalBytes)
        next = head.endSequence
        position = min(max(position, next), end)
    }

    private mutating func leave(at sequence: UInt64) -> EventBatch? {
        segment = nil
        scanner = nil
        position = max(position, sequence)
        return nil
    }

    /// The part of a batch that lies in the range asked for.
    private func range(of head: BatchHead) -> Range<Int> {
        let lower = position > head.firstSequence ? Int(position - head.firstSequence) : 0
        let upper = end < head.endSequence ? Int(end - head.firstSequence) : head.count
        return lower..<upper
    }

    /// The wanted events of a batch; nil = all.
    private func select(_ directory: BatchDirectory) -> [UInt32]? {
        guard let types else { return nil }
        let matches = directory.types.map(types.matches)
        let range = range(of: directory.head)
        if !matches.contains(false) { return nil }
        if !matches.contains(true) { return [] }
        var selection: [UInt32] = []
        for index in range where matches[Int(directory.entries[index].typeIndex)] { selection.append(UInt32(index)) }
        return selection
    }

    /// Moves over spans without wanted types; true if it moved.
    private mutating func skipSpans() -> Bool {
        guard let wanted, let segment, next < wanted.endSequence else { return false }
        let index = wanted.spans.partitioningIndex { $0.endSequence > next }
        if index < wanted.spans.count {
            guard wanted.spans[index].firstSequence > next else { return false }
            offset = wanted.spans[index].offset
            next = wanted.spans[index].firstSequence
        } else if let footer = segment.footer {
            _ = leave(at: footer.endSequence)
            return true
        } else {
            offset = wanted.endOffset
            next = wanted.endSequence
        }
        position = min(max(position, next), end)
        return true
    }
}
