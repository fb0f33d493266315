public import EventLog
import Foundation

/// Calendar days in one time zone, counted from 1970-01-01 = 0.
///
/// A day is a number, so that spans are differences. The zone's offsets are read once, when the calendar is made; a
/// conversion is then a search among a few hundred numbers, with no lock and no allocation.
public struct DayCalendar: Sendable {
    /// The IANA identifier of the zone.
    public let zone: String

    /// Instants (µs) at which the offset changes, ascending; the first is the least instant there is.
    private let starts: [Int64]
    /// Offset from UTC in µs from the start of the same index on.
    private let offsets: [Int64]
    /// For each 2^43 µs (102 days) since the first real change: the last start at or before its begin.
    private let buckets: [Int32]

    private static let microsecondsPerDay: Int64 = 86_400_000_000
    private static let bucketShift: Int64 = 43
    /// Offsets are read for the years 1900 to 2199; before and after, the nearest one holds.
    private static let firstSecond: Int64 = -2_208_988_800
    private static let lastSecond: Int64 = 7_258_118_400

    /// A calendar of this IANA zone, such as `Asia/Shanghai` or `UTC`.
    ///
    /// Throws ``DayCalendarError/unknownZone(_:near:)`` for an identifier nobody knows.
    public init(zone: String) throws(DayCalendarError) {
        guard let timeZone = TimeZone(identifier: zone) else {
            throw .unknownZone(zone, near: Self.near(zone))
        }
        self.zone = zone
        (starts, offsets) = Self.transitions(of: timeZone)
        buckets = Self.buckets(starts)
    }

    private init(utc: Void) {
        zone = "UTC"
        starts = [Int64.min]
        offsets = [0]
        buckets = []
    }

    /// Calendar days of UTC.
    public static let utc = DayCalendar(utc: ())

    private static func transitions(of timeZone: TimeZone) -> (starts: [Int64], offsets: [Int64]) {
        func offset(at second: Int64) -> Int64 {
            Int64(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))) * 1_000_000
        }
        var starts = [Int64.min]
        var offsets = [offset(at: firstSecond)]
        var second = firstSecond
        while let next = timeZone.nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: Double(second))) {
            let nextSecond = Int64(next.timeIntervalSince1970.rounded())
            guard nextSecond > second, nextSecond < lastSecond else { break }
            second = nextSecond
            let changed = offset(at: second)
            if changed != offsets[offsets.count - 1] {
                starts.append(second * 1_000_000)
                offsets.append(changed)
            }
        }
        return (starts, offsets)
    }

    private static func buckets(_ starts: [Int64]) -> [Int32] {
        guard starts.count > 1 else { return [] }
        let first = starts[1] >> bucketShift
        let last = starts[starts.count - 1] >> bucketShift
        var index = 0
        return (first...last).map { bucket in
            while index + 1 < starts.count, starts[index + 1] <= bucket << bucketShift { index += 1 }
            return Int32(index)
        }
    }

    private static func near(_ zone: String) -> [String] {
        let wanted = zone.lowercased()
        let city = wanted.split(separator: "/").last.map(String.init) ?? wanted
        guard !city.isEmpty else { return [] }
        let known = TimeZone.knownTimeZoneIdentifiers.sorted()
        let matches = known.filter { $0.lowercased() == wanted } + known.filter { $0.lowercased().contains(city) }
        return matches.reduce(into: []) { if !$0.contains($1), $0.count < 3 { $0.append($1) } }
    }

    /// The offset in force at an instant, in µs.
    private func offset(at microseconds: Int64) -> Int64 {
        guard starts.count > 1, microseconds >= starts[1] else { return offsets[0] }
        let bucket = Int((microseconds >> Self.bucketShift) - (starts[1] >> Self.bucketShift))
        var index = Int(buckets[min(bucket, buckets.count - 1)])
        while index + 1 < starts.count, starts[index + 1] <= microseconds { index += 1 }
        return offsets[index]
    }

    /// The number of the calendar day on which `instant` falls.
    public func day(of instant: Instant) -> Int {
        let local = instant.microseconds + offset(at: instant.microseconds)
        return Int(local >= 0 ? local / Self.microsecondsPerDay : ~(~local / Self.microsecondsPerDay))
    }

    /// The first moment of a day; of a day that the zone skipped, the first moment after it.
    public func start(of day: Int) -> Instant {
        let local = Int64(day) * Self.microsecondsPerDay
        var least = Int64.max
        for index in segments(around: local) {
            let candidate = max(starts[index], local - offsets[index])
            let end = index + 1 < starts.count ? starts[index + 1] : Int64.max
            if candidate < end { least = min(least, candidate) }
        }
        return Instant(microseconds: least)
    }

    /// The last microsecond of a day; of a day that the zone skipped, the last one before it.
    ///
    /// Where clocks are set back across midnight, a day begins, is interrupted and goes on; its end is the last of it.
    public func end(of day: Int) -> Instant {
        let local = (Int64(day) + 1) * Self.microsecondsPerDay
        var greatest = Int64.min
        for index in segments(around: local) {
            let end = index + 1 < starts.count ? starts[index + 1] : Int64.max
            let candidate = min(end, local - offsets[index]) - 1
            if candidate >= starts[index] { greatest = max(greatest, candidate) }
        }
        return Instant(microseconds: greatest)
    }

    /// The stretches of one offset that touch the days around a local time.
    private func segments(around local: Int64) -> Range<Int> {
        let (low, high) = (local - 2 * Self.microsecondsPerDay, local + 2 * Self.microsecondsPerDay)
        var first = 0
        while first + 1 < starts.count, starts[first + 1] <= low { first += 1 }
        var last = first
        while last + 1 < starts.count, starts[last + 1] <= high { last += 1 }
        return first..<last + 1
    }
}

