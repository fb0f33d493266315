import Synchronization
import SystemPackage

/// One segment's file as a reader has it open, with what is known of its batches.
///
/// Of a closed segment that is its footer's frame table; of the active one, the directories walked so far.
final class OpenSegment: Sendable {
    let file: any OpenFile
    let header: SegmentHeader
    /// nil: the segment is active, or its footer cannot be read.
    let footer: SegmentFooter?
    /// The accepted gaps.
    let gaps: [SegmentGap]
    private let map: Mutex<Map>
    private let idle = Mutex<[Loan]>([])

    private struct Map {
        var tally: SegmentTally
        var gaps: [Damage] = []
        var isLoaded = false
        /// Whether `tally` is the footer's: only then do span numbers mean what the postings mean by them.
        var isFromFooter = false
        var nextOffset = UInt64(SegmentHeader.frameBytes)
        var next: UInt64
    }

    /// A scanner that is handed from one user to the next under a lock.
    private struct Loan: @unchecked Sendable {
        let scanner: SegmentScanner
    }

    private static let idleMax = 4

    init(_ path: FilePath, first: UInt64, files: any FileLayer) throws(LogError) {
        do throws(FileError) {
            file = try files.open(path, .read)
        } catch {
            throw LogError(error)
        }
        header = try SegmentHeader.read(file, expecting: first)
        do throws(FileError) {
            let footer = try SegmentFooter.read(file, logID: header.identity.bytes)
            self.footer = footer?.firstSequence == first ? footer : nil
            // A table that does not check says nothing: what it named is damage again.
            gaps = try self.footer?.loadGaps(from: file) ?? []
        } catch {
            throw LogError(error)
        }
        map = Mutex(Map(tally: SegmentTally(firstSequence: first), next: first))
    }

    var first: UInt64 { header.firstSequence }

    /// Lends a scanner for as long as `body` runs.
    func withScanner<Result>(_ body: (SegmentScanner) throws -> Result) rethrows -> Result {
        let loan =
            idle.withLock { $0.popLast() } ?? Loan(scanner: SegmentScanner(file: file, identity: header.identity))
        defer { idle.withLock { if $0.count < Self.idleMax { $0.append(loan) } } }
        // What was read ahead of an active segment may be a batch that was taken back since, and never was.
        if footer == nil { loan.scanner.forget() }
        return try body(loan.scanner)
    }

    /// Where to look for an event.
    enum Place {
        /// In the span that starts with this batch.
        case span(SegmentSpan)
        /// Nowhere: the bytes are damaged.
        case gap(Damage)
    }

    /// Finds the span of an event; `end` is the sequence up to which the segment is known to be durable.
    func place(of sequence: UInt64, before end: UInt64) throws(LogError) -> Place {
        try withMap(upTo: end) { map in
            if let index = map.tally.spanIndex(of: sequence) { return .span(map.tally.spans[index]) }
            let gap = map.gaps.first { $0.sequences?.contains(sequence) ?? false }
            return .gap(
                gap
                    ?? Damage(
                        path: file.path.string, offset: map.nextOffset, structure: .segment,
                        sequences: sequence..<(sequence + 1), message: "the event is not in the segment"))
        }
    }

    /// Why an event cannot be found.
    func damage(at sequence: UInt64) -> LogError {
        Damage(
            path: file.path.string, offset: 0, structure: .segment, sequences: sequence..<(sequence + 1),
            message: "the event is not where it should be"
        ).error
    }

    /// Looks at all spans up to `end`.
    func withTally<Result>(upTo end: UInt64, _ body: (SegmentTally) -> Result) throws(LogError) -> Result {
        try withMap(upTo: end) { body($0.tally) }
    }

    /// Looks at all spans up to `end`, if nothing lies between them that cannot be read; nil otherwise.
    ///
    /// Of a closed segment its footer tells all, whatever became of its batches since.
    func withWholeTally<Result>(
        upTo end: UInt64, _ body: (SegmentTally) -> Result?
    ) throws(LogError) -> Result? {
        try withMap(upTo: end) { $0.gaps.isEmpty ? body($0.tally) : nil }
    }

    /// All spans up to `end`, but for accepted gaps.
    ///
    /// - Throws: `damaged` if events before `end` cannot be read.
    func spans(upTo end: UInt64) throws(LogError) -> [SegmentSpan] {
        let (spans, damage) = try withMap(upTo: end) { map in
            (map.tally.spans, map.gaps.first { $0.accepted == nil && $0.sequences?.lowerBound ?? 0 < end })
        }
        if let damage { throw damage.error }
        return spans
    }

