import EventLog
import Testing

@testable import CSVImport

@Suite struct TimeTests {
    /// What `text` becomes under a format, in a zone.
    private func read(_ text: String, _ format: String?, zone: String? = "UTC") throws -> String? {
        let bytes = ArraySlice(text.utf8)
        let time = try format.map { try TimePattern($0).parse(bytes) } ?? PlainTime.parse(bytes)
        guard let time else { return nil }
        var output: [UInt8] = []
        try time.appendRFC3339(clock: zone.flatMap(ZoneClock.init), to: &output)
        let result = String(decoding: output, as: UTF8.self)
        _ = try Instant(rfc3339: result)
        return result
    }

    private static let plainTimesNeedNoFormatCases: [(String, String)] = [
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01 08:30", "2026-03-01T08:30:00Z"),
        ("2026-03-01 8:30", "2026-03-01T08:30:00Z"),
        ("2026-03-01T08:30:05", "2026-03-01T08:30:05Z"),
        ("2026-03-01 08:30:05.1234567", "2026-03-01T08:30:05.1234567Z"),
        ("2026-03-01T08:30:05Z", "2026-03-01T08:30:05Z"),
        ("2026-03-01 08:30:05 UTC", "2026-03-01T08:30:05Z"),
        ("2011-10-01 00:38:44.546000+02:00", "2011-10-01T00:38:44.546000+02:00"),
        ("2011-10-01T00:38:44-0530", "2011-10-01T00:38:44-05:30"),
        ("2011/1/9 1:02", "2011-01-09T01:02:00Z"),
    ]

    @Test(arguments: plainTimesNeedNoFormatCases)
    func plainTimesNeedNoFormat(text: String, wanted: String) throws {
        #expect(try read(text, nil) == wanted)
    }

    private static let otherTextsAreNoPlainTimesCases: [String] = [
        "", "2026", "2026-13-01", "2026-02-30", "2026-03-01 25:00", "2026-03-01 08:30:61", "1/2/2026", "20260301",
        "2026-03-01x", "2026-03-01 08:30 +99",
    ]

    @Test(arguments: otherTextsAreNoPlainTimesCases)
    func otherTextsAreNoPlainTimes(text: String) throws {
        #expect(try read(text, nil) == nil)
    }

    private static let formatsReadCases: [(String, String, String)] = [
        ("yyyyMMdd", "19970101", "1997-01-01T00:00:00Z"),
        ("M/d/yyyy H:mm", "12/1/2010 8:26", "2010-12-01T08:26:00Z"),
        ("MM/dd/yyyy HH:mm", "12/1/2010 8:26", "2010-12-01T08:26:00Z"),
        ("dd.MM.yyyy", "01.12.2010", "2010-12-01T00:00:00Z"),
        ("yyyyMMddHHmmss", "20101201082659", "2010-12-01T08:26:59Z"),
        ("yyyy-MM-ddTHH:mm:ss.SSSX", "2010-12-01T08:26:59.5+08:00", "2010-12-01T08:26:59.5+08:00"),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2010-12-01T08:26:59+0800", "2010-12-01T08:26:59+08:00"),
        ("d MMM yyyy h:mm a", "5 Sep 2010 12:05 am", "2010-09-05T00:05:00Z"),
        ("d MMM yyyy h:mm a", "5 september 2010 12:05 PM", "2010-09-05T12:05:00Z"),
        ("EEE, d MMM yyyy HH:mm:ss Z", "Wed, 1 Dec 2010 08:26:59 GMT", "2010-12-01T08:26:59Z"),
        ("dd/MM/yy", "31/12/99", "1999-12-31T00:00:00Z"),
        ("dd/MM/yy", "31/12/68", "2068-12-31T00:00:00Z"),
        ("yyyy年M月d日 a h:mm", "2026年3月1日 下午 8:30", "2026-03-01T20:30:00Z"),
        ("M/d/yyyy[ H:mm[:ss]]", "1/2/2010", "2010-01-02T00:00:00Z"),
        ("M/d/yyyy[ H:mm[:ss]]", "1/2/2010 3:04", "2010-01-02T03:04:00Z"),
        ("M/d/yyyy[ H:mm[:ss]]", "1/2/2010 3:04:05", "2010-01-02T03:04:05Z"),
        ("unix", "1433221332", "2015-06-02T05:02:12Z"),
        ("unix", "1433221332.5", "2015-06-02T05:02:12.5Z"),
        ("unix_ms", "1433221332117", "2015-06-02T05:02:12.117Z"),
        ("unix_ms", "-1", "1969-12-31T23:59:59.999Z"),
    ]

