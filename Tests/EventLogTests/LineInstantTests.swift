import Testing

@testable import EventLog

@Suite struct LineInstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-03-01T08:30:00Z", 1_772_353_800_000_000),
        ("2026-03-01T16:30:00+08:00", 1_772_353_800_000_000),
        ("2026-03-01t08:30:00.5z", 1_772_353_800_500_000),
        ("2026-03-01T08:30:00.1234569999999999Z", 1_772_353_800_123_456),
        ("2026-03-01T08:30:00-00:00", 1_772_353_800_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("2017-01-01T07:59:60.25+08:00", 1_483_228_800_250_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func parses(text: String, microseconds: Int64) throws {
        #expect(try Instant(rfc3339: text).microseconds == microseconds)
    }

    @Test(arguments: [
        ("2026-03-01T08:30:00", InstantError.Code.noZone),
        ("2026-03-01T08:30:00.5", .noZone),
        ("2026-03-01T08:30:00+8", .noZone),
        ("2026-03-01T08:30:00+0800", .noZone),
        ("2026-03-01T08:30:00 CET", .noZone),
        ("2026-03-01", .noTime),
        ("2026-03-01 08:30:00Z", .notAnInstant),
        ("2026-03-01T08:30Z", .notAnInstant),
        ("2026-03-01T08:30:00.Z", .notAnInstant),
        ("2026-03-01T08:30:00Zx", .notAnInstant),
        ("2026-3-1T08:30:00Z", .notAnInstant),
        ("yesterday", .notAnInstant),
        ("", .notAnInstant),
        ("2026-02-29T08:30:00Z", .noSuchMoment),
        ("1900-02-29T08:30:00Z", .noSuchMoment),
        ("2026-13-01T08:30:00Z", .noSuchMoment),
        ("2026-03-00T08:30:00Z", .noSuchMoment),
        ("2026-03-01T24:00:00Z", .noSuchMoment),
        ("2026-03-01T08:60:00Z", .noSuchMoment),
        ("2026-03-01T08:30:60Z", .noSuchMoment),
        ("2026-03-01T08:30:00+24:00", .noSuchMoment),
        ("0000-01-01T00:00:00Z", .noSuchMoment),
        ("0001-01-01T00:00:00+00:01", .noSuchMoment),
        ("9999-12-31T23:59:59-00:01", .noSuchMoment),
    ])
    func refuses(text: String, code: InstantError.Code) {
        let error = #expect(throws: InstantError.self) { try Instant(rfc3339: text) }
        #expect(error?.code == code)
    }

    @Test func writesSixDigitsAndReadsThemBack() throws {
        var random = SplitMix(seed: 1)
        for _ in 0..<20_000 {
            let value = Int64.random(
                in: Instant.earliest.microseconds...Instant.latest.microseconds, using: &random)
            let text = Instant(microseconds: value).rfc3339
            let again = try Instant(rfc3339: text).microseconds
            if text.utf8.count != 27 || again != value { Issue.record("\(text)") }
        }
        #expect(Instant(microseconds: .min).rfc3339 == "0001-01-01T00:00:00.000000Z")
        #expect(Instant(microseconds: .max).rfc3339 == "9999-12-31T23:59:59.999999Z")
    }

    @Test func everyDayIsTheDayAfterTheDayBefore() throws {
        var day = try #require(CivilDate(year: 1, month: 1, day: 1)).daysSinceEpoch
        let last = try #require(CivilDate(year: 9999, month: 12, day: 31)).daysSinceEpoch
        var expected = (year: 1, month: 1, day: 1)
        while day <= last {
            let date = CivilDate(daysSinceEpoch: day)
            guard date.year == expected.year, date.month == expected.month, date.day == expected.day,
                date.daysSinceEpoch == day
            else {
                Issue.record("day \(day) is \(date.text)")
                return
            }
            expected.day += 1
            if expected.day > CivilDate.daysIn(month: expected.month, year: expected.year) {
                (expected.day, expected.month) = (1, expected.month + 1)
                if expected.month > 12 { (expected.month, expected.year) = (1, expected.year + 1) }
            }
            day += 1
        }
        #expect(CivilDate("2026-03-01")?.text == "2026-03-01")
        #expect(CivilDate("2026-02-29") == nil)
        #expect(CivilDate("2026-3-01") == nil)
        #expect(CivilDate("0001-01-01")?.text == "0001-01-01")
    }

    @Test func arithmeticHoldsAtTheEnds() {
        let instant = Instant(microseconds: 1_000_000)
        #expect(instant + .seconds(1) == Instant(microseconds: 2_000_000))
        #expect(instant - .milliseconds(1) == Instant(microseconds: 999_000))
        #expect(instant - Instant(microseconds: 250_000) == .milliseconds(750))
        #expect(Instant(microseconds: .max) + .seconds(1) == Instant(microseconds: .max))
        #expect(Instant(microseconds: .min) - .seconds(1) == Instant(microseconds: .min))
        #expect(Instant(microseconds: -1).dayInUTC == -1)
        #expect(Instant(microseconds: .max).microseconds(since: Instant(microseconds: .min)) == .max)
    }
}

/// A small seeded generator, so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
