import Synchronization

/// Which events of one segment are a subject's, and which may have an id, found by reading its lines.
///
/// For segments that neither postings nor the index cover: the active one, and closed ones whose footer cannot be read.
/// It grows with the segment and is kept. The first few questions are quicker without, by looking through all lines.
final class SubjectScan: Sendable {
    let segment: OpenSegment
    private let hash: KeyedHash
    private let state: Mutex<State>
    private let questions = Atomic(0)

    /// Making the tables takes as long as so many looks through all lines, about.
    private static let questionsWithout = 4

    private struct State {
        var offset = UInt64(SegmentHeader.frameBytes)
        var next: UInt64
        var batches: [ScannedBatch] = []
        /// Of the batches that have several.
        var blocks: [FrameBlocks] = []
        /// The last event of every subject, as an index into `mentions`.
        var subjects: [UInt64: Int32] = [:]
        var mentions: [Mention] = []
        var ids: [UInt64: UInt64] = [:]
        var idCollisions: [UInt64: [UInt64]] = [:]
        var damage: Damage?
    }

    /// An event with a subject.
    private struct Mention {
        var batch: Int32
        /// The event before of the same subject; -1 = none.
        var previous: Int32
        /// Where its line starts in the lines of the batch.
        var line: UInt32
    }

    /// Events of one batch.
    struct Place {
        var batch: ScannedBatch
        var blocks: FrameBlocks?
        /// Where their lines start in the lines of the batch, ascending.
        var lines: [UInt32]
    }

    init(_ segment: OpenSegment, hash: KeyedHash) {
        self.segment = segment
        self.hash = hash
        state = Mutex(State(next: segment.first))
    }

    /// Counts a question for a subject, and says whether the tables are worth their making by now.
    func pays() -> Bool {
        questions.load(ordering: .relaxed) >= Self.questionsWithout
            || questions.add(1, ordering: .relaxed).oldValue >= Self.questionsWithout
    }

    /// The events of a subject before `end`, ascending; nil if a line cannot be read again.
    ///
    /// - Throws: `damaged` if a part that may have it cannot be read.
    func events(of subject: String, _ hash: SubjectHash, before end: UInt64) throws(LogError) -> [StoredEvent]? {
        var picker = LinePicker(segment.file)
        var found: [StoredEvent] = []
        for place in try places(of: hash, before: end) {
            do throws(FileError) {
                guard let events = try picker.events(at: place.lines, of: place.batch, place.blocks) else { return nil }
                // Another subject may have the same hash.
                found += events.filter { $0.sequence < end && $0.subject?.utf8.elementsEqual(subject.utf8) ?? false }
            } catch {
                throw LogError(error)
            }
        }
        return found
    }

    /// The spans before `end` that may have a subject: each a batch.
    ///
    /// - Throws: as `events`.
    func spans(of hash: SubjectHash, before end: UInt64) throws(LogError) -> [SegmentSpan] {
        var spans: [SegmentSpan] = []
        for place in try places(of: hash, before: end) {
            guard case .span(let span) = try segment.place(of: place.batch.firstSequence, before: end) else { continue }
            if span != spans.last { spans.append(span) }
        }
        return spans
    }

    private func places(of subject: SubjectHash, before end: UInt64) throws(LogError) -> [Place] {
        try withState(upTo: end) { state in
            var found: [Place] = []
            var last: Int32 = -1
            var next = state.subjects[subject.hash] ?? -1
            while next >= 0 {
                let mention = state.mentions[Int(next)]
                if mention.batch != last {
                    let batch = state.batches[Int(mention.batch)]
                    let blocks = batch.blocks < 0 ? nil : state.blocks[Int(batch.blocks)]
                    found.append(Place(batch: batch, blocks: blocks, lines: []))
                    last = mention.batch
                }
                found[found.count - 1].lines.append(mention.line)
                next = mention.previous
            }
            for index in found.indices { found[index].lines.reverse() }
            return found.reversed()
        }
    }

    /// The events before `end` whose id may have this hash.
    func candidates(idHash: UInt64, before end: UInt64) throws(LogError) -> [UInt64] {
        try withState(upTo: end) { state in
            (state.ids[idHash].map { [$0] } ?? []) + (state.idCollisions[idHash] ?? [])
        }
    }

    private func withState<Result>(upTo end: UInt64, _ body: (State) -> Result) throws(LogError) -> Result {
        var failure: LogError?
        let result: Result? = state.withLock { state in
            do throws(FileError) {
                if state.damage == nil { try extend(&state, upTo: end) }
            } catch {
                failure = LogError(error)
                return nil
            }
            if let damage = state.damage, damage.sequences?.lowerBound ?? 0 < end {
                failure = damage.error
                return nil
            }
            return body(state)
        }
        guard let result else { throw failure ?? segment.damage(at: segment.first) }
        return result
    }

    private func extend(_ state: inout State, upTo end: UInt64) throws(FileError) {
        guard state.next < end else { return }
        let scanner = SegmentScanner(file: segment.file, identity: segment.header.identity)
        var walker = SegmentWalker(
            scanner: scanner, offset: state.offset, next: state.next, gaps: segment.gaps)
        while let item = try walker.nextItem(before: end) {
            switch item {
            case .gap(let damage):
                // Whether a subject may have events in an accepted gap, `history` asks for itself.
                if damage.accepted != nil { break }
                state.damage = damage
                return
            case .batch(let offset, let directory, let lines):
                let blocks = try scanner.blocks(at: offset, directory.head)
                add(BatchContent(directory: directory, lines: lines), directory.head, at: offset, blocks, to: &state)
            }
            state.offset = walker.offset
            state.next = walker.next
        }
    }

    private func add(
        _ content: BatchContent, _ head: BatchHead, at offset: UInt64, _ blocks: FrameBlocks?, to state: inout State
    ) {
        let batch = Int32(state.batches.count)
        state.batches.append(
            ScannedBatch(
                frameOffset: offset + UInt64(head.directoryBytes), firstSequence: head.firstSequence,
                count: UInt32(head.count), frameBytes: UInt32(head.frameBytes), frameChecksum: head.frameChecksum,
                rawLength: UInt32(head.rawLength), blocks: blocks == nil ? -1 : Int32(state.blocks.count)))
        if let blocks { state.blocks.append(blocks) }
        for position in content.entries.indices {
            let keys = content.keys(position, hash)
            if let subject = keys.subject?.hash {
                let mention = Int32(state.mentions.count)
                let line = content.entries[position].lineStart
                state.mentions.append(
                    Mention(
                        batch: batch, previous: state.subjects.updateValue(mention, forKey: subject) ?? -1, line: line))
            }
            guard let id = keys.id else { continue }
            let sequence = content.firstSequence + UInt64(position)
            if state.ids[id] == nil {
                state.ids[id] = sequence
            } else {
                state.idCollisions[id, default: []].append(sequence)
            }
        }
    }
}
