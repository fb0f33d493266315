import CRM
import SystemPackage

/// A made-up CRM in which some customers have a long history of a settled length.
///
/// Half of them are heard of from the first event to the last, so that their history reaches into the log's active
/// segment; the others only in the first half, which closed segments hold.
struct LongHistories {
    /// One customer with a long history.
    struct Customer {
        var subject: String
        /// Whether nothing is heard of it in the second half.
        var endsEarly: Bool
    }

    /// How many events the log has.
    var events: UInt64
    /// How many events each customer with a long history has.
    var length: Int

    /// How many customers have a long history.
    static let count = 20
    /// The least number of events: a third of them may belong to long histories.
    static func eventsMin(length: Int) -> UInt64 { UInt64(3 * count * length) }

    /// Who has a long history.
    static let customers = (0..<count).map { number in
        Customer(subject: "c-" + padded(number, 6), endsEarly: number % 2 == 0)
    }
    /// The days of the events.
    let days: ClosedRange<Int>

    /// A log of so many events.
    init(events: UInt64, length: Int) {
        self.events = events
        self.length = length
        let first = DayCalendar.number(year: 2023, month: 1, day: 1)
        days = first...(first + 728)
    }

    /// Segments of so many bytes: the first half of the events lies in closed ones.
    ///
    /// As large as usual, at a million events.
    var segmentBytes: UInt64 { min(256 << 20, max(64 << 10, events * 256)) }

    /// Writes the events in order of time as NDJSON; the number of events.
    func write(_ path: FilePath, _ progress: BenchProgress) throws -> UInt64 {
        let file = try LineFile(path)
        let lives = ownEvents()
        let others = Int(clamping: events) - Self.count * length
        var stream = SyntheticLife(seed: 1, events: events, ids: .uuid).makeStream()
        var written = Array(repeating: 0, count: Self.count)
        for place in 0..<others {
            var event = stream.next()
            // Their numbers are theirs alone.
            while lives[event.subject] != nil { event = stream.next() }
            try file.add(event)
            for (number, customer) in Self.customers.enumerated() {
                let pace = customer.endsEarly ? 2 : 1
                // Each a little behind the one before, so that they are not next to each other.
                let due = (pace * (place + 1) * length + number * others / Self.count) / others
                while written[number] < min(length, due), var own = lives[customer.subject]?[written[number]] {
                    own.time = event.time
                    try file.add(own)
                    written[number] += 1
                }
            }
            if place % 4_096 == 0 { try progress("making events", UInt64(place), of: UInt64(others)) }
        }
        try file.close()
        return file.count
    }

    /// The first events of each customer with a long history.
    private func ownEvents() -> [String: [SyntheticEvent]] {
        var lives = Dictionary(uniqueKeysWithValues: Self.customers.map { ($0.subject, [SyntheticEvent]()) })
        var stream = SyntheticLife(seed: 2, customers: Self.count, ids: .uuid).makeStream()
        var missing = Self.count * length
        while missing > 0 {
            let event = stream.next()
            guard let known = lives[event.subject]?.count, known < length else { continue }
            lives[event.subject]?.append(event)
            missing -= 1
        }
        return lives
    }
}