    /// The first span that ends after the instant, by recordedtime; nil if none before `end` does.
    ///
    /// - Throws: `damaged` if events that cannot be read may be earlier and recorded after it.
    func borderSpan(of instant: Instant, upTo end: UInt64) throws(LogError) -> SegmentSpan? {
        let (span, gap) = try withMap(upTo: end) { map -> (SegmentSpan?, Damage?) in
            let spans = map.tally.spans
            let index = spans.partitioningIndex { $0.times.maxRecorded > instant }
            let span = index < spans.count ? spans[index] : nil
            if let span, span.times.minRecorded <= instant { return (span, nil) }
            let before = index > 0 ? spans[index - 1].endSequence : first
            return (span, map.gaps.first { $0.sequences?.lowerBound == before })
        }
        if let gap { throw gap.error }
        return span
    }

    /// How many spans the footer's frame table has; nil if there is no such table that can be read.
    func frameTableCount() throws(LogError) -> Int? {
        try withMap(upTo: first) { $0.isFromFooter ? $0.tally.spans.count : nil }
    }

    /// Whether the file still ends in the footer that was read when it was opened.
    func footerStands() -> Bool {
        guard let now = try? SegmentFooter.read(file, logID: header.identity.bytes) else { return false }
        return now == footer
    }

    private func withMap<Result>(upTo end: UInt64, _ body: (Map) -> Result) throws(LogError) -> Result {
        var failure: FileError?
        let result: Result? = map.withLock { map in
            do throws(FileError) {
                try extend(&map, upTo: end)
                return body(map)
            } catch {
                failure = error
                return nil
            }
        }
        guard let result else { throw LogError(failure ?? FileError(operation: "read", path: file.path, number: 0)) }
        return result
    }

    private func extend(_ map: inout Map, upTo end: UInt64) throws(FileError) {
        if !map.isLoaded {
            map.isLoaded = true
            if let footer, let tally = try footer.loadTally(from: file) {
                map.tally = tally
                map.isFromFooter = true
                map.next = footer.endSequence
            }
        }
        let end = footer.map { min($0.endSequence, end) } ?? end
        guard map.next < end else { return }
        let scanner = SegmentScanner(file: file, identity: header.identity)
        var walker = SegmentWalker(
            scanner: scanner, offset: map.nextOffset, next: map.next, lines: 0..<0, gaps: gaps)
        while let item = try walker.nextItem(before: end) {
            switch item {
            case .batch(let offset, let directory, _): map.tally.add(directory.head, types: directory.types, at: offset)
            case .gap(let damage): map.gaps.append(damage)
            }
        }
        map.nextOffset = walker.offset
        map.next = walker.next
    }

    /// Reads the batches of a span, checked: all, or the one that holds `sequence`; with `passesGaps`, all but those
    /// in an accepted gap.
    func read(
        _ span: SegmentSpan, only sequence: UInt64? = nil, passesGaps: Bool = false
    ) throws(LogError) -> [BatchContent] {
        var failure: LogError?
        let contents: [BatchContent] = withScanner { scanner in
            do throws(LogError) {
                return try read(span, only: sequence, passesGaps, scanner)
            } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return contents
    }

    private func read(
        _ span: SegmentSpan, only sequence: UInt64?, _ passesGaps: Bool, _ scanner: SegmentScanner
    ) throws(LogError) -> [BatchContent] {
        var contents: [BatchContent] = []
        do throws(FileError) {
            try scanner.prefetch(at: span.offset, count: Int(span.bytes))
        } catch {
            throw LogError(error)
        }
        var walker = SegmentWalker(
            scanner: scanner, offset: span.offset, next: span.firstSequence, lines: sequence.map { $0..<($0 + 1) },
            gaps: gaps)
        while true {
            let item: SegmentWalker.Item?
            do throws(FileError) { item = try walker.nextItem(before: span.endSequence) } catch {
                throw LogError(error)
            }
            switch item {
            case .batch(_, let directory, let lines)?:
                if !lines.isEmpty { contents.append(BatchContent(directory: directory, lines: lines)) }
            case .gap(let damage)?:
                // What stands beside the one event that is wanted does not matter.
                if let sequence, !(damage.sequences?.contains(sequence) ?? true) { continue }
                if passesGaps, damage.accepted != nil { continue }
                throw damage.error
            case nil: return contents
            }
        }
    }
}
