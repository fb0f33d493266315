import Synchronization

/// Which batches of one segment have a subject, and which events may have an id, found by reading its lines.
///
/// For segments that neither postings nor the index cover: the active one, and closed ones whose footer cannot be read.
/// It grows with the segment, is made on the first question and kept for later ones.
final class SubjectScan: Sendable {
    let segment: OpenSegment
    private let hash: KeyedHash
    private let state: Mutex<State>

    private struct State {
        var offset = UInt64(SegmentHeader.frameBytes)
        var next: UInt64
        var batches: [SegmentSpan] = []
        /// The last mention of every subject, as an index into `mentions`.
        var subjects: [UInt64: Int32] = [:]
        var mentions: [Mention] = []
        var ids: [UInt64: UInt64] = [:]
        var idCollisions: [UInt64: [UInt64]] = [:]
        var damage: Damage?
    }

    private struct Mention {
        var batch: Int32
        /// The mention before of the same subject; -1 = none.
        var previous: Int32
    }

    init(_ segment: OpenSegment, hash: KeyedHash) {
        self.segment = segment
        self.hash = hash
        state = Mutex(State(next: segment.first))
    }

    /// The batches before `end` that may have the subject, ascending.
    ///
    /// - Throws: `damaged` if a part that may have it cannot be read.
    func batches(of subject: SubjectHash, before end: UInt64) throws(LogError) -> [SegmentSpan] {
        try withState(upTo: end) { state in
            var found: [SegmentSpan] = []
            var mention = state.subjects[subject.hash] ?? -1
            while mention >= 0 {
                found.append(state.batches[Int(state.mentions[Int(mention)].batch)])
                mention = state.mentions[Int(mention)].previous
            }
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
                add(BatchContent(directory: directory, lines: lines), directory.head, at: offset, to: &state)
            }
            state.offset = walker.offset
            state.next = walker.next
        }
    }

    private func add(_ content: BatchContent, _ head: BatchHead, at offset: UInt64, to state: inout State) {
        let batch = Int32(state.batches.count)
        state.batches.append(
            SegmentSpan(
                offset: offset, bytes: UInt64(head.totalBytes), firstSequence: head.firstSequence,
                count: UInt64(head.count), rawLength: UInt64(head.rawLength), times: head.times, types: TypeSet()))
        for position in content.entries.indices {
            let keys = content.keys(position, hash)
            if let subject = keys.subject?.hash {
                let previous = state.subjects[subject] ?? -1
                if previous < 0 || state.mentions[Int(previous)].batch != batch {
                    state.subjects[subject] = Int32(state.mentions.count)
                    state.mentions.append(Mention(batch: batch, previous: previous))
                }
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
