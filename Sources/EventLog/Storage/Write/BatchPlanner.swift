/// Decides what becomes of each waiting request, one after the other, and gathers what is new into one batch.
///
/// A request is taken whole or refused whole; a refused one leaves no trace. Nothing is durable before the store has
/// committed the batch. Used by one thread.
struct BatchPlanner {
    private let store: LogStore
    private let reader: LogReader
    private let now: Instant
    private(set) var batch: BatchBuilder
    /// The requests of which the batch has events, and for each event which of them it is: later ones may repeat it.
    private var requests: [PreparedRequest] = []
    private var origins: [(request: Int, event: Int)] = []
    private var keys = PlannedKeys()
    /// The number of the request at hand, refused ones counted.
    private var number = 0

    init(store: LogStore, reader: LogReader, now: Instant) {
        self.store = store
        self.reader = reader
        self.now = now
        batch = BatchBuilder(firstSequence: store.nextSequence)
    }

    /// Plans one request.
    ///
    /// - Throws: `AppendError`; the batch is then as it was.
    mutating func add(_ request: PreparedRequest) throws(AppendError) -> [Acknowledgement] {
        let count = batch.entries.count
        number += 1
        requests.append(request)
        keys.begin()
        batch.begin(request)
        var index = 0
        do throws(AppendError) {
            var acknowledgements: [Acknowledgement] = []
            acknowledgements.reserveCapacity(request.events.count)
            while index < request.events.count {
                acknowledgements.append(try plan(index, of: request))
                index += 1
            }
            return acknowledgements
        } catch {
            keys.undo()
            requests.removeLast()
            origins.removeSubrange(count...)
            batch.truncate(to: count)
            var error = error
            error.eventIndex = index
            throw error
        }
    }

    private mutating func plan(_ index: Int, of request: PreparedRequest) throws(AppendError) -> Acknowledgement {
        let event = request.events[index]
        let sequence = batch.nextSequence
        let row = event.subject.map { keys.row(of: $0) }
        // Also if the event turns out to be known: what the request expects holds at the first one of the subject.
        let isFirst = row.map { keys.touch($0, by: number) } ?? false
        var idHash: UInt64?
        if let hash = event.id {
            if let known = try duplicate(of: index, in: request, hash: hash) { return known }
            if try needsEntry(event, request.drafts[index], at: sequence) { idHash = hash }
        }
        var planned = BatchBuilder.Keys(id: idHash)
        if let row {
            let expected = (isFirst ? request.expectedVersion : nil) ?? event.expectedVersion
            try advance(row, expected: expected, request.drafts[index], &planned)
        } else if event.expectedVersion != nil {
            throw AppendError(
                code: .invalidEvent, message: "an expected version needs a subject; add one, or leave the version out")
        }
        let recorded = try recordedTime(of: event, sequence: sequence, version: planned.version)
        batch.add(event, of: request, sequence: sequence, recordedTime: recorded, keys: planned)
        if let idHash { keys.add(id: idHash, at: origins.count) }
        origins.append((requests.count - 1, index))
        return Acknowledgement(
            sequence: sequence, subjectSequence: row == nil ? nil : planned.version, isDuplicate: false)
    }

    /// Gives the subject of a row its next version.
    @inline(__always)
    private mutating func advance(
        _ row: Int, expected: UInt64?, _ draft: @autoclosure () -> EventDraft, _ planned: inout BatchBuilder.Keys
    ) throws(AppendError) {
        let subject = keys[row]
        var state = subject.state
        if !subject.isKnown {
            do throws(IndexError) { state = try store.state(of: subject.key) } catch { throw Self.unreadable(error) }
        }
        let actual = state?.version ?? 0
        if let expected, expected != actual {
            throw Self.versionConflict(draft().subject ?? "", expected: expected, actual: actual)
        }
        planned.subject = subject.key
        planned.version = actual + 1
        planned.previousSegment = state?.segment ?? RecentEvents.none
        keys.set(SubjectState(version: actual + 1, segment: planned.previousSegment), at: row)
    }

    /// Whether the index needs this id: not, if it is the one that the log itself gives at `sequence`.
    ///
    /// Refuses an id that the log will give, or has just given, to another event without one.
    @inline(__always)
    private func needsEntry(
        _ event: PreparedRequest.Event, _ draft: @autoclosure () -> EventDraft, at sequence: UInt64
    ) throws(AppendError) -> Bool {
        guard let given = event.reservedSequence else { return true }
        if given == sequence { return false }
        if given < batch.firstSequence { return true }
        throw AppendError(
            code: .invalidEvent,
            message:
                "id \(given) of source \(LineError.printable(draft().source ?? "")) is the log's own, for its event "
                + "\(given); give the event a source that does not start with \(Limits.reservedSourcePrefix)")
    }

    private static func versionConflict(_ subject: String, expected: UInt64, actual: UInt64) -> AppendError {
        AppendError(
            code: .versionConflict(expected: expected, actual: actual),
            message: "subject \(LineError.printable(subject)) is at version \(actual), not \(expected); "
                + "read its newest events and decide again")
    }

    private static func unreadable(_ error: some Error) -> AppendError {
        AppendError(code: .damaged, message: "the log cannot be read to check the event, nothing was stored: \(error)")
    }

    /// The `recordedtime` the event gets.
    ///
    /// A restored event brings its own, and must fit exactly.
    private func recordedTime(
        of event: PreparedRequest.Event, sequence: UInt64, version: UInt64
    ) throws(AppendError) -> Instant {
        let last = batch.entries.last?.recordedTime ?? store.lastRecorded
        guard let restored = event.restored else { return max(now, last) }
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
        let expected = event.subject == nil ? nil : version
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
        of index: Int, in request: PreparedRequest, hash: UInt64
    ) throws(AppendError) -> Acknowledgement? {
        let place = keys.place(ofID: hash) { place in
            let other = draft(at: place)
            return Self.areEqual(other.source, request.drafts[index].source)
                && Self.areEqual(other.id, request.drafts[index].id)
        }
        if let place {
            let sequence = batch.firstSequence + UInt64(place)
            let draft = request.drafts[index]
            guard Self.haveEqualContent(draft, self.draft(at: place)) else {
                throw Self.conflict(draft.source ?? "", draft.id ?? "", sequence)
            }
            let version = batch.keys[place].subject == nil ? nil : batch.keys[place].version
            return Acknowledgement(sequence: sequence, subjectSequence: version, isDuplicate: true)
        }
        var candidates: [UInt64]
        do throws(IndexError) {
            candidates = try store.candidates(idHash: hash)
        } catch {
            throw Self.unreadable(error)
        }
        if let sequence = request.events[index].reservedSequence { candidates.append(sequence) }
        if candidates.isEmpty, store.lostEvents == nil { return nil }
        return try stored(request.drafts[index], among: candidates)
    }

    private func draft(at place: Int) -> EventDraft {
        requests[origins[place].request].drafts[origins[place].event]
    }

    /// The acknowledgement of the stored event that has this source and id, if one of the candidates has.
    private func stored(
        _ draft: EventDraft, among candidates: [UInt64]
    ) throws(AppendError) -> Acknowledgement? {
        let (source, id) = (draft.source ?? "", draft.id ?? "")
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
