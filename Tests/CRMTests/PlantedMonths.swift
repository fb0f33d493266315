import CRM
import ReferenceFold

/// A made-up year of customers who decide every month whether to buy, to complain and to leave; who has complained
/// leaves more often, or does not.
struct PlantedMonths {
    var seed: UInt64
    /// By how much a complaint multiplies the chance to leave; 1 = complaints mean nothing.
    var effect: Double
    var customers = 3_000

    /// Purchases and complaints in the order of days; four complaints of five are resolved within two weeks.
    func events() -> [TestViews.Event] {
        var random = ReferenceRandom(seed: seed)
        func happens(_ chance: Double) -> Bool { Double.random(in: 0..<1, using: &random) < chance }
        var events: [(day: Int, event: TestViews.Event)] = []
        func say(_ day: Int, _ type: String, _ subject: String, _ data: String) {
            let time = "\(DayCalendar.text(of: PlantedYear.firstDay + day))T12:00:00Z"
            events.append((day, TestViews.Event(type: type, subject: subject, time: time, data: data)))
        }
        for number in 0..<customers {
            let subject = "C\(100_000 + number)"
            var hasComplained = false
            for month in 0..<12 {
                let first = month * 30
                if happens(0.7) {
                    say(
                        first + Int.random(in: 0..<30, using: &random), "purchase.completed", subject,
                        #"{"order":"\#(month)","amount":"20.00","currency":"CNY"}"#)
                }
                if !hasComplained, happens(0.05) {
                    hasComplained = true
                    let day = first + Int.random(in: 0..<30, using: &random)
                    say(day, "complaint.opened", subject, #"{"complaint":"X"}"#)
                    if happens(0.8) {
                        let end = min(day + Int.random(in: 0..<14, using: &random), 364)
                        say(end, "complaint.resolved", subject, #"{"complaint":"X"}"#)
                    }
                }
                if happens(0.05 * (hasComplained ? effect : 1)) { break }
            }
        }
        // Sorted by place too: a complaint comes before its resolution of the same day.
        return events.enumerated().sorted { ($0.element.day, $0.offset) < ($1.element.day, $1.offset) }
            .map(\.element.event)
    }
}
