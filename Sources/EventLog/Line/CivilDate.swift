/// A calendar date of the proleptic Gregorian calendar, without a zone.
///
/// The conversions to and from a count of days are Howard Hinnant's (`days_from_civil`, `civil_from_days`): exact for
/// every date, without tables or loops.
public struct CivilDate: Hashable, Comparable, Sendable {
    /// The year, 1 to 9999 in anything parsed.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// The date, or `nil` if there is no such day or the year is not 1 to 9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= CivilDate.daysIn(month: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date this many days after 1970-01-01.
    ///
    /// Valid for every day within ±10^9 of it.
    public init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The date written as `yyyy-MM-dd`, exactly; `nil` for anything else.
    public init?(_ text: String) {
        self.init(text.utf8.span)
    }

    /// The date written as `yyyy-MM-dd`, exactly; `nil` for anything else.
    public init?(_ text: Span<UInt8>) {
        guard text.count == 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = Digits.number(text, at: 0, count: 4), let month = Digits.number(text, at: 5, count: 2),
            let day = Digits.number(text, at: 8, count: 2)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Days since 1970-01-01; negative before.
    public var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date as `yyyy-MM-dd`; for years outside 0 to 9999 the year has as many digits as it needs.
    public var text: String {
        let digits = String(abs(year))
        let padding = String(repeating: "0", count: max(0, 4 - digits.count))
        return (year < 0 ? "-" : "") + padding + digits + "-" + CivilDate.twoDigits(month) + "-"
            + CivilDate.twoDigits(day)
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// How many days a month has.
    public static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether the left date is before the right one.
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

/// Decimal digits as bytes, read and written without any formatting.
enum Digits {
    /// The number that `count` digits spell from `start` on; `nil` if one of them is missing or no digit.
    static func number(_ text: Span<UInt8>, at start: Int, count: Int) -> Int? {
        guard start >= 0, start + count <= text.count else { return nil }
        var value = 0
        for index in start..<(start + count) {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// Appends `value` with exactly `width` digits, at most 20, the highest cut off if there are more.
    static func append(_ value: UInt64, width: Int, to buffer: inout [UInt8]) {
        let start = buffer.count
        JSONText.append("00000000000000000000", count: width, to: &buffer)
        var bytes = buffer.mutableSpan
        write(value, at: start, width: width, to: &bytes)
    }

    /// Writes `value` with exactly `width` digits over the bytes from `start` on.
    @inline(__always)
    static func write(_ value: UInt64, at start: Int, width: Int, to bytes: inout MutableSpan<UInt8>) {
        var rest = value
        var index = start + width - 1
        while index >= start {
            let quotient = rest / 10
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest - quotient * 10)
            rest = quotient
            index -= 1
        }
    }

    /// The two digits of a number below 100, the tens in the lowest byte.
    @inline(__always)
    static func pair(_ value: UInt64) -> UInt64 {
        // 103 / 1024 is exact enough below 100.
        let tens = (value &* 103) &>> 10
        return 0x3030 | tens | (value &- tens &* 10) &<< 8
    }

    /// Appends `value` without leading zeros.
    static func append(_ value: UInt64, to buffer: inout [UInt8]) {
        var width = 1
        var rest = value / 10
        while rest > 0 {
            width += 1
            rest /= 10
        }
        append(value, width: width, to: &buffer)
    }
}
