/// Where an event's `(source, id)` may be found.
struct IDEntry: Hashable, Sendable {
    /// `KeyedHash.id`.
    ///
    /// A run keeps its top 40 bits only; entries read back have zeros below them.
    var hash: UInt64
    /// The event's place in the log.
    var sequence: UInt64
}

/// The newest that a run knows of one subject.
struct SubjectEntry: Hashable, Sendable {
    /// `SubjectHash.hash`.
    var hash: UInt64
    /// `SubjectHash.check`.
    var check: UInt32
    /// The place of the subject's last event.
    var lastSequence: UInt64
    /// The `subjectsequence` of that event.
    var version: UInt64
    /// The first sequence of the segment that holds that event.
    var newestSegment: UInt64

    init(_ subject: SubjectHash, lastSequence: UInt64, version: UInt64, newestSegment: UInt64) {
        self.init(
            hash: subject.hash, check: subject.check, lastSequence: lastSequence, version: version,
            newestSegment: newestSegment)
    }

    init(hash: UInt64, check: UInt32, lastSequence: UInt64, version: UInt64, newestSegment: UInt64) {
        self.hash = hash
        self.check = check
        self.lastSequence = lastSequence
        self.version = version
        self.newestSegment = newestSegment
    }
}

/// The two sections of a run.
enum RunSection: UInt8, Sendable, CaseIterable {
    case ids = 0
    case subjects = 1

    /// How many columns a row has.
    var columns: Int { self == .ids ? 2 : 5 }

    /// How many of a hash's low bits are not kept.
    ///
    /// Ids keep 40 bits: one in a million misses among a million ids costs a look at a line, and each id takes six
    /// bytes and not ten.
    var droppedBits: UInt64 { self == .ids ? 24 : 0 }

    /// The name in messages.
    var name: String { self == .ids ? "ids" : "subjects" }

    /// What column 0 holds for a hash.
    func key(_ hash: UInt64) -> UInt64 { hash >> droppedBits }

    /// The hash of a key, with zeros for the bits that were dropped.
    func hash(_ key: UInt64) -> UInt64 { key << droppedBits }
}

/// One row of a block: the columns of an `IDEntry` or a `SubjectEntry`.
///
/// Rows of a section are sorted by it.
struct PackedRow: Equatable, Sendable {
    /// `RunSection.key` of the hash.
    var key: UInt64
    /// Ids: the sequence.
    ///
    /// Subjects: the check hash.
    var second: UInt64
    /// Subjects: the last sequence.
    var third: UInt64 = 0
    /// Subjects: the version.
    var fourth: UInt64 = 0
    /// Subjects: how far the last sequence is past the first of its segment, which is the smaller number.
    var fifth: UInt64 = 0

    init(key: UInt64, second: UInt64, third: UInt64 = 0, fourth: UInt64 = 0, fifth: UInt64 = 0) {
        self.key = key
        self.second = second
        self.third = third
        self.fourth = fourth
        self.fifth = fifth
    }

    init(_ entry: IDEntry) {
        self.init(key: RunSection.ids.key(entry.hash), second: entry.sequence)
    }

    init(_ entry: SubjectEntry) {
        self.init(
            key: RunSection.subjects.key(entry.hash), second: UInt64(entry.check), third: entry.lastSequence,
            fourth: entry.version, fifth: entry.lastSequence &- entry.newestSegment)
    }

    /// The row as an id entry.
    var idEntry: IDEntry { IDEntry(hash: RunSection.ids.hash(key), sequence: second) }

    /// The row as a subject entry.
    var subjectEntry: SubjectEntry {
        SubjectEntry(
            hash: RunSection.subjects.hash(key), check: UInt32(truncatingIfNeeded: second), lastSequence: third,
            version: fourth, newestSegment: third &- fifth)
    }

    /// The order of a section's rows.
    @inline(__always)
    func precedes(_ other: PackedRow) -> Bool {
        if key != other.key { return key < other.key }
        if second != other.second { return second < other.second }
        return third < other.third
    }

    /// Whether both rows say something of the same thing, so that only one may stay: for ids the same event, for
    /// subjects the same 96 bits of hash.
    @inline(__always)
    func isSameThing(as other: PackedRow) -> Bool { key == other.key && second == other.second }
}
