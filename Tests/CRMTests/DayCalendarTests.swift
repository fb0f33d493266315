import CRM
import EventLog
import Foundation
import Testing

@Suite struct DayCalendarTests {
    private static func instant(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

    @Test func `days follow the zone, not UTC`() throws {
        let shanghai = try DayCalendar(zone: "Asia/Shanghai")
        // 2026-02-28T16:00:00Z is midnight of 1 March in Shanghai.
        let midnight = Self.instant(1_772_294_400)
        #expect(DayCalendar.text(of: shanghai.day(of: midnight)) == "2026-03-01")
        let before = Instant(microseconds: midnight.microseconds - 1)
        #expect(DayCalendar.text(of: shanghai.day(of: before)) == "2026-02-28")
        #expect(DayCalendar.text(of: DayCalendar.utc.day(of: midnight)) == "2026-02-28")
        let day = try #require(DayCalendar.day(of: "2026-03-01"))
        #expect(shanghai.start(of: day) == midnight)
        #expect(shanghai.end(of: day) == Instant(microseconds: midnight.microseconds + 86_400_000_000 - 1))
    }

    @Test(arguments: ["UTC", "Asia/Shanghai", "Europe/Moscow", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"])
    func `days agree with Foundation's calendar`(zone: String) throws {
        let calendar = try DayCalendar(zone: zone)
        var foundation = Calendar(identifier: .gregorian)
        foundation.timeZone = try #require(TimeZone(identifier: zone))
        // Odd steps, so that every hour of the day comes up, 1950 to 2060.
        for seconds in stride(from: Int64(-631_152_000), to: 2_840_140_800, by: 1_234_567) {
            let date = Date(timeIntervalSince1970: Double(seconds))
            let parts = foundation.dateComponents([.year, .month, .day], from: date)
            let wanted = DayCalendar.number(
                year: try #require(parts.year), month: try #require(parts.month), day: try #require(parts.day))
            #expect(calendar.day(of: Self.instant(seconds)) == wanted, "\(seconds)")
        }
    }

    @Test(arguments: ["UTC", "Asia/Shanghai", "America/Sao_Paulo", "America/St_Johns", "Europe/Berlin"])
    func `a day's start and end lie in it, and what surrounds them does not`(zone: String) throws {
        let calendar = try DayCalendar(zone: zone)
        for day in -3000...20_000 {
            let (start, end) = (calendar.start(of: day), calendar.end(of: day))
            #expect(calendar.day(of: start) == day && calendar.day(of: end) == day)
            #expect(calendar.day(of: Instant(microseconds: start.microseconds - 1)) == day - 1)
            #expect(calendar.day(of: Instant(microseconds: end.microseconds + 1)) == day + 1)
            #expect(start < end)
        }
    }

    @Test func `a day that the zone skipped is empty`() throws {
        let apia = try DayCalendar(zone: "Pacific/Apia")
        let skipped = try #require(DayCalendar.day(of: "2011-12-30"))
        #expect(apia.end(of: skipped) < apia.start(of: skipped))
        #expect(apia.day(of: apia.start(of: skipped)) == skipped + 1)
        #expect(apia.day(of: apia.end(of: skipped)) == skipped - 1)
    }

    @Test func `days before 1970 count downwards`() {
        #expect(DayCalendar.utc.day(of: Instant(microseconds: -1)) == -1)
        #expect(DayCalendar.utc.day(of: Instant(microseconds: -86_400_000_000)) == -1)
        #expect(DayCalendar.utc.day(of: Instant(microseconds: -86_400_000_001)) == -2)
    }

    @Test func `text and number are each other's inverse`() {
        for day in stride(from: -719_162, through: 2_932_896, by: 97) {
            #expect(DayCalendar.day(of: DayCalendar.text(of: day)) == day)
        }
        #expect(DayCalendar.text(of: -719_162) == "0001-01-01" && DayCalendar.text(of: 2_932_896) == "9999-12-31")
        #expect(DayCalendar.day(of: "1970-01-01") == 0 && DayCalendar.day(of: "2024-02-29") == 19_782)
    }

    @Test(arguments: [
        "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026/01/01", "2026-1-01", "", "0000-01-01",
    ])
    func `what is no date is refused`(text: String) {
        #expect(DayCalendar.day(of: text) == nil)
    }

    @Test func `an unknown zone is refused with near ones`() {
        #expect(throws: DayCalendarError.unknownZone("Asia/shanghai", near: ["Asia/Shanghai"])) {
            try DayCalendar(zone: "Asia/shanghai")
        }
        #expect(throws: DayCalendarError.self) { try DayCalendar(zone: "Nowhere/Else") }
        #expect(throws: DayCalendarError.self) { try DayCalendar(zone: "") }
    }
}
