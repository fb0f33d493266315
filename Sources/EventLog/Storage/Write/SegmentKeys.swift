/// The ids and subjects of consecutive events of one segment, in flat arrays.
struct SegmentKeys {
    /// One subject that has events here.
    struct Subject: Sendable {
        var hash: UInt64
        /// The number of its last event.
        var version: UInt64
        /// The newest earlier segment that has the subject; `RecentEvents.none` if there is none.
        var previousSegment: UInt64
        var check: UInt32
        /// Its last event, counted from `firstSequence`.
        var lastEvent: UInt32

        var subject: SubjectHash { SubjectHash(hash: hash, check: check) }
    }

    /// The first event whose keys are here.
    let firstSequence: UInt64
    private(set) var subjects: [Subject] = []
    /// For every event: its subject's place in `subjects`, or `UInt32.max`.
    private(set) var eventSubjects: [UInt32] = []
    private var subjectSlots = HashSlots()
    private var idHashes: [UInt64] = []
    /// The events of `idHashes`, counted from `firstSequence`.
    private var idEvents: [UInt32] = []
    private var idSlots = HashSlots()

    init(firstSequence: UInt64) {
        self.firstSequence = firstSequence
    }

    /// The sequence after the last event.
    var endSequence: UInt64 { firstSequence + UInt64(eventSubjects.count) }

    /// Adds the next event.
    @inline(__always)
    mutating func add(_ keys: BatchBuilder.Keys) {
        let event = UInt32(truncatingIfNeeded: eventSubjects.count)
        var place = UInt32.max
        if let subject = keys.subject {
            if let row = row(of: subject) {
                place = UInt32(truncatingIfNeeded: row)
                subjects[row].version = keys.version
                subjects[row].lastEvent = event
            } else {
                place = UInt32(truncatingIfNeeded: subjects.count)
                add(subject, keys, event)
            }
        }
        eventSubjects.append(place)
        guard let id = keys.id else { return }
        if idSlots.isFull {
            let known = idHashes
            idSlots.grow { known[$0] }
        }
        idSlots.append(id)
        idHashes.append(id)
        idEvents.append(event)
    }

    private mutating func add(_ subject: SubjectHash, _ keys: BatchBuilder.Keys, _ event: UInt32) {
        if subjectSlots.isFull {
            let known = subjects
            subjectSlots.grow { known[$0].hash }
        }
        subjectSlots.append(subject.hash)
        subjects.append(
            Subject(
                hash: subject.hash, version: keys.version, previousSegment: keys.previousSegment,
                check: subject.check, lastEvent: event))
    }

    /// The subject's place in `subjects`; nil if it has no events here.
    @inline(__always)
    func row(of subject: SubjectHash) -> Int? {
        subjectSlots.first(subject.hash) { subjects[$0].hash == subject.hash && subjects[$0].check == subject.check }
    }

    /// Sequences whose id has this hash, ascending.
    func candidates(_ idHash: UInt64) -> [UInt64] {
        var found: [UInt64] = []
        _ = idSlots.first(idHash) { row in
            if idHashes[row] == idHash { found.append(firstSequence + UInt64(idEvents[row])) }
            return false
        }
        return found
    }

    /// Notes the previous segment of the subject at a place of `subjects`.
    mutating func setPrevious(_ segment: UInt64, at row: Int) { subjects[row].previousSegment = segment }

    /// The ids as the index takes them.
    var idEntries: [IDEntry] {
        idHashes.indices.map { IDEntry(hash: idHashes[$0], sequence: firstSequence + UInt64(idEvents[$0])) }
    }
}
