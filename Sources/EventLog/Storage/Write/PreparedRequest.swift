/// A request with all done that needs no knowledge of the log: its lines written but for what the log adds, its keys
/// hashed.
///
/// Made on the caller's own time, so that the one committing thread has less to do for each event.
struct PreparedRequest: Sendable {
    /// One event of a request.
    struct Event: Sendable {
        var line: LineTemplate
        /// The hash of source and id; `nil` if the sender gave none.
        var id: UInt64?
        /// The only sequence at which the index needs no entry for the id; `nil` if it always does.
        var reservedSequence: UInt64?
        var subject: SubjectHash?
        /// The type's place in `types`.
        var type: Int
        var expectedVersion: UInt64?
        var restored: EventDraft.Restored?
    }

    /// What the sender gave.
    let drafts: [EventDraft]
    /// What the request expects of each subject; see `AppendRequest`.
    let expectedVersion: UInt64?
    /// The lines that `events` speak of.
    let lines: [UInt8]
    /// The events, in order.
    let events: [Event]
    /// The types that occur, in the order of their first event.
    let types: [[UInt8]]
    /// The events' bytes as they count against limits.
    let byteCount: Int

    /// Prepares a request whose drafts were checked.
    init(_ request: AppendRequest, _ hash: KeyedHash) {
        drafts = request.events
        expectedVersion = request.expectedVersion
        byteCount = request.events.reduce(0) { $0 + $1.byteCount }
        var lines: [UInt8] = []
        lines.reserveCapacity(byteCount + request.events.count * 64)
        var events: [Event] = []
        events.reserveCapacity(request.events.count)
        var types = TypeTable()
        for draft in request.events {
            let line = LineRenderer.appendTemplate(draft, to: &lines)
            var event = Event(
                line: line, type: types.index(of: draft.type), expectedVersion: draft.expectedVersion,
                restored: draft.restored)
            if let id = draft.id, let source = draft.source {
                event.id = hash.id(source: source, id: id)
                event.reservedSequence = ReservedID.sequence(source: source, id: id)
            }
            if let subject = draft.subject { event.subject = hash.subject(subject) }
            events.append(event)
        }
        self.lines = lines
        self.events = events
        self.types = types.types
    }
}

/// The types of one batch or request, numbered in the order they come.
struct TypeTable: Sendable {
    /// The types.
    private(set) var types: [[UInt8]] = []
    private var indexes: [[UInt8]: Int] = [:]

    /// The number of a type, which is new if it was not there yet.
    mutating func index(of type: String) -> Int {
        var type = type
        // A batch has few types; comparing bytes beats hashing until there are many.
        let found = type.withUTF8 { bytes -> Int? in
            for index in types.indices.prefix(8) where types[index].elementsEqual(bytes) { return index }
            return nil
        }
        return found ?? index(of: Array(type.utf8))
    }

    /// The number of a type, which is new if it was not there yet.
    mutating func index(of bytes: [UInt8]) -> Int {
        if let index = indexes[bytes] { return index }
        indexes[bytes] = types.count
        types.append(bytes)
        return types.count - 1
    }

    /// Forgets all types from this count on.
    mutating func truncate(to count: Int) {
        guard count < types.count else { return }
        for type in types[count...] { indexes[type] = nil }
        types.removeSubrange(count...)
    }
}
