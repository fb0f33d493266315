import Testing

@testable import CRM

/// Fifths of a population, and the spellings by which duplicates and cohorts are found.
@Suite struct QuintilesTests {
    @Test(
        "Equal values are never told apart, and fewer than five values leave fifths empty",
        arguments: [
            ([10, 20, 30, 40, 50], [1, 2, 3, 4, 5]),
            ([50, 40, 30, 20, 10], [5, 4, 3, 2, 1]),
            ([7, 7, 7, 7], [3, 3, 3, 3]),
            ([1, 1, 1, 9], [2, 2, 2, 5]),
            ([1, 9, 9, 9], [1, 4, 4, 4]),
            ([5], [3]),
            ([], []),
        ] as [([Int], [Int])])
    func fifths(_ values: [Int], _ expected: [Int]) {
        #expect(Quintiles.of(values, by: <) == expected)
    }

    @Test func fifthsOfDistinctValuesAreOfOneSize() {
        let fifths = Quintiles.of((0..<1000).map { ($0 * 7919) % 1000 }, by: <)
        for fifth in 1...5 { #expect(fifths.count { $0 == fifth } == 200) }
    }

    @Test(
        "One phone number has one spelling",
        arguments: [
            ("13800138000", "+8613800138000"), ("+86 138-0013-8000", "+8613800138000"),
            ("0086 138 0013 8000", "+8613800138000"), ("8613800138000", "+8613800138000"),
            ("+86 0138 0013 8000", "+8613800138000"), ("＋８６１３８００１３８０００", "+8613800138000"),
            ("010-6552 9988", "+861065529988"), ("+86 10 65529988", "+861065529988"),
            ("+1 415 555 2671", "+14155552671"), ("001 (415) 555-2671", "+14155552671"),
            ("14155552671", "+8614155552671"), ("110", nil), ("none", nil), ("", nil),
        ] as [(String, String?)])
    func phones(_ text: String, _ key: String?) {
        #expect(ContactKey.phone(text) == key)
    }

    @Test(
        "One address has one spelling; dots and tags stay",
        arguments: [
            (" Ada@Example.COM\n", "ada@example.com"), ("a.da+x@example.com", "a.da+x@example.com"),
            ("ada", nil), ("@example.com", nil), ("ada@", nil), ("", nil),
        ] as [(String, String?)])
    func emails(_ text: String, _ key: String?) {
        #expect(ContactKey.email(text) == key)
    }

    @Test(arguments: CohortPeriod.allCases) func periodsFollowEachOtherWithoutHoles(_ period: CohortPeriod) {
        var last = period.index(of: -400)
        for day in -400...1200 {
            let index = period.index(of: day)
            #expect(index == last || index == last + 1)
            let first = period.firstDay(of: index)
            #expect(first <= day && day < period.firstDay(of: index + 1))
            #expect(period.index(of: first) == index)
            last = index
        }
    }

    @Test(
        "Periods have the names that calendars give them",
        arguments: [
            (CohortPeriod.month, "1997-01-31", "1997-01"), (.quarter, "1997-12-31", "1997-Q4"),
            (.week, "1996-12-30", "1997-W01"), (.week, "2027-01-03", "2026-W53"), (.week, "2026-01-01", "2026-W01"),
        ])
    func names(_ period: CohortPeriod, _ day: String, _ name: String) throws {
        let number = try #require(DayCalendar.day(of: day))
        #expect(period.name(of: period.index(of: number)) == name)
    }
}
