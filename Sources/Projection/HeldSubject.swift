import EventLog

/// The events of one subject, in business order.
struct HeldSubject {
    /// One event.
    struct Event {
        var time: Instant
        var sequence: UInt64
        var recordedTime: Instant
        var mask: UInt64
        var type: UInt32
        var dataOffset: UInt32
        /// Where the line is held; once it was fetched, `start` and `end` are its place in `lines` or in `shared`.
        var buffer: UInt32
        var chunk: UInt32
        var start: Int
        var end: Int
        /// Which of `shared` it is in; -1 = in `lines`.
        var sharedIndex = -1

        func precedes(_ other: Event) -> Bool { (time, sequence) < (other.time, other.sequence) }
    }

    /// A subject of more bytes of lines than these is a rare one: not all of it is copied.
    static let copiedBytesMax = 4 << 20

    private let types: [String]
    var events: [Event] = []
    /// The lines of all events that any projector consumes, or of all events if there is a retraction.
    var lines: [UInt8] = []
    /// Where those lines are for which there was no room.
    private var shared: [[UInt8]] = []
    /// The subject.
    private(set) var name = ""
    /// Whether any event is a retraction.
    var hasRetraction = false

    init(types: [String]) {
        self.types = types
    }

    /// The number of events.
    var count: Int { events.count }

    /// All events that any projector consumes, or all events if there is a retraction.
    var known: [StoredEvent] {
        events.filter { $0.mask != 0 || hasRetraction }.map { event($0) }
    }

    /// Hands out the events that any projector consumes, each with the mask of those that do.
    ///
    /// What takes no retraction and no bound of time needs no more than this.
    func forEachConsumed(_ body: (StoredEvent, _ mask: UInt64) -> Void) {
        for event in events where event.mask != 0 { body(self.event(event), event.mask) }
    }

    mutating func begin(_ name: String) {
        self.name = name
        events.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        shared.removeAll()
        hasRetraction = false
    }

    mutating func copy(_ line: UnsafeBufferPointer<UInt8>, at index: Int) {
        events[index].start = lines.count
        lines.append(contentsOf: line)
        events[index].end = lines.count
    }

    mutating func share(_ chunk: [UInt8], at index: Int) {
        events[index].sharedIndex = shared.count
        shared.append(chunk)
    }

    mutating func sortIfNeeded() {
        for index in events.indices.dropFirst() where !events[index - 1].precedes(events[index]) {
            events.sort { $0.precedes($1) }
            return
        }
    }

    private func event(_ event: Event) -> StoredEvent {
        let line =
            event.sharedIndex < 0
            ? lines[event.start..<event.end] : shared[event.sharedIndex][event.start..<event.end]
        return StoredEvent(
            sequence: event.sequence, time: event.time, recordedTime: event.recordedTime, type: types[Int(event.type)],
            subject: name, line: line, dataStart: event.dataOffset == 0 ? nil : event.start + Int(event.dataOffset),
            findingMembers: true)
    }
}
