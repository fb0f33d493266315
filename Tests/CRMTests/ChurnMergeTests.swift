import BuyTillYouDie
import CRM
import GRDB
import Testing

/// Answers do not depend on how customers came to be one, nor on what the tables hold beyond the day asked for.
@Suite struct ChurnMergeTests {
    private typealias Views = ChurnTestViews

    /// Sixty customers who bought in 2025 and 2026, some of them on the same days.
    private static func purchases() -> [TestViews.Event] {
        let start = DayCalendar.number(year: 2025, month: 1, day: 1)
        return (0..<60).flatMap { customer in
            (0...(customer % 8)).map { purchase in
                let day = start + customer % 30 + purchase * (20 + customer % 50)
                return Views.order("C\(100 + customer)", "O\(purchase)", DayCalendar.text(of: day))
            }
        }
    }

    @Test func `a customer known by two names scores as one who always had one`() throws {
        let model = Views.model("2025-01-01T00:00:00Z")
        let events = Self.purchases()
        // Every even customer was the odd one before him.
        let renamed = events.map { event -> TestViews.Event in
            var event = event
            if let number = Int(event.subject?.dropFirst() ?? ""), number % 2 == 0 {
                event.subject = "C\(number + 1)"
                event.data = event.data.replacing("\"O", with: "\"X")
            }
            return event
        }
        let merges = stride(from: 100, to: 160, by: 2).map {
            Views.event("customer.merged", "C\($0)", "2025-06-01", #"{"into":"C\#($0 + 1)"}"#)
        }
        let merged = try Views(events + [model] + merges).churn(ChurnQuery(top: 100), on: "2025-12-01")
        let plain = try Views(renamed + [model]).churn(ChurnQuery(top: 100), on: "2025-12-01")
        #expect(merged.scored == 30 && plain.scored == 30)
        #expect(merged.customers.map(\.customer) == plain.customers.map(\.customer))
        #expect(merged.customers.map(\.z) == plain.customers.map(\.z))
        #expect(merged.customers.map(\.reasons) == plain.customers.map(\.reasons))
    }

    @Test func `a day on which both of two merged customers bought is one day`() throws {
        let days = ["2025-03-01", "2025-03-11", "2025-03-21", "2025-04-10"]
        let model = Views.model("2025-01-01T00:00:00Z", more: #","beta":{"silence":0.1}"#)
        let one = days.enumerated().map { Views.order("B", "B\($0)", $1) }
        // A day that only the other one has is a day of the customer, too.
        let other = (days.dropLast() + ["2025-03-31"]).enumerated().map { Views.order("A", "A\($0)", $1) }
        let merge = Views.event("customer.merged", "A", "2025-05-01", #"{"into":"B"}"#)
        let alone = [Views.order("B", "A3", "2025-03-31")]
        func silence(_ events: [TestViews.Event]) throws -> Double? {
            try Views([model] + events).explain(ChurnExplainQuery(subject: "B"), on: "2025-06-09").terms
                .first { $0.name == "silence" }?.value
        }
        // Sixty days of silence over four gaps in forty days.
        #expect(try silence(one + alone) == 6)
        #expect(try silence(one + other + [merge]) == 6)
    }

    @Test(
        "The newest word on a consent holds for merged customers, and one unsubscription counts once",
        arguments: [
            [("A", "withdrawn", "02-01"), ("B", "given", "03-01")],
            [("B", "withdrawn", "02-01"), ("A", "given", "03-01")],
            [("A", "withdrawn", "02-01"), ("B", "withdrawn", "03-01")],
            [("A", "given", "02-01"), ("B", "withdrawn", "03-01")],
            [("A", "withdrawn", "02-01"), ("B", "given", "02-15"), ("A", "withdrawn", "03-01")],
            [("A", "withdrawn", "02-01"), ("B", "withdrawn", "02-15"), ("A", "given", "03-01")],
            [("A", "unsubscribed", "02-01"), ("B", "unsubscribed", "03-01"), ("B", "withdrawn", "03-02")],
            [
                ("A", "withdrawn", "02-01"), ("A", "given", "02-10"), ("B", "withdrawn", "02-15"),
                ("A", "given", "03-01"),
            ],
        ] as [[(String, String, String)]])
    func consentsOfMergedCustomers(_ said: [(subject: String, word: String, day: String)]) throws {
        let model = Views.model("2025-01-01T00:00:00Z", more: #","beta":{"unsubscribes":1}"#)
        func answer(_ subject: (String) -> String, _ more: [TestViews.Event]) throws -> Double {
            let words = said.map {
                Views.event(
                    $0.word == "unsubscribed" ? "campaign.unsubscribed" : "consent.\($0.word)", subject($0.subject),
                    "2025-\($0.day)", #"{"campaign":"k","purpose":"m","channel":"email"}"#)
            }
            let views = try Views([model, Views.order("B", "1", "2025-01-05")] + words + more)
            let terms = try views.explain(ChurnExplainQuery(subject: "B"), on: "2025-05-01").terms
            return try #require(terms.first { $0.name == "unsubscribes" }?.value)
        }
        let merge = Views.event("customer.merged", "A", "2025-04-01", #"{"into":"B"}"#)
        #expect(try answer({ $0 }, [merge]) == answer({ _ in "B" }, []))
    }

    @Test func `a past day has the same answer whether or not later purchases are in the tables`() throws {
        let model = Views.model("2025-01-01T00:00:00Z")
        let events = Self.purchases()
        let known = events.filter { $0.time < "2025-07-01" }
        let day = "2025-06-30"
        let full = try Views([model] + events).churn(ChurnQuery(top: 100), on: day)
        let past = try Views([model] + known).churn(ChurnQuery(top: 100), on: day)
        #expect(full.scored == past.scored)
        #expect(full.customers.map(\.customer) == past.customers.map(\.customer))
        #expect(full.customers.map(\.z.bitPattern) == past.customers.map(\.z.bitPattern))
        let fit = ChurnFit(until: DayCalendar.day(of: day))
        let now = try Views(events).fit(fit, on: "2026-12-31").published
        let then = try Views(known).fit(fit, on: day).published
        #expect(now.parameters.map(\.bitPattern) == then.parameters.map(\.bitPattern))
    }

    @Test func `whoever comes back under his later name has come back`() throws {
        var events = Self.purchases()
        events.append(Views.event("customer.merged", "C101", "2026-01-10", #"{"into":"C102"}"#))
        events.append(Views.order("C102", "new", "2026-01-20"))
        let merged = try Views(events)
        let past = try Views(events.filter { $0.time < "2026-01-01" })
        let cut = try #require(DayCalendar.day(of: "2025-12-31"))
        let context = try merged.context("2026-06-30")
        let answer = try merged.database.read { outcome in
            try past.database.read { past in
                try ChurnEvaluate(fitUntil: cut, horizonDays: 90).run(past: past, outcome: outcome, context)
            }
        }
        let returned = try merged.rows(
            "SELECT count(DISTINCT subject) FROM purchase_days WHERE day > '2025-12-31' AND day <= '2026-03-31'")
        // C101 counts as returned beside those who have purchases of their own.
        #expect(String(answer.customers - answer.stayedAway - 1) == returned[0])
    }
}
