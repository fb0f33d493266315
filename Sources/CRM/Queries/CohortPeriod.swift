/// The calendar periods by which customers are put into cohorts.
public enum CohortPeriod: String, Sendable, CaseIterable {
    /// Calendar months: `2026-03`.
    case month
    /// Calendar quarters: `2026-Q1`.
    case quarter
    /// ISO 8601 weeks, Monday to Sunday: `2026-W09`.
    case week

    /// The number of the period that a day lies in; the next period has the next number.
    func index(of day: Int) -> Int {
        switch self {
        case .week:
            // 1970-01-01, day 0, was a Thursday.
            return Self.floor(day + 3, by: 7)
        case .month, .quarter:
            let (year, month, _) = DayCalendar.civil(day)
            return self == .month ? year * 12 + month - 1 : year * 4 + (month - 1) / 3
        }
    }

    /// The first day of a period.
    func firstDay(of index: Int) -> Int {
        switch self {
        case .week: return index * 7 - 3
        case .month, .quarter:
            let months = self == .month ? index : index * 3
            return DayCalendar.number(year: Self.floor(months, by: 12), month: months % 12 + 1, day: 1)
        }
    }

    /// The period's name, which sorts by time.
    func name(of index: Int) -> String {
        let first = firstDay(of: index)
        switch self {
        case .month: return String(DayCalendar.text(of: first).prefix(7))
        case .quarter: return "\(DayCalendar.text(of: first).prefix(4))-Q\(index % 4 + 1)"
        case .week:
            // A week belongs to the year of its Thursday.
            let thursday = first + 3
            let year = DayCalendar.civil(thursday).year
            let number = (thursday - DayCalendar.number(year: year, month: 1, day: 1)) / 7 + 1
            return "\(DayCalendar.text(of: thursday).prefix(4))-W\(number < 10 ? "0" : "")\(number)"
        }
    }

    private static func floor(_ value: Int, by divisor: Int) -> Int {
        value >= 0 ? value / divisor : ~(~value / divisor)
    }
}
