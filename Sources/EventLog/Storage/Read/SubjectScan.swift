import Synchronization

/// Which events of one segment are a subject's, found by reading its lines.
///
/// For segments that have no postings: the active one, and closed ones whose footer cannot be read.
/// It grows with the segment and is kept. The first few questions are quicker without, by looking through all lines.
final class SubjectScan: Sendable {
    let segment: OpenSegment
    private let hash: KeyedHash
    private let state: Mutex<State>
    private let questions = Atomic(0)

    /// Making the tables takes as long as so many looks through all lines, about.
    private static let questionsWithout = 4

    private struct State {
        var progress: ScanProgress
        var batches: [ScannedBatch] = []
        /// Of the batches that have several.
        var blocks: [FrameBlocks] = []
        /// The last event of every subject, as an index into `mentions`.
        var subjects: [UInt64: Int32] = [:]
        var mentions: [Mention] = []
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
        state = Mutex(State(progress: ScanProgress(segment)))
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

    private func withState<Result>(upTo end: UInt64, _ body: (State) -> Result) throws(LogError) -> Result {
        var failure: LogError?
        let result: Result? = state.withLock { state in
            do throws(LogError) {
                try extend(&state, upTo: end)
                return body(state)
            } catch {
                failure = error
                return nil
            }
        }
        guard let result else { throw failure ?? segment.damage(at: segment.first) }
        return result
    }

    private func extend(_ state: inout State, upTo end: UInt64) throws(LogError) {
        var progress = state.progress
        defer { state.progress = progress }
        try progress.extend(segment, upTo: end) { content, batch, blocks in
            var batch = batch
            if let blocks {
                batch.blocks = Int32(state.blocks.count)
                state.blocks.append(blocks)
            }
            let number = Int32(state.batches.count)
            state.batches.append(batch)
            content.eachSubject(hash) { position, subject in
                let mention = Int32(state.mentions.count)
                let line = content.entries[position].lineStart
                let previous = state.subjects.updateValue(mention, forKey: subject.hash) ?? -1
                state.mentions.append(Mention(batch: number, previous: previous, line: line))
            }
        }
    }
}