// MARK: - Days as text

extension DayCalendar {
    /// `yyyy-MM-dd` of a day number, in the proleptic Gregorian calendar; years 0001 to 9999.
    public static func text(of day: Int) -> String {
        let (year, month, dayOfMonth) = civil(day)
        return String(unsafeUninitializedCapacity: 10) { bytes in
            func put(_ value: Int, at place: Int, digits: Int) {
                var rest = value
                for index in stride(from: place + digits - 1, through: place, by: -1) {
                    bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            put(min(max(year, 0), 9999), at: 0, digits: 4)
            bytes[4] = UInt8(ascii: "-")
            put(month, at: 5, digits: 2)
            bytes[7] = UInt8(ascii: "-")
            put(dayOfMonth, at: 8, digits: 2)
            return 10
        }
    }

    /// The day number of `yyyy-MM-dd`; `nil` for any other text and for days that are none, such as 30 February.
    public static func day(of text: String) -> Int? {
        let bytes = text.utf8
        guard bytes.count == 10 else { return nil }
        var numbers = (0, 0, 0)
        var index = 0
        for byte in bytes {
            if index == 4 || index == 7 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                let digit = Int(byte - UInt8(ascii: "0"))
                if index < 4 {
                    numbers.0 = numbers.0 * 10 + digit
                } else if index < 7 {
                    numbers.1 = numbers.1 * 10 + digit
                } else {
                    numbers.2 = numbers.2 * 10 + digit
                }
            }
            index += 1
        }
        guard numbers.0 >= 1, (1...12).contains(numbers.1), (1...31).contains(numbers.2) else { return nil }
        let day = number(year: numbers.0, month: numbers.1, day: numbers.2)
        // A day beyond its month's end comes back as another one.
        return numbers.2 <= 28 || civil(day) == numbers ? day : nil
    }

    /// The day number of a date (Hinnant, "chrono-compatible low-level date algorithms").
    public static func number(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Year, month and day of a day number, by the same algorithm.
    public static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let z = day + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

/// Why there is no such calendar.
public enum DayCalendarError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No zone has this identifier; `near` are some that resemble it.
    case unknownZone(String, near: [String])

    /// One line with the mend.
    public var description: String {
        switch self {
        case .unknownZone(let zone, let near):
            let mend =
                near.isEmpty
                ? "use an IANA name such as Asia/Shanghai or UTC"
                : "did you mean \(near.joined(separator: " or "))?"
            return "unknown time zone \"\(zone)\": \(mend)"
        }
    }
}
