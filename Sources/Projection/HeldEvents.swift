import EventLog

/// What several buffers hold together, subject by subject.
struct HeldEvents: Sendable {
    /// A subject in one of the buffers.
    fileprivate struct Place {
        /// Its first eight bytes, the first in the highest bits, so that most subjects are ordered by this alone.
        var prefix: UInt64
        var buffer: Int
        var number: Int
    }

    /// What the fold does with the events of a type.
    fileprivate struct Use {
        /// The projectors that consume it.
        var mask: UInt64
        var isRetraction: Bool
    }

    fileprivate let buffers: [SubjectBuffer]
    /// By buffer and type.
    fileprivate let uses: [[Use]]
    /// By the order of the subjects' bytes; a subject is there once a buffer that has it.
    private let places: [Place]

    /// The events of these buffers, for the projectors of this set.
    init(_ buffers: [SubjectBuffer], for set: ProjectorSet) {
        self.buffers = buffers
        uses = buffers.map { buffer in
            buffer.types.map { Use(mask: set.mask(of: $0), isRetraction: $0 == set.policy.retractionType) }
        }
        var places: [Place] = []
        places.reserveCapacity(buffers.reduce(0) { $0 + $1.subjects.count })
        for (index, buffer) in buffers.enumerated() {
            for number in 0..<buffer.subjects.count {
                let prefix = buffer.subjects.withBytes(number, SubjectOrder.prefix)
                places.append(Place(prefix: prefix, buffer: index, number: number))
            }
        }
        places.sort { SubjectOrder.compare($0, $1, in: buffers) < 0 }
        self.places = places
    }

    /// Places in the order of the subjects.
    var indices: Range<Int> { places.indices }

    /// The first place whose subject is not before `subject`.
    func firstIndex(notBefore subject: ByteText) -> Int {
        let bytes = Array(subject.text.utf8)
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            let order = buffers[places[middle].buffer].subjects.withBytes(places[middle].number) {
                SubjectOrder.compare($0, bytes.span)
            }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Goes through the subjects at these places in the order of their bytes; no subject may begin before them.
    func forEachSubject(_ range: Range<Int>, _ body: (inout HeldSubject) throws -> Void) rethrows {
        var subject = HeldSubject(self)
        var index = range.lowerBound
        while index < range.upperBound {
            let first = places[index]
            subject.begin(buffers[first.buffer].subjects.text(first.number))
            while index < range.upperBound, SubjectOrder.compare(places[index], first, in: buffers) == 0 {
                subject.add(places[index])
                index += 1
            }
            try body(&subject)
        }
    }
}

/// The events of one subject by their records; used again for the next subject.
struct HeldSubject {
    /// One event, by its record.
    struct Event {
        var time: Instant
        var sequence: UInt64
        var mask: UInt64
        var buffer: Int32
        var record: UInt32
    }

    private let held: HeldEvents
    private var events: [Event] = []
    /// The subject.
    private(set) var name = ""
    /// Whether any event is a retraction.
    private(set) var hasRetraction = false
    /// Keeps the reading of the lines from being left out as useless.
    private var touched: UInt8 = 0

    fileprivate init(_ held: HeldEvents) {
        self.held = held
    }

    /// The number of events.
    var count: Int { events.count }

    /// All events, in no order.
    var known: [StoredEvent] { events.map { event($0) } }

    /// Hands out the events that any projector consumes, in business order, each with the mask of those that do.
    ///
    /// What takes no retraction and no bound of time needs no more than this.
    mutating func forEachConsumed(_ body: (StoredEvent, _ mask: UInt64) -> Void) {
        sortIfNeeded()
        var start = 0
        while start < events.count {
            // Whole runs, since whatever takes a buffer out of the array counts its references.
            let buffer = events[start].buffer
            let rest = events[start...]
            let end = rest.firstIndex { $0.buffer != buffer } ?? rest.endIndex
            touched ^= held.buffers[Int(buffer)].forEachConsumed(events[start..<end], subject: name, body)
            start = end
        }
    }

    fileprivate mutating func begin(_ name: String) {
        self.name = name
        events.removeAll(keepingCapacity: true)
        hasRetraction = false
    }

    fileprivate mutating func add(_ place: HeldEvents.Place) {
        held.buffers[place.buffer].eachRecord(of: place.number) { number, record in
            let use = held.uses[place.buffer][Int(record.type)]
            if use.isRetraction { hasRetraction = true }
            events.append(
                Event(
                    time: record.time, sequence: record.sequence, mask: use.mask, buffer: Int32(place.buffer),
                    record: number))
        }
    }

    private func event(_ event: Event) -> StoredEvent {
        held.buffers[Int(event.buffer)].event(Int(event.record), subject: name)
    }

    private mutating func sortIfNeeded() {
        func precedes(_ left: Event, _ right: Event) -> Bool {
            (left.time, left.sequence) < (right.time, right.sequence)
        }
        for index in events.indices.dropFirst() where !precedes(events[index - 1], events[index]) {
            events.sort(by: precedes)
            return
        }
    }
}

/// The order of subjects: that of their bytes.
enum SubjectOrder {
    /// The first eight bytes as a number that has their order; zeros where there are fewer.
    static func prefix(_ subject: Span<UInt8>) -> UInt64 {
        var prefix: UInt64 = 0
        for index in 0..<min(8, subject.count) { prefix |= UInt64(subject[index]) << UInt64(56 - 8 * index) }
        return prefix
    }

    /// Less than zero if the left one comes first, 0 if they are the same.
    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }

    fileprivate static func compare(_ left: HeldEvents.Place, _ right: HeldEvents.Place, in buffers: [SubjectBuffer])
        -> Int
    {
        if left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
        return buffers[left.buffer].subjects.withBytes(left.number) { one in
            buffers[right.buffer].subjects.withBytes(right.number) { other in compare(one, other) }
        }
    }
}