    @Test(arguments: formatsReadCases)
    func formatsRead(format: String, text: String, wanted: String) throws {
        #expect(try read(text, format) == wanted)
    }

    private static let otherTextsDoNotFitCases: [(String, String)] = [
        ("yyyyMMdd", "1997011"), ("yyyyMMdd", "199701011"), ("yyyy-MM-dd", "97-01-01"), ("M/d/yyyy", "13/1/2010"),
        ("dd/MM/yyyy", "31/02/2010"), ("HH:mm yyyy-MM-dd", "24:00 2010-01-01"),
        ("d MMM yyyy h:mm a", "5 Foo 2010 1:05 am"),
        ("d MMM yyyy h:mm a", "5 Sep 2010 13:05 am"), ("yyyy-MM-ddX", "2010-01-01"),
    ]

    @Test(arguments: otherTextsDoNotFitCases)
    func otherTextsDoNotFit(format: String, text: String) throws {
        #expect(try read(text, format) == nil)
    }

    private static let badFormatsAreRefusedCases: [String] = [
        "HH:mm", "yyyy-MM", "yyyy-MM-dd hh:mm", "yyyy-MM-ddQ", "yyy-MM-dd", "yyyy-MM-dd [HH", "yyyy'MM", "yyyy-MM-dd]",
    ]

    @Test(arguments: badFormatsAreRefusedCases)
    func badFormatsAreRefused(format: String) {
        #expect(throws: RowFault.self) { try TimePattern(format) }
    }

    @Test func localTimesFollowTheirZone() throws {
        #expect(try read("2010-07-01 08:26", nil, zone: "Europe/London") == "2010-07-01T08:26:00+01:00")
        #expect(try read("2010-12-01 08:26", nil, zone: "Europe/London") == "2010-12-01T08:26:00Z")
        #expect(try read("2026-03-01", nil, zone: "Asia/Shanghai") == "2026-03-01T00:00:00+08:00")
        #expect(try read("2026-03-01", nil, zone: "+05:30") == "2026-03-01T00:00:00+05:30")
        #expect(throws: RowFault.self) { try read("2026-03-01", nil, zone: nil) }
    }

    @Test func skippedTimesMoveForwardAndRepeatedOnesAreTheFirst() throws {
        // New York: 2021-03-14 02:00 → 03:00, 2021-11-07 02:00 → 01:00.
        let zone = "America/New_York"
        #expect(try read("2021-03-14 01:59", nil, zone: zone) == "2021-03-14T01:59:00-05:00")
        #expect(try read("2021-03-14 02:30", nil, zone: zone) == "2021-03-14T03:30:00-04:00")
        #expect(try read("2021-03-14 03:00", nil, zone: zone) == "2021-03-14T03:00:00-04:00")
        #expect(try read("2021-11-07 00:59", nil, zone: zone) == "2021-11-07T00:59:00-04:00")
        #expect(try read("2021-11-07 01:30", nil, zone: zone) == "2021-11-07T01:30:00-04:00")
        #expect(try read("2021-11-07 02:00", nil, zone: zone) == "2021-11-07T02:00:00-05:00")
        // Every day beside them, so that what is remembered of a day is right for all of it.
        #expect(try read("2021-03-13 23:59", nil, zone: zone) == "2021-03-13T23:59:00-05:00")
        #expect(try read("2021-03-15 00:00", nil, zone: zone) == "2021-03-15T00:00:00-04:00")
    }

    @Test func unknownZonesAreRefused() {
        #expect(ZoneClock("Europe/Lodnon") == nil)
        #expect(ZoneClock("Nowhere") == nil)
        #expect(ZoneClock("UTC") != nil)
        #expect(ZoneClock.suggestions(for: "Europe/Lodnon").contains("Europe/London"))
    }
}
