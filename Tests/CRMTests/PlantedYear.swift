import CRM
import Foundation
import ReferenceFold

/// A made-up year in which complainers leave more often, or do not.
struct PlantedYear {
    /// What becomes of a complaint.
    enum Complaints: CaseIterable { case stayOpen, areResolved }

    var seed: UInt64
    /// By how much a complaint multiplies a customer's rate of leaving; 1 = complaints mean nothing.
    var effect: Double
    var complaints = Complaints.stayOpen
    var customers = 2_500

    static let firstDay = DayCalendar.number(year: 2025, month: 1, day: 1)
    static let lastDay = DayCalendar.number(year: 2025, month: 12, day: 31)

    /// Purchases and complaints in the order of time; everyone leaves some day, unseen.
    func events() -> [TestViews.Event] {
        var random = ReferenceRandom(seed: seed)
        func uniform() -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }
        func exponential(_ rate: Double) -> Double { -log(uniform()) / rate }
        var events: [(day: Double, event: TestViews.Event)] = []
        func say(_ day: Double, _ type: String, _ subject: String, _ data: String) {
            let (number, second) = (Int(day), Int(day.truncatingRemainder(dividingBy: 1) * 86_400))
            let time = String(format: "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60)
            let date = DayCalendar.text(of: Self.firstDay + number)
            events.append((day, TestViews.Event(type: type, subject: subject, time: "\(date)T\(time)Z", data: data)))
        }
        for number in 0..<customers {
            let subject = "C\(100_000 + number)"
            let rate = exponential(1) / 25 + exponential(1) / 25
            let start = number == 0 ? 0 : uniform() * 120
            let leaving = 1 / 400.0
            let complaint = uniform() < 0.6 ? start + uniform() * (364 - start) : .infinity
            // The time to leave at a rate of 1, spent at the rate before and after the complaint.
            let patience = exponential(1)
            let before = (complaint - start) * leaving
            let end =
                patience < before ? start + patience / leaving : complaint + (patience - before) / leaving / effect
            var (day, order) = (start, 0)
            while day < min(end, 364.9) {
                say(day, "purchase.completed", subject, #"{"order":"\#(order)","amount":"10.00","currency":"CNY"}"#)
                order += 1
                day += exponential(rate)
            }
            guard complaint < min(end, 364.9) else { continue }
            say(complaint, "complaint.opened", subject, #"{"complaint":"X"}"#)
            let resolution = complaint + uniform() * 10
            if complaints == .areResolved, resolution < 364.9 {
                say(resolution, "complaint.resolved", subject, #"{"complaint":"X"}"#)
            }
        }
        return events.sorted { $0.day < $1.day }.map(\.event)
    }
}
