import EventLog

/// What the log must hold and answer, worked out in the plainest way.
struct LogModel {
    /// One event that is stored, or perhaps.
    struct Event: Equatable {
        var draft: EventDraft
        var version: UInt64?
        var recordedTime: Instant
        /// The line as first read; it never changes.
        var line: [UInt8]?
    }

    /// What a request must be answered.
    enum Answer: Equatable {
        case acknowledged([Acknowledgement])
        case idConflict(UInt64)
        case versionConflict(expected: UInt64, actual: UInt64)
    }

    /// What was acknowledged, or seen by a reader.
    private(set) var events: [Event] = []
    /// A batch of which it is not known whether it is stored: all of it or nothing.
    var limbo: [Event] = []

    private var ids: [String: Int] = [:]
    private var versions: [String: UInt64] = [:]

    var next: UInt64 { UInt64(events.count) }
    var lastRecorded: Instant { events.last?.recordedTime ?? Instant(microseconds: .min) }

    func version(of subject: String) -> UInt64 { versions[subject] ?? 0 }

    /// The events of a subject.
    func history(of subject: String) -> [UInt64] {
        events.indices.filter { events[$0].draft.subject == subject }.map(UInt64.init)
    }

    /// Where the event with this id is.
    func sequence(id: String) -> UInt64? { ids[id].map(UInt64.init) }

    var subjects: [String] { versions.keys.sorted() }
    var knownIDs: [String] { ids.keys.sorted() }

    /// Takes events for stored.
    mutating func store(_ new: [Event]) {
        for event in new {
            if let id = event.draft.id { ids[id] = events.count }
            if let subject = event.draft.subject { versions[subject] = event.version }
            events.append(event)
        }
    }

    /// Takes the batch of unknown outcome for stored.
    mutating func settleLimbo() {
        store(limbo)
        limbo = []
    }

    mutating func remember(line: [UInt8], at sequence: Int) { events[sequence].line = line }

    /// What each of these requests must be answered, and the batch that comes of it.
    func plan(_ requests: [AppendRequest], now: Instant) -> (answers: [Answer], batch: [Event]) {
        var model = self
        let time = max(now, lastRecorded)
        let answers = requests.map { model.plan($0, time) }
        return (answers, Array(model.events[events.count...]))
    }

    private mutating func plan(_ request: AppendRequest, _ time: Instant) -> Answer {
        let before = self
        var acknowledgements: [Acknowledgement] = []
        var seen: Set<String> = []
        for draft in request.events {
            let isFirst = draft.subject.map { seen.insert($0).inserted } ?? false
            if let id = draft.id, let place = ids[id] {
                let known = events[place]
                guard known.draft.type == draft.type, known.draft.subject == draft.subject,
                    known.draft.data == draft.data
                else {
                    self = before
                    return .idConflict(UInt64(place))
                }
                acknowledgements.append(
                    Acknowledgement(
                        sequence: UInt64(place), subjectSequence: known.version, isDuplicate: true))
                continue
            }
            var version: UInt64?
            if let subject = draft.subject {
                let actual = self.version(of: subject)
                if isFirst, let expected = request.expectedVersion, expected != actual {
                    self = before
                    return .versionConflict(expected: expected, actual: actual)
                }
                version = actual + 1
            }
            acknowledgements.append(
                Acknowledgement(sequence: next, subjectSequence: version, isDuplicate: false))
            store([Event(draft: draft, version: version, recordedTime: time)])
        }
        return .acknowledged(acknowledgements)
    }
}

extension LogModel.Event {
    /// What is wrong with a stored event that should be this one; nil if nothing.
    func difference(from stored: StoredEvent) -> String? {
        if let line, !stored.line.elementsEqual(line) {
            return "the line is now \(String(decoding: stored.line, as: UTF8.self)), and it was "
                + String(decoding: line, as: UTF8.self)
        }
        if stored.type != draft.type { return "its type is \(stored.type), not \(draft.type)" }
        if stored.subject != draft.subject {
            return "its subject is \(stored.subject ?? "none"), not \(draft.subject ?? "none")"
        }
        if stored.subjectSequence != version { return "its subjectsequence is \(stored.subjectSequence ?? 0)" }
        if stored.recordedTime != recordedTime {
            return "its recordedtime is \(stored.recordedTime.rfc3339), not \(recordedTime.rfc3339)"
        }
        if let id = draft.id, stored.id != id { return "its id is \(stored.id), not \(id)" }
        if let data = draft.data, !stored.line.suffix(data.count + 1).dropLast().elementsEqual(data) {
            return "its data is not what was sent"
        }
        return nil
    }
}
