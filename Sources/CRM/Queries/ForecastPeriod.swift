import EventLog

/// The periods for which a funnel is forecast: calendar months or quarters in the folder's zone.
public enum ForecastPeriod: String, Sendable, CaseIterable, Encodable {
    /// `2026-03`.
    case month
    /// `2026-Q1`.
    case quarter

    private var months: Int { self == .month ? 1 : 3 }

    /// The number of the period in which a day falls; periods follow each other without a gap.
    func number(ofDay day: Int) -> Int {
        let (year, month, _) = DayCalendar.civil(day)
        return (year * 12 + month - 1) / months
    }

    /// The number of the period in which an instant falls.
    func number(of instant: Instant, _ calendar: DayCalendar) -> Int { number(ofDay: calendar.day(of: instant)) }

    /// The first moment of a period.
    func start(of number: Int, _ calendar: DayCalendar) -> Instant { calendar.start(of: firstDay(of: number)) }

    /// A period's name.
    func name(of number: Int) -> String {
        let date = DayCalendar.text(of: firstDay(of: number))
        return self == .month ? String(date.prefix(7)) : "\(date.prefix(4))-Q\(number % 4 + 1)"
    }

    private func firstDay(of number: Int) -> Int {
        let month = number * months
        return DayCalendar.number(year: month / 12, month: month % 12 + 1, day: 1)
    }
}
