import EventLog

/// A date and a time of day as a cell spells them, with the zone if it spells one.
struct LocalTime {
    var date: CivilDate
    var hour = 0
    var minute = 0
    var second = 0
    /// The digits behind the point, at most nine.
    var fraction: ArraySlice<UInt8> = []
    /// Minutes east of UTC; `nil` if the text names no zone.
    var offsetMinutes: Int?

    /// Seconds since 1970-01-01T00:00:00 on the same clock.
    var localSeconds: Int { date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second }

    /// Appends RFC 3339 text with an offset; a time without a zone of its own is on `clock`.
    func appendRFC3339(clock: ZoneClock?, to text: inout [UInt8]) throws(RowFault) {
        let seconds: Int
        var offset: Int
        if let offsetMinutes {
            offset = offsetMinutes * 60
            seconds = localSeconds - offset
        } else if let clock {
            (seconds, offset) = clock.moment(ofLocal: localSeconds)
        } else {
            throw RowFault("the time carries no zone; say which at the mapping's top, as in `zone: Europe/London`")
        }
        guard seconds >= Self.secondsMin, seconds <= Self.secondsMax else {
            throw RowFault("the time is outside the years 0001 to 9999")
        }
        // RFC 3339 offsets are whole minutes; the odd seconds of local mean time, before about 1920, go to UTC.
        if offset % 60 != 0 { offset = 0 }
        append(seconds + offset, to: &text)
        if !fraction.isEmpty {
            text.append(UInt8(ascii: "."))
            text.append(contentsOf: fraction.prefix(9))
        }
        appendOffset(offset / 60, to: &text)
    }

    private func append(_ localSeconds: Int, to text: inout [UInt8]) {
        var (day, rest) = localSeconds.quotientAndRemainder(dividingBy: 86_400)
        if rest < 0 {
            day -= 1
            rest += 86_400
        }
        (day == date.daysSinceEpoch ? date : CivilDate(daysSinceEpoch: day)).append(to: &text)
        text.append(UInt8(ascii: "T"))
        Decimal.append(rest / 3_600, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Decimal.append(rest / 60 % 60, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Decimal.append(rest % 60, width: 2, to: &text)
    }

    private func appendOffset(_ minutes: Int, to text: inout [UInt8]) {
        guard minutes != 0 else {
            text.append(UInt8(ascii: "Z"))
            return
        }
        text.append(UInt8(ascii: minutes < 0 ? "-" : "+"))
        Decimal.append(abs(minutes) / 60, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Decimal.append(abs(minutes) % 60, width: 2, to: &text)
    }

    // A day within the first and the last year, so that no offset leads out of them.
    private static let secondsMin = -62_135_596_800 + 86_400
    private static let secondsMax = 253_402_300_799 - 86_400
}

extension CivilDate {
    /// Appends `yyyy-MM-dd`.
    func append(to text: inout [UInt8]) {
        Decimal.append(year, width: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Decimal.append(month, width: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Decimal.append(day, width: 2, to: &text)
    }
}

/// Whole numbers as digits.
enum Decimal {
    /// Appends `value`, which is not negative, with at least `width` digits.
    static func append(_ value: Int, width: Int = 1, to text: inout [UInt8]) {
        let start = text.count
        var rest = value
        repeat {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        while text.count - start < width { text.append(UInt8(ascii: "0")) }
        text[start...].reverse()
    }
}
