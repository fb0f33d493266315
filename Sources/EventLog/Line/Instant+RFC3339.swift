/// Why a text is no instant.
public struct InstantError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Code: Sendable, Equatable {
        /// Not of the form `yyyy-MM-ddTHH:mm:ss…` at all.
        case notAnInstant
        /// A date without a time.
        case noTime
        /// Neither `Z` nor an offset.
        case noZone
        /// The form is right, but the calendar or the clock has no such moment, or the year is not 0001 to 9999.
        case noSuchMoment
    }

    /// What is wrong, for programs.
    public var code: Code
    /// What is wrong, for people.
    public var message: String

    /// Makes an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension Instant {
    /// The moment that RFC 3339 text names: `T` between date and time, a zone (`Z` or `±hh:mm`) required.
    ///
    /// Lower-case `t` and `z` are taken, as the RFC does. Any number of fractional digits is taken; what is finer than
    /// a microsecond is cut off. A leap second, 23:59:60 in UTC, is the second after it.
    /// - Throws: `InstantError` naming what is wrong.
    public init(rfc3339 text: String) throws(InstantError) {
        try self.init(rfc3339: text.utf8.span)
    }

    /// The moment that RFC 3339 text names, from its bytes.
    /// - Throws: `InstantError` naming what is wrong.
    public init(rfc3339 text: Span<UInt8>) throws(InstantError) {
        let date = try Instant.date(of: text)
        guard text.count >= 19, text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let hour = Digits.number(text, at: 11, count: 2), let minute = Digits.number(text, at: 14, count: 2),
            let second = Digits.number(text, at: 17, count: 2)
        else { throw InstantError(code: .notAnInstant, message: "its time is not HH:mm:ss") }
        guard hour <= 23, minute <= 59, second <= 60 else {
            throw InstantError(code: .noSuchMoment, message: "there is no such time of day")
        }
        var position = 19
        let fraction = try Instant.fraction(of: text, &position)
        let offset = try Instant.offsetMinutes(of: text, position)
        let minuteOfDay = hour * 60 + minute - offset
        if second == 60, (minuteOfDay + 1_440) % 1_440 != 1_439 {
            throw InstantError(code: .noSuchMoment, message: "second 60 exists only at 23:59:60 UTC")
        }
        let seconds = Int64(date.daysSinceEpoch) * 86_400 + Int64(minuteOfDay) * 60 + Int64(second)
        self.init(microseconds: seconds * 1_000_000 + Int64(fraction))
        guard self >= .earliest, self <= .latest else {
            throw InstantError(code: .noSuchMoment, message: "it is outside the years 0001 to 9999 in UTC")
        }
    }

    private static func date(of text: Span<UInt8>) throws(InstantError) -> CivilDate {
        guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = Digits.number(text, at: 0, count: 4), let month = Digits.number(text, at: 5, count: 2),
            let day = Digits.number(text, at: 8, count: 2)
        else { throw InstantError(code: .notAnInstant, message: "it does not start with a date as yyyy-MM-dd") }
        guard let date = CivilDate(year: year, month: month, day: day) else {
            throw InstantError(code: .noSuchMoment, message: "there is no such day")
        }
        guard text.count > 10 else {
            throw InstantError(code: .noTime, message: "it is a date without a time and a zone")
        }
        guard text[10] | 0x20 == UInt8(ascii: "t"), text[10] >= UInt8(ascii: "A") else {
            throw InstantError(code: .notAnInstant, message: "date and time must be joined by T")
        }
        return date
    }

    /// The microseconds of an optional fraction; `position` moves behind it.
    private static func fraction(of text: Span<UInt8>, _ position: inout Int) throws(InstantError) -> Int {
        guard position < text.count, text[position] == UInt8(ascii: ".") else { return 0 }
        position += 1
        var value = 0
        var digits = 0
        while position < text.count, text[position] >= UInt8(ascii: "0"), text[position] <= UInt8(ascii: "9") {
            if digits < 6 { value = value * 10 + Int(text[position] - UInt8(ascii: "0")) }
            digits += 1
            position += 1
        }
        guard digits > 0 else { throw InstantError(code: .notAnInstant, message: "no digit follows the point") }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    /// The zone's offset east of UTC in minutes; it must end the text.
    private static func offsetMinutes(of text: Span<UInt8>, _ position: Int) throws(InstantError) -> Int {
        guard position < text.count else {
            throw InstantError(code: .noZone, message: "it has no zone")
        }
        let sign = text[position]
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") {
            guard position + 1 == text.count else {
                throw InstantError(code: .notAnInstant, message: "something follows the zone")
            }
            return 0
        }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), position + 6 == text.count,
            text[position + 3] == UInt8(ascii: ":"),
            let hours = Digits.number(text, at: position + 1, count: 2),
            let minutes = Digits.number(text, at: position + 4, count: 2)
        else { throw InstantError(code: .noZone, message: "its zone is neither Z nor an offset as +08:00") }
        guard hours <= 23, minutes <= 59 else {
            throw InstantError(code: .noSuchMoment, message: "there is no such offset")
        }
        let offset = hours * 60 + minutes
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    /// The moment in UTC with six fractional digits, as in `2026-03-01T08:30:01.482113Z`.
    ///
    /// Always 27 letters, so that the order of texts is the order of moments; a moment outside the years 0001 to 9999
    /// is written as the nearest one inside.
    public var rfc3339: String {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(27)
        appendRFC3339(to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Appends the 27 bytes of `rfc3339`.
    public func appendRFC3339(to buffer: inout [UInt8]) {
        let start = buffer.count
        JSONText.append("0000-00-00T00:00:00.000000Z", to: &buffer)
        var bytes = buffer.mutableSpan
        writeRFC3339(at: start, to: &bytes)
    }

    /// Writes the 27 bytes of `rfc3339` over those from `start` on.
    func writeRFC3339(at start: Int, to bytes: inout MutableSpan<UInt8>) {
        let words = rfc3339Words
        var raw = bytes.mutableBytes
        raw.storeBytes(of: words.0.littleEndian, toByteOffset: start, as: UInt64.self)
        raw.storeBytes(of: words.1.littleEndian, toByteOffset: start + 8, as: UInt64.self)
        raw.storeBytes(of: words.2.littleEndian, toByteOffset: start + 16, as: UInt64.self)
        raw.storeBytes(of: words.3.littleEndian, toByteOffset: start + 23, as: UInt32.self)
    }

    /// The bytes of `rfc3339` as words, the first byte in the lowest bits: bytes 0…7, 8…15, 16…23 and 23…26.
    package var rfc3339Words: (UInt64, UInt64, UInt64, UInt32) {
        let instant = min(max(self, .earliest), .latest)
        let day = instant.dayInUTC
        let date = CivilDate(daysSinceEpoch: day)
        let microsecondOfDay = instant.microseconds - Int64(day) * Instant.microsecondsPerDay
        let second = UInt64(microsecondOfDay / 1_000_000)
        let fraction = UInt64(microsecondOfDay % 1_000_000)
        let (hour, minute) = (second / 3_600, second / 60 % 60)
        let year = UInt64(date.year)
        // yyyy-MM-
        let first =
            Digits.pair(year / 100) | Digits.pair(year % 100) << 16 | 0x2D << 32 | Digits.pair(UInt64(date.month)) << 40
            | 0x2D << 56
        // ddTHH:mm
        let next =
            Digits.pair(UInt64(date.day)) | 0x54 << 16 | Digits.pair(hour) << 24 | 0x3A << 40
            | Digits.pair(minute) << 48
        // :ss.ffff, and ffZ behind it
        let third =
            0x3A | Digits.pair(second % 60) << 8 | 0x2E << 24 | Digits.pair(fraction / 10_000) << 32
            | Digits.pair(fraction / 100 % 100) << 48
        let last = third >> 56 | Digits.pair(fraction % 100) << 8 | 0x5A << 24
        return (first, next, third, UInt32(truncatingIfNeeded: last))
    }
}
