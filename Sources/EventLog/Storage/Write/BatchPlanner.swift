/// Decides what becomes of each waiting request, one after the other, and gathers what is new into one batch.
///
/// A request is taken whole or refused whole; a refused one leaves no trace. Nothing is durable before the store has
/// committed the batch. Used by one thread.
struct BatchPlanner {
    private let store: LogStore
    private let reader: LogReader
    private let now: Instant
    private(set) var batch: BatchBuilder
    /// The drafts of the batch, by place: later requests may repeat them.
    private var drafts: [EventDraft] = []
    /// What this batch makes of the subjects it touches.
    private var subjects: [SubjectHash: SubjectState] = [:]
    /// Places in the batch by the hash of their id.
    private var ids: [UInt64: [Int]] = [:]

    init(store: LogStore, reader: LogReader, now: Instant) {
        self.store = store
        self.reader = reader
        self.now = max(now, store.lastRecorded)
        batch = BatchBuilder(firstSequence: store.nextSequence)
    }

    /// Plans one request.
    ///
    /// - Throws: `AppendError`; the batch is then as it was.
    mutating func add(_ request: AppendRequest) throws(AppendError) -> [Acknowledgement] {
        let mark = Mark(count: batch.entries.count)
        var touched = Touched()
        do throws(AppendError) {
            var acknowledgements: [Acknowledgement] = []
            acknowledgements.reserveCapacity(request.events.count)
            for (index, draft) in request.events.enumerated() {
                do throws(AppendError) {
                    acknowledgements.append(try plan(draft, expected: request.expectedVersion, &touched))
                } catch {
                    var error = error
                    error.eventIndex = index
                    throw error
                }
            }
            return acknowledgements
        } catch {
            undo(mark, touched)
            throw error
        }
    }

    private struct Mark {
        var count: Int
    }

    /// What a request has changed, to take it back.
    private struct Touched {
        /// Subjects of the request, with what they were in the batch before.
        var subjects: [SubjectHash: SubjectState?] = [:]
        var ids: [UInt64] = []
        /// Subjects whose first event of the request was seen.
        var seen: Set<SubjectHash> = []
    }

    private mutating func undo(_ mark: Mark, _ touched: Touched) {
        for (subject, state) in touched.subjects { subjects[subject] = state }
        for id in touched.ids.reversed() { ids[id]?.removeLast() }
        drafts.removeSubrange(mark.count...)
        batch.truncate(to: mark.count)
    }

    private mutating func plan(
        _ draft: EventDraft, expected: UInt64?, _ touched: inout Touched
    ) throws(AppendError) -> Acknowledgement {
        let sequence = batch.nextSequence
        let subject = draft.subject.map { store.hash.subject($0) }
        let isFirst = subject.map { touched.seen.insert($0).inserted } ?? false
        var idHash: UInt64?
        if let id = draft.id, let source = draft.source {
            let hash = store.hash.id(source: source, id: id)
            if let known = try duplicate(of: draft, source: source, id: id, hash: hash) { return known }
            if try needsEntry(source: source, id: id, at: sequence) { idHash = hash }
        }
        var keys = BatchBuilder.Keys(id: idHash)
        if let subject {
            let state = try state(of: subject)
            let actual = state?.version ?? 0
            if let expected = (isFirst ? expected : nil) ?? draft.expectedVersion, expected != actual {
                throw Self.versionConflict(draft.subject ?? "", expected: expected, actual: actual)
            }
            keys.subject = subject
            keys.version = actual + 1
            keys.previousSegment = state?.segment ?? RecentEvents.none
            if touched.subjects[subject] == nil { touched.subjects[subject] = .some(subjects[subject]) }
            subjects[subject] = SubjectState(version: actual + 1, segment: keys.previousSegment)
        } else if draft.expectedVersion != nil {
            throw AppendError(
                code: .invalidEvent, message: "an expected version needs a subject; add one, or leave the version out")
        }
        let recorded = try recordedTime(of: draft, sequence: sequence, version: keys.version)
        batch.add(
            draft, sequence: sequence, recordedTime: recorded,
            subjectSequence: subject == nil ? nil : keys.version, keys: keys)
        if let idHash {
            ids[idHash, default: []].append(drafts.count)
            touched.ids.append(idHash)
        }
        drafts.append(draft)
        return Acknowledgement(
            sequence: sequence, subjectSequence: subject == nil ? nil : keys.version, isDuplicate: false)
    }

    /// Whether the index needs this id: not, if it is the one that the log itself gives at `sequence`.
    ///
    /// Refuses an id that the log will give, or has just given, to another event without one.
    private func needsEntry(source: String, id: String, at sequence: UInt64) throws(AppendError) -> Bool {
        guard let given = ReservedID.sequence(source: source, id: id) else { return true }
        if given == sequence { return false }
        if given < batch.firstSequence { return true }
        throw AppendError(
            code: .invalidEvent,
            message: "id \(id) of source \(LineError.printable(source)) is the log's own, for its event \(given); "
                + "give the event a source that does not start with \(Limits.reservedSourcePrefix)")
    }

    private static func versionConflict(_ subject: String, expected: UInt64, actual: UInt64) -> AppendError {
        AppendError(
            code: .versionConflict(expected: expected, actual: actual),
            message: "subject \(LineError.printable(subject)) is at version \(actual), not \(expected); "
                + "read its newest events and decide again")
    }

    private func state(of subject: SubjectHash) throws(AppendError) -> SubjectState? {
        if let state = subjects[subject] { return state }
        do throws(IndexError) { return try store.state(of: subject) } catch { throw Self.unreadable(error) }
    }

