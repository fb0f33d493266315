import BuyTillYouDie
import CRM
import Foundation
import GRDB
import Testing

/// The weights of signals beside purchases.
@Suite struct ChurnWeightsTests {
    private typealias Views = ChurnTestViews

    @Test(arguments: PlantedYear.Complaints.allCases)
    func `complainers leave twice as often in eight years, not in eight others, and the weights tell`(
        complaints: PlantedYear.Complaints
    ) throws {
        func meanWeight(_ effect: Double) throws -> Double {
            try (1...8).reduce(0.0) { (sum: Double, seed: UInt64) in
                let year = PlantedYear(seed: seed, effect: effect, complaints: complaints)
                let model = try Self.fit(year.events()).model
                #expect(model.evidence?.withSignal["open_complaints"] ?? 0 > 200)
                return try sum + #require(model.beta["open_complaints"]) / 8
            }
        }
        let (planted, none) = (try meanWeight(2), try meanWeight(1))
        #expect(planted > none + 0.5, "\(planted) \(none)")
    }

    @Test func `every weight of twenty years with a planted effect is above every weight of twenty without`() throws {
        func weights(_ effect: Double) throws -> [Double] {
            try (1...20).map { (seed: UInt64) in
                let seed = effect > 1 ? seed : seed + 1_000
                let model = try Self.fit(PlantedMonths(seed: seed, effect: effect).events()).model
                return try #require(model.beta["open_complaints"])
            }
        }
        let (planted, none) = (try weights(2), try weights(1))
        let (least, most) = (try #require(planted.min()), try #require(none.max()))
        #expect(least > most, "\(planted) \(none)")
    }

    @Test func `the same events give the same bits`() throws {
        let year = PlantedYear(seed: 3, effect: 2, customers: 400)
        let (one, two) = (try Self.fit(year.events()), try Self.fit(year.events()))
        #expect(one.eventData == two.eventData)
        #expect(String(decoding: one.eventData, as: UTF8.self).contains(#""half_lives":{"open_complaints":90.0"#))
    }

    /// A hundred customers; every third one complains in spring and buys nothing in autumn.
    private static func events() -> [TestViews.Event] {
        (0..<100).flatMap { customer -> [TestViews.Event] in
            let subject = "C\(100 + customer)"
            let complains = customer % 3 == 0
            let day = PlantedYear.firstDay + customer % 60
            let purchases = (0..<(complains ? 4 : 8)).map { number in
                Views.order(subject, "O\(number)", DayCalendar.text(of: day + number * (30 + customer % 9)))
            }
            let complaint = Views.event("complaint.opened", subject, "2025-06-01", #"{"complaint":"X"}"#)
            return purchases + (complains ? [complaint] : [])
        }
    }

    private static func fit(
        _ events: [TestViews.Event], on day: String = "2025-12-31", horizonDays: Int = 182
    ) throws -> ChurnFitAnswer {
        let events = events.filter { $0.time.prefix(10) <= day }
        let views = try Views(events)
        let context = try views.context(day)
        return try views.database.read { db in
            try ChurnFit(horizonDays: horizonDays).run(db, context) { day, read in
                let text = DayCalendar.text(of: day)
                let past = try Views(events.filter { $0.time.prefix(10) <= text })
                let context = try past.context(text)
                try past.database.read { try read($0, context) }
            }
        }
    }

    @Test func `complaints before the last horizon count, later ones do not`() throws {
        let events = Self.events()
        let fit = try Self.fit(events)
        let beta = try #require(fit.model.beta["open_complaints"])
        #expect(beta > 0.5, "\(fit.model)")
        #expect(fit.model.evidence?.from == "2025-07-02" && fit.model.evidence?.to == "2025-12-31")
        #expect(fit.model.evidence?.withSignal["open_complaints"] == 34)
        let later = (0..<100).map {
            Views.event("complaint.opened", "C\(100 + $0)", "2025-07-03", #"{"complaint":"later"}"#)
        }
        let again = try Self.fit(events + later)
        #expect(again.model.beta == fit.model.beta && again.model.evidence == fit.model.evidence)
    }

    @Test func `without enough history, or service events, every weight is 0 and the answer says so`() throws {
        let events = Self.events()
        // 364 days from the first event to the last, both counted, are twice 182.
        #expect(try Self.fit(events, on: "2025-12-30").model.beta["open_complaints"] != 0)
        let short = try Self.fit(events, on: "2025-12-29").model
        #expect(short.beta.values.allSatisfy { $0 == 0 } && short.beta.count == ChurnFeature.allCases.count)
        #expect(short.notes.contains { $0.contains("shorter than twice the horizon") }, "\(short.notes)")
        let silent = try Self.fit(events.filter { $0.type == "purchase.completed" }).model
        #expect(silent.beta.values.allSatisfy { $0 == 0 } && silent.notes.contains { $0.contains("no complaints") })
        let later = try Self.fit(
            events.filter { $0.type == "purchase.completed" }
                + [Views.event("complaint.opened", "C101", "2025-09-01", #"{"complaint":"X"}"#)]
        ).model
        #expect(later.beta.values.allSatisfy { $0 == 0 } && later.notes.contains { $0.contains("no complaints") })
        // Where the purchases end before the cut there is nothing to learn from.
        let over = try Self.fit(events, on: "2026-12-31").model
        #expect(over.beta.values.allSatisfy { $0 == 0 } && over.notes.contains { $0.contains("nobody bought") })
    }

    @Test func `a complaint that ended counts half, and both events stand behind it`() throws {
        let model = Views.model("2025-01-01T00:00:00Z", more: #","beta":{"open_complaints":2}"#)
        let events = [
            Views.order("C1", "1", "2025-01-01"), Views.order("C2", "1", "2025-01-01"),
            Views.event("complaint.opened", "C1", "2025-03-01", #"{"complaint":"X"}"#),
            Views.event("complaint.opened", "C2", "2025-03-01", #"{"complaint":"X"}"#),
            Views.event("complaint.resolved", "C2", "2025-03-05", #"{"complaint":"X"}"#), model,
        ]
        func term(_ subject: String, _ day: String) throws -> ChurnTerm {
            let answer = try Views(events.filter { $0.time.prefix(10) <= day }).explain(
                ChurnExplainQuery(subject: subject), on: day)
            #expect(answer.terms.reduce(0) { $0 + $1.contribution } == answer.score?.z)
            return try #require(answer.terms.first { $0.name == "open_complaints" })
        }
        let (open, ended) = (try term("C1", "2025-04-01"), try term("C2", "2025-04-01"))
        #expect(ended.value == open.value / 2 && open.value > 0.7 && open.weight == 2)
        #expect(open.sequences == [2] && ended.sequences == [3, 4])
        #expect(try term("C2", "2025-03-04").value == term("C1", "2025-03-04").value)
        let reasons = try Views(events).explain(ChurnExplainQuery(subject: "C2"), on: "2025-04-01").score?.reasons
        #expect(reasons?.map(\.text).contains("1 complaint, resolved or closed 27 days ago") == true)
    }

    @Test func `a list and an explanation give the same score`() throws {
        let weights = #","beta":{"open_complaints":1.3,"silence":0.2,"low_survey":0.7,"unsubscribes":0.4}"#
        var events = Self.events() + [Views.model("2025-06-01T00:00:00Z", more: weights)]
        for customer in stride(from: 100, to: 200, by: 7) {
            events.append(
                Views.event(
                    "survey.answered", "C\(customer)", "2025-08-01",
                    #"{"survey":"V","score":\#(customer % 5),"scale_min":0,"scale_max":10}"#))
            events.append(
                Views.event("campaign.unsubscribed", "C\(customer + 1)", "2025-08-02", #"{"channel":"sms"}"#))
        }
        events.append(Views.event("customer.merged", "C103", "2025-09-01", #"{"into":"C104"}"#))
        events.append(Views.event("contract.signed", "C110", "2025-09-01", #"{"contract":"K"}"#))
        let views = try Views(events)
        let list = try views.churn(ChurnQuery(top: 200), on: "2025-12-31")
        #expect(list.scored == 98 && list.notScored.contract == 1)
        #expect(list.bands.reduce(0) { $0 + $1.customers } == 98)
        for customer in list.customers {
            let explained = try views.explain(ChurnExplainQuery(subject: customer.customer), on: "2025-12-31")
            #expect(explained.score?.z.bitPattern == customer.z.bitPattern, "\(customer.customer)")
        }
        // A shorter list is the longer one's beginning.
        let short = try views.churn(ChurnQuery(top: 7), on: "2025-12-31")
        #expect(short.customers.map(\.customer) == list.customers.prefix(7).map(\.customer))
    }
}
