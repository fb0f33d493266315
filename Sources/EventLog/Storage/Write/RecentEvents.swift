import Synchronization

/// What the log's indexes do not hold yet: the ids and subjects of the events of one segment.
///
/// Of a full segment of a million events it takes some 60 MB: 16 bytes an id and as much again to find it, some
/// 100 bytes a subject, 4 bytes an event. One is held for the active segment, and one for each closed segment whose
/// index run is not made yet: at most `LogOptions.closedSegmentsMax` more, and one, while the background lags behind.
///
/// One thread fills it. Once `freeze`d nothing in it changes any more, and any thread may read it: that is why it is
/// `@unchecked Sendable`.
final class RecentEvents: @unchecked Sendable {
    /// One subject that has events here.
    struct Row: Sendable {
        var subject: SubjectHash
        /// The number of its last event.
        var version: UInt64
        var lastSequence: UInt64
        /// The newest earlier segment that has the subject; `none` if there is none.
        var previousSegment: UInt64
    }

    /// Stands for "no earlier segment".
    static let none = UInt64.max
    /// Stands for "to be looked up in the index before the segment is closed".
    static let unresolved = UInt64.max - 2

    /// The first sequence of the segment.
    let segment: UInt64
    /// The first event whose keys are here; those before it are in the index.
    let firstSequence: UInt64
    private(set) var rows: [Row] = []
    /// For every event from `firstSequence` on: its subject's row, or `UInt32.max`.
    private(set) var eventRows: [UInt32] = []
    private(set) var ids: [IDEntry] = []
    private var rowIndexes: [SubjectHash: UInt32] = [:]
    private var idIndexes: [UInt64: UInt64] = [:]
    /// Further sequences of the same id hash.
    private var idCollisions: [UInt64: [UInt64]] = [:]
    /// Whether the index holds all of it by now.
    let isIndexed = Atomic<Bool>(false)

    init(segment: UInt64, firstSequence: UInt64) {
        self.segment = segment
        self.firstSequence = firstSequence
    }

    /// The sequence after the last event.
    var endSequence: UInt64 { firstSequence + UInt64(eventRows.count) }

    /// The subject's row, if it has events here.
    func row(_ subject: SubjectHash) -> Row? {
        rowIndexes[subject].map { rows[Int($0)] }
    }

    /// Sequences whose id has this hash, ascending.
    func candidates(_ idHash: UInt64) -> [UInt64] {
        guard let first = idIndexes[idHash] else { return [] }
        return [first] + (idCollisions[idHash] ?? [])
    }

    /// Adds the next event.
    func add(_ keys: BatchBuilder.Keys, sequence: UInt64) {
        var eventRow = UInt32.max
        if let subject = keys.subject {
            if let index = rowIndexes[subject] {
                eventRow = index
                rows[Int(index)].version = keys.version
                rows[Int(index)].lastSequence = sequence
            } else {
                eventRow = UInt32(rows.count)
                let row = Row(
                    subject: subject, version: keys.version, lastSequence: sequence,
                    previousSegment: keys.previousSegment)
                rowIndexes[subject] = eventRow
                rows.append(row)
            }
        }
        eventRows.append(eventRow)
        guard let id = keys.id else { return }
        ids.append(IDEntry(hash: id, sequence: sequence))
        if idIndexes[id] == nil { idIndexes[id] = sequence } else { idCollisions[id, default: []].append(sequence) }
    }

    /// Looks up the previous segments that are not known yet.
    func resolve(_ lookup: (SubjectHash) -> UInt64) {
        for index in rows.indices where rows[index].previousSegment == Self.unresolved {
            rows[index].previousSegment = lookup(rows[index].subject)
        }
    }

    /// The subjects as the index takes them.
    var subjectEntries: [SubjectEntry] {
        rows.map {
            SubjectEntry($0.subject, lastSequence: $0.lastSequence, version: $0.version, newestSegment: segment)
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
