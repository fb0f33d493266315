package import Foundation

/// One event of the log, read from its line.
package struct ReferenceEvent: Sendable {
    /// The event's place in the whole log.
    package var sequence: UInt64
    /// What names it for ever.
    package var name: EventName
    /// The CloudEvents type.
    package var type: String
    /// The customer; nil for a system event.
    package var subject: String?
    /// When it happened, in microseconds since 1970-01-01T00:00:00Z.
    package var time: Int64
    /// When the log took it, in microseconds since 1970-01-01T00:00:00Z.
    package var recordedTime: Int64
    /// What happened.
    package var data: ReferenceJSON

    /// Source and id.
    package struct EventName: Hashable, Sendable {
        package var source: String
        package var id: String
    }

    /// Reads a line as the log stores it: with recordedtime and sequence.
    package init?(line: some Sequence<UInt8>) {
        guard let json = ReferenceJSON.parse(line), let id = json["id"]?.text, let source = json["source"]?.text,
            let type = json["type"]?.text, let sequence = json["sequence"]?.text.flatMap({ UInt64($0) }),
            let recorded = json["recordedtime"]?.text.flatMap(Self.microseconds)
        else { return nil }
        self.name = EventName(source: source, id: id)
        self.type = type
        self.sequence = sequence
        self.subject = json["subject"]?.text
        self.recordedTime = recorded
        self.time = json["time"]?.text.flatMap(Self.microseconds) ?? recorded
        self.data = json["data"] ?? .null
    }

    /// `family` of `family.type`.
    package var family: String { String(type.prefix { $0 != "." }) }

    /// A text field of the data.
    package func text(_ key: String) -> String? { data[key]?.text }

    /// A decimal field of the data.
    package func decimal(_ key: String) -> Decimal? {
        text(key).flatMap { Decimal(string: $0, locale: Locale(identifier: "en_US_POSIX")) }
    }

    /// RFC 3339 with a zone, read position by position; what is finer than a microsecond is dropped.
    package static func microseconds(_ text: String) -> Int64? {
        let c = Array(text.utf8)
        func digits(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= c.count else { return nil }
            return Int64(String(decoding: c[range], as: UTF8.self))
        }
        guard let year = digits(0..<4), let month = digits(5..<7), let day = digits(8..<10), let hour = digits(11..<13),
            let minute = digits(14..<16), let second = digits(17..<19)
        else { return nil }
        var at = 19
        var micros: Int64 = 0
        if at < c.count, c[at] == UInt8(ascii: ".") {
            at += 1
            var unit: Int64 = 100_000
            while at < c.count, c[at] >= 48, c[at] <= 57 {
                micros += Int64(c[at] - 48) * unit
                unit /= 10
                at += 1
            }
        }
        guard at < c.count else { return nil }
        var offset: Int64 = 0
        if c[at] == UInt8(ascii: "+") || c[at] == UInt8(ascii: "-") {
            guard let hours = digits((at + 1)..<(at + 3)), let minutes = digits((at + 4)..<(at + 6)) else { return nil }
            offset = (hours * 60 + minutes) * 60 * (c[at] == UInt8(ascii: "-") ? -1 : 1)
        }
        let seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
        return seconds * 1_000_000 + micros
    }

    /// Counts the days one year and one month at a time.
    static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        func isLeap(_ y: Int64) -> Bool { (y % 4 == 0 && y % 100 != 0) || y % 400 == 0 }
        var days: Int64 = day - 1
        if year >= 1970 {
            for y in 1970..<year { days += isLeap(y) ? 366 : 365 }
        } else {
            for y in year..<1970 { days -= isLeap(y) ? 366 : 365 }
        }
        for m in 1..<month {
            switch m {
            case 2: days += isLeap(year) ? 29 : 28
            case 4, 6, 9, 11: days += 30
            default: days += 31
            }
        }
        return days
    }
}

/// Calendar days of a zone, as numbers since 1970-01-01.
package struct ReferenceCalendar: Sendable {
    let zone: TimeZone

    /// The days of this zone; UTC if there is no such zone.
    package init(zone: String) {
        self.zone = TimeZone(identifier: zone) ?? TimeZone(secondsFromGMT: 0) ?? .current
    }

    /// The day on which this moment falls.
    package func day(_ microseconds: Int64) -> Int {
        var seconds = microseconds / 1_000_000
        if microseconds % 1_000_000 < 0 { seconds -= 1 }
        let local = seconds + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
        return Int(local >= 0 ? local / 86_400 : (local - 86_399) / 86_400)
    }

    /// The day as yyyy-MM-dd.
    package static func text(_ day: Int) -> String {
        var year: Int64 = 1970 + Int64(day) / 366
        if day < 0 { year -= 2 }
        while ReferenceEvent.daysSince1970(year + 1, 1, 1) <= Int64(day) { year += 1 }
        var month: Int64 = 1
        while month < 12, ReferenceEvent.daysSince1970(year, month + 1, 1) <= Int64(day) { month += 1 }
        let dayOfMonth = Int64(day) - ReferenceEvent.daysSince1970(year, month, 1) + 1
        func pad(_ number: Int64, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(dayOfMonth, 2)
    }
}
