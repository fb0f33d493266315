import EventLog

/// How many open cases are of an age.
public struct ServiceAge: Encodable, Sendable, Equatable {
    /// From this many days on; `nil` for cases whose opening is not known.
    public var fromDays: Int?
    /// Below this many days; `nil` = any older ones.
    public var toDays: Int?
    /// How many.
    public var count: Int

    enum CodingKeys: String, CodingKey {
        case count
        case fromDays = "from_days"
        case toDays = "to_days"
    }

    /// Encodes every key, null where there is no limit.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fromDays, forKey: .fromDays)
        try container.encode(toDays, forKey: .toDays)
        try container.encode(count, forKey: .count)
    }

    /// Where an age ends and the next one begins, in days.
    static let limits = [1, 3, 7, 14, 30, 90]

    /// The place of an age, in microseconds, among the counts.
    static func place(of age: Int64) -> Int {
        let days = age / Instant.microsecondsPerDay
        return limits.firstIndex { days < $0 } ?? limits.count
    }

    /// The counts with their limits; cases of unsure age come last, if there are any.
    static func list(_ counts: [Int], unsure: Int) -> [ServiceAge] {
        var ages = counts.enumerated().map { place, count in
            ServiceAge(
                fromDays: place == 0 ? 0 : limits[place - 1], toDays: place < limits.count ? limits[place] : nil,
                count: count)
        }
        if unsure > 0 { ages.append(ServiceAge(fromDays: nil, toDays: nil, count: unsure)) }
        return ages
    }
}