    private static func unreadable(_ error: some Error) -> AppendError {
        AppendError(code: .damaged, message: "the log cannot be read to check the event, nothing was stored: \(error)")
    }

    /// The `recordedtime` the event gets.
    ///
    /// A restored event brings its own, and must fit exactly.
    private func recordedTime(
        of draft: EventDraft, sequence: UInt64, version: UInt64
    ) throws(AppendError) -> Instant {
        let last = batch.entries.last?.recordedTime ?? store.lastRecorded
        guard let restored = draft.restored else { return max(now, last) }
        func refuse(_ message: String) -> AppendError {
            AppendError(
                code: .invalidEvent, message: message + "; restore all lines of one log, in order, into an empty log")
        }
        guard restored.sequence == sequence else {
            throw refuse("the line's sequence is \(restored.sequence), and the log's next is \(sequence)")
        }
        guard restored.recordedTime >= last else {
            throw refuse("the line's recordedtime \(restored.recordedTime.rfc3339) is before the log's last")
        }
        let expected = draft.subject == nil ? nil : version
        guard restored.subjectSequence == expected else {
            throw refuse(
                "the line's subjectsequence is \(restored.subjectSequence.map { "\($0)" } ?? "missing"), "
                    + "and the subject's next is \(expected.map { "\($0)" } ?? "none")")
        }
        return restored.recordedTime
    }

    // MARK: Idempotency

    /// The acknowledgement of the event that has this source and id already, if there is one.
    ///
    /// - Throws: `idConflict` if it has other content.
    private func duplicate(
        of draft: EventDraft, source: String, id: String, hash: UInt64
    ) throws(AppendError) -> Acknowledgement? {
        for place in ids[hash] ?? [] {
            let other = drafts[place]
            guard Self.areEqual(other.source, source), Self.areEqual(other.id, id) else { continue }
            let sequence = batch.firstSequence + UInt64(place)
            guard Self.haveEqualContent(draft, other) else { throw Self.conflict(source, id, sequence) }
            let version = batch.keys[place].subject == nil ? nil : batch.keys[place].version
            return Acknowledgement(sequence: sequence, subjectSequence: version, isDuplicate: true)
        }
        var candidates: [UInt64]
        do throws(IndexError) {
            candidates = try store.candidates(idHash: hash)
        } catch {
            throw Self.unreadable(error)
        }
        if let sequence = ReservedID.sequence(source: source, id: id) { candidates.append(sequence) }
        for sequence in candidates where sequence < batch.firstSequence && sequence >= reader.firstSequence {
            let event: StoredEvent
            do {
                event = try reader.event(at: sequence)
            } catch let error as LogError where error.code == .gap {
                throw Self.gone(id, sequence)
            } catch {
                throw Self.unreadable(error)
            }
            guard Self.areEqual(event.source, source), Self.areEqual(event.id, id) else { continue }
            guard event.hasContent(of: draft), Self.areEqual(event.subject, draft.subject),
                Self.areEqual(event.type, draft.type)
            else { throw Self.conflict(source, id, sequence) }
            return Acknowledgement(
                sequence: sequence, subjectSequence: event.subjectSequence, isDuplicate: true)
        }
        if let sequence = candidates.first(where: { $0 < reader.firstSequence }) { throw Self.archived(id, sequence) }
        if let lost = store.lostEvents, !store.options.acceptsLostIDs { throw Self.unknown(id, lost) }
        return nil
    }

    /// The index knows an event that was archived; only its line could tell whether it is the same.
    private static func archived(_ id: String, _ sequence: UInt64) -> AppendError {
        AppendError(
            code: .idConflict(sequence: sequence),
            message: "id \(LineError.printable(id)) seems to be that of event \(sequence), which was archived; bring "
                + "the older segments back, or give a new event another id")
    }

    /// The index knows an event that was given up; only its line could tell whether it is the same.
    private static func gone(_ id: String, _ sequence: UInt64) -> AppendError {
        AppendError(
            code: .idConflict(sequence: sequence),
            message:
                "id \(LineError.printable(id)) seems to be that of event \(sequence), which is in an accepted gap; "
                + "give a new event another id")
    }

    /// Neither lines nor index tell which ids were used.
    private static func unknown(_ id: String, _ lost: Range<UInt64>) -> AppendError {
        AppendError(
            code: .damaged,
            message: "id \(LineError.printable(id)) may be that of one of the events \(lost.lowerBound) to "
                + "\(lost.upperBound - 1), which neither the log nor its index can tell; run verify and restore the "
                + "segment from a copy")
    }

    private static func conflict(_ source: String, _ id: String, _ sequence: UInt64) -> AppendError {
        AppendError(
            code: .idConflict(sequence: sequence),
            message:
                "id \(LineError.printable(id)) of source \(LineError.printable(source)) was used before, with other "
                + "content, by the event at sequence \(sequence); give a new event a new id")
    }

    /// Compared as bytes: Swift's `==` takes texts as equal that are spelled differently.
    private static func areEqual(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.utf8.elementsEqual(right.utf8)
    }

    private static func haveEqualContent(_ new: EventDraft, _ old: EventDraft) -> Bool {
        guard areEqual(new.type, old.type), areEqual(new.subject, old.subject), new.data == old.data else {
            return false
        }
        guard let time = new.time else { return true }
        guard let other = old.time else { return false }
        return areEqual(time, other) || (try? Instant(rfc3339: time)) == (try? Instant(rfc3339: other))
    }
}
