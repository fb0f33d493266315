import CRM
import SystemPackage

/// Customers of a shop without contracts: some come back often, most do not, all leave some day, one in twenty after a
/// complaint.
struct SyntheticBuyers {
    /// How many customers there are.
    var customers: UInt64

    private static let firstDay = DayCalendar.number(year: 2025, month: 1, day: 1)
    private static let lastDay = DayCalendar.number(year: 2025, month: 12, day: 31)
    /// About so many bytes a customer takes as lines, in the log and in the views.
    static let bytesPerCustomer: UInt64 = 3_000

    /// Writes their purchases and complaints as NDJSON; the number of events.
    func write(_ path: FilePath, _ progress: BenchProgress) throws -> UInt64 {
        let file = try LineFile(path)
        var chance = Chance(state: 11)
        for customer in 0..<customers {
            // Rates and chances to leave differ from one customer to the next, else there is nothing to fit.
            let gap = 5 + Int(200 * chance.unit() * chance.unit())
            let leaving = 0.05 + 0.9 * chance.unit()
            var day = Self.firstDay + chance.below(120)
            while day <= Self.lastDay {
                let data = """
                    {"order":"O-\(file.count)","amount":"\(chance.amount(4, 90))","currency":"EUR"}
                    """
                try file.add(
                    SyntheticEvent(
                        source: "/shop", type: "purchase.completed", subject: "C-\(customer)",
                        time: DayCalendar.text(of: day) + "T12:00:00Z", data: Array(data.utf8)))
                if chance.happens(leaving) { break }
                day += 1 + chance.below(2 * gap)
            }
            if customer % 20 == 0 {
                try file.add(
                    SyntheticEvent(
                        source: "/desk", type: "complaint.opened", subject: "C-\(customer)",
                        time: DayCalendar.text(of: min(day, Self.lastDay)) + "T15:00:00Z",
                        data: Array(#"{"complaint":"K-\#(customer)","severity":"normal"}"#.utf8)))
            }
            if customer % 4_096 == 0 { try progress("making purchases", customer, of: customers) }
        }
        try file.close()
        return file.count
    }
}
