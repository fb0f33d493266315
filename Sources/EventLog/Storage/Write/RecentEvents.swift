import Synchronization

/// What the log's indexes do not hold yet: the ids and subjects of the events of one segment.
///
/// Flat arrays: 12 bytes an id and 6 to 12 more to find it, 32 bytes a subject and as much to find it, 4 bytes an
/// event; so some 25 MB for a full segment of 700,000 events of 35,000 customers. One is held for the active segment,
/// and one for each closed segment whose index run is not made yet (`Maintenance.unindexedMax`).
///
/// One thread fills it. Once its segment is closed nothing in it changes any more, and any thread may read it: that is
/// why it is `@unchecked Sendable`.
final class RecentEvents: @unchecked Sendable {
    /// Stands for "no earlier segment".
    static let none = UInt64.max
    /// Stands for "to be looked up in the index before the segment is closed".
    static let unresolved = UInt64.max - 2

    /// The first sequence of the segment.
    let segment: UInt64
    private var keys: SegmentKeys
    /// Whether the index holds all of it by now.
    let isIndexed = Atomic<Bool>(false)

    init(segment: UInt64, firstSequence: UInt64) {
        self.segment = segment
        keys = SegmentKeys(firstSequence: firstSequence)
    }

    /// The first event whose keys are here; those before it are in the index.
    var firstSequence: UInt64 { keys.firstSequence }
    /// The sequence after the last event.
    var endSequence: UInt64 { keys.endSequence }
    /// The subjects that have events here, in the order of their first.
    var subjects: [SegmentKeys.Subject] { keys.subjects }
    /// For every event from `firstSequence` on: its subject's place in `subjects`, or `UInt32.max`.
    var eventSubjects: [UInt32] { keys.eventSubjects }

    /// The newest of the subject, if it has events here.
    func state(of subject: SubjectHash) -> SubjectState? {
        guard let row = keys.row(of: subject) else { return nil }
        let found = keys.subjects[row]
        return SubjectState(
            version: found.version, segment: segment, lastSequence: firstSequence + UInt64(found.lastEvent))
    }

    /// Sequences whose id has this hash, ascending.
    func candidates(_ idHash: UInt64) -> [UInt64] { keys.candidates(idHash) }

    /// Adds the next event.
    func add(_ event: BatchBuilder.Keys) { keys.add(event) }

    /// Adds the next events.
    func add(_ events: [BatchBuilder.Keys]) { for event in events { keys.add(event) } }

    /// Adds the events of a batch, from `first` on: the place in it of the next event.
    func add(_ content: BatchContent, from first: Int, _ hash: KeyedHash) {
        // One access to the property for all of them.
        Self.add(content, from: first, hash, to: &keys)
    }

    private static func add(_ content: BatchContent, from first: Int, _ hash: KeyedHash, to keys: inout SegmentKeys) {
        content.eachKeys(hash) { position, event in
            if position >= first { keys.add(event) }
        }
    }

    /// Looks up the previous segments that are not known yet.
    func resolve(_ lookup: (SubjectHash) -> UInt64) {
        // The look-up may come back here: nothing is being changed meanwhile.
        for row in keys.subjects.indices where keys.subjects[row].previousSegment == Self.unresolved {
            let subject = keys.subjects[row].subject
            keys.setPrevious(lookup(subject), at: row)
        }
    }

    /// The ids as the index takes them.
    var idEntries: [IDEntry] { keys.idEntries }

    /// The subjects as the index takes them.
    var subjectEntries: [SubjectEntry] {
        keys.subjects.map {
            SubjectEntry(
                $0.subject, lastSequence: firstSequence + UInt64($0.lastEvent), version: $0.version,
                newestSegment: segment)
        }
    }
}

/// What is newest of one subject.
struct SubjectState: Sendable, Equatable {
    var version: UInt64
    /// The first sequence of the newest segment that has the subject.
    var segment: UInt64
    /// The place of its last event, if it is known.
    var lastSequence: UInt64 = 0
}
