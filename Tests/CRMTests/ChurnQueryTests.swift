import BuyTillYouDie
import CRM
import Foundation
import GRDB
import Testing

@Suite struct ChurnQueryTests {
    private typealias Views = ChurnTestViews

    /// Forty customers with different habits, one merged, one prospect, one under contract.
    private static func events() -> [TestViews.Event] {
        var events: [TestViews.Event] = []
        let start = DayCalendar.number(year: 2025, month: 1, day: 1)
        for customer in 0..<40 {
            for purchase in 0...(customer % 6) {
                let day = start + customer + purchase * (10 + customer % 9)
                events.append(Views.order("C\(100 + customer)", "O\(purchase)", DayCalendar.text(of: day)))
            }
        }
        events.append(Views.event("customer.registered", "P1", "2025-02-01", "{}"))
        events.append(Views.order("K1", "O1", "2025-02-01"))
        events.append(
            Views.event("contract.signed", "K1", "2025-02-02", #"{"contract":"K","ends":"2025-12-31"}"#))
        return events
    }

    private static let day = "2025-12-01"

    @Test func `without a published model one is fitted and the answer says so`() throws {
        let answer = try Views(Self.events()).churn(on: Self.day)
        #expect(answer.model.source == "fitted_for_this_answer" && answer.model.model == "mbg")
        #expect(answer.scored == 40)
        #expect(answer.notScored.prospect == 1 && answer.notScored.contract == 1)
        #expect(answer.contracts.map(\.daysLeft) == [30])
        #expect(answer.customers.count == 10)
        #expect(answer.bands.map(\.customers).reduce(0, +) == 40)
        let risks = answer.customers.map(\.z)
        #expect(risks == risks.sorted(by: >))
        #expect(answer.customers.allSatisfy { (0...1).contains($0.risk) && $0.expectedPurchases >= 0 })
    }

    @Test func `the last published model is used, or the one that is named`() throws {
        let events = Self.events()
        let first = UInt64(events.count)
        let views = try Views(
            events + [
                Views.model("2025-11-01T00:00:00Z"),
                Views.event(
                    "churn.model_published", nil, "2025-10-01",
                    #"{"model":"nbd","parameters":{"r":0.4,"alpha":9},"horizon_days":91}"#),
            ])
        let last = try views.churn(on: Self.day).model
        #expect(last.sequence == first + 1 && last.source == "published" && last.horizonDays == 91)
        let named = try views.churn(ChurnQuery(modelSequence: first), on: Self.day).model
        #expect(named.sequence == first && named.horizonDays == 182)
        #expect(try views.churn(ChurnQuery(horizonDays: 30), on: Self.day).model.horizonDays == 30)
        #expect(throws: ChurnError.unknownModel(sequence: 3, published: [first, first + 1])) {
            try views.churn(ChurnQuery(modelSequence: 3), on: Self.day)
        }
    }

    @Test func `merged customers are one, with the union of their days`() throws {
        let model = Views.model("2025-11-01T00:00:00Z")
        let apart = [
            Views.order("A", "1", "2025-01-01"), Views.order("A", "2", "2025-02-01"),
            Views.order("B", "1", "2025-02-01"), Views.order("B", "2", "2025-03-01"), model,
        ]
        let merge = Views.event("customer.merged", "A", "2025-04-01", #"{"into":"B"}"#)
        let merged = try Views(apart + [merge]).churn(on: Self.day)
        #expect(merged.scored == 1)
        let customer = try #require(merged.customers.first)
        #expect(customer.customer == "B" && customer.x == 2)
        #expect(customer.firstPurchase == "2025-01-01" && customer.lastPurchase == "2025-03-01")
        #expect(customer.spend["CNY"]?.description == "40.00")
        let undone = Views.event("customer.unmerged", "A", "2025-04-02", "{}")
        let again = try Views(apart + [merge, undone]).churn(on: Self.day)
        #expect(again.customers.map(\.customer).sorted() == ["A", "B"])
        #expect(again.customers.map(\.z) == (try Views(apart).churn(on: Self.day)).customers.map(\.z))
    }

    @Test func `purchases after the day of the answer do not count`() throws {
        let events = [
            Views.order("A", "1", "2025-01-01"), Views.order("A", "2", "2025-02-01"),
            Views.order("A", "3", "2026-02-01"), Views.model("2025-11-01T00:00:00Z"),
            Views.order("B", "1", "2026-03-01"),
        ]
        let answer = try Views(events).churn(on: Self.day)
        #expect(answer.customers.map(\.customer) == ["A"])
        #expect(answer.customers.first?.x == 1 && answer.customers.first?.lastPurchase == "2025-02-01")
    }

    @Test func `reasons are in plain words and name their events`() throws {
        let views = try Views([
            Views.order("C1", "1", "2025-01-01"), Views.order("C1", "2", "2025-01-25"),
            Views.order("C1", "3", "2025-02-18"),
            Views.event("complaint.opened", "C1", "2025-03-01", #"{"complaint":"X"}"#),
            Views.event("ticket.opened", "C1", "2025-09-10", #"{"ticket":"T"}"#),
            Views.event(
                "survey.answered", "C1", "2025-03-05",
                #"{"survey":"V","score":"2","scale_min":"0","scale_max":"10"}"#),
            Views.event("campaign.unsubscribed", "C1", "2025-03-06", #"{"campaign":"S","channel":"sms"}"#),
            Views.model("2025-01-01T00:00:00Z"),
        ])
        let answer = try views.explain(ChurnExplainQuery(subject: "C1"), on: "2025-09-16")
        let score = try #require(answer.score)
        #expect(
            score.reasons.map(\.text) == [
                "last purchase 210 days ago; usual gap 24 days", "1 complaint open for 199 days",
                "last survey answer 2 on a scale of 0 to 10, 195 days ago", "unsubscribed, 194 days ago",
            ])
        #expect(score.reasons.map(\.sequences) == [[0, 2], [3], [5], [6]])
        #expect(answer.terms.map(\.name).first == "purchases")
        #expect(answer.terms.reduce(0) { $0 + $1.contribution } == score.z)
        #expect(Set(answer.terms.map(\.name)) == Set(["purchases"] + ChurnFeature.allCases.map(\.rawValue)))
        #expect(answer.terms.dropFirst().allSatisfy { $0.weight == 0 && $0.contribution == 0 })
        #expect(answer.terms.first { $0.name == "open_complaints" }?.sequences == [3])
    }

    @Test func `weights move the score, and then another horizon is refused`() throws {
        let events = [
            Views.order("C1", "1", "2025-01-01"), Views.order("C2", "1", "2025-01-01"),
            Views.event("complaint.opened", "C2", "2025-03-01", #"{"complaint":"X"}"#),
        ]
        let plain = try Views(events + [Views.model("2025-01-01T00:00:00Z")]).churn(on: Self.day)
        #expect(plain.customers.map(\.customer) == ["C1", "C2"] && plain.customers[0].z == plain.customers[1].z)
        let weighed = try Views(
            events + [Views.model("2025-01-01T00:00:00Z", more: #","beta":{"open_complaints":2}"#)])
        let answer = try weighed.churn(on: Self.day)
        #expect(answer.customers.map(\.customer) == ["C2", "C1"])
        #expect(throws: ChurnError.otherHorizon(asked: 91, model: 182)) {
            try weighed.churn(ChurnQuery(horizonDays: 91), on: Self.day)
        }
        let explained = try #require(try weighed.explain(ChurnExplainQuery(subject: "C2"), on: Self.day).score)
        #expect(explained.z == answer.customers[0].z)
    }

    @Test func `prospects, contracts and strangers are told apart`() throws {
        let views = try Views(Self.events())
        #expect(try views.explain(ChurnExplainQuery(subject: "P1"), on: Self.day).notScored == "prospect")
        #expect(try views.explain(ChurnExplainQuery(subject: "K1"), on: Self.day).notScored == "contract")
        // After its last day the contract binds no longer.
        #expect(try views.explain(ChurnExplainQuery(subject: "K1"), on: "2026-01-01").score != nil)
        #expect(throws: NotFound.self) { try views.explain(ChurnExplainQuery(subject: "C1000"), on: Self.day) }
    }

    @Test func `the customer's part never fits a model`() throws {
        func part(_ events: [TestViews.Event], _ subject: String) throws -> String {
            let views = try Views(events)
            let context = try views.context(Self.day)
            let part = try views.database.read { db in
                try ChurnQuery.customer(db, context, MergeGroup.of(subject, db))
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return String(decoding: try encoder.encode(part), as: UTF8.self)
        }
        let events = Self.events()
        let unpublished = try part(events, "C105")
        #expect(unpublished.contains(#""status":"no_model""#) && unpublished.contains(#""x":5"#))
        let scored = try part(events + [Views.model("2025-01-01T00:00:00Z")], "C105")
        #expect(scored.contains(#""status":"scored""#) && scored.contains(#""risk":0."#))
        #expect(try part(events, "P1").contains(#""status":"prospect""#))
        #expect(try part(events, "K1").contains(#""status":"contract""#))
    }

    @Test func `bad questions have clear answers`() throws {
        let views = try Views(Self.events())
        #expect(throws: ChurnError.badHorizon(days: 0)) { try views.churn(ChurnQuery(horizonDays: 0), on: Self.day) }
        #expect(throws: ChurnError.badHorizon(days: -1)) { try views.fit(ChurnFit(horizonDays: -1), on: Self.day) }
        let before = try #require(DayCalendar.day(of: "2024-12-31"))
        #expect(throws: ChurnError.noPurchases(until: before)) { try views.churn(on: "2024-12-31") }
        #expect(throws: ChurnError.noPurchases(until: before)) { try views.fit(ChurnFit(until: before), on: Self.day) }
        let early = try #require(DayCalendar.day(of: "2025-01-20"))
        #expect(throws: ChurnError.fit(.tooFewRepeatBuyers(found: 5, needed: 10))) {
            try views.fit(ChurnFit(until: early), on: Self.day)
        }
        let later = try #require(DayCalendar.day(of: "2026-01-01"))
        #expect(throws: ChurnError.self) { try views.fit(ChurnFit(until: later), on: Self.day) }
        #expect(throws: ChurnError.unknownModelName("tarot")) { try ChurnError.model(named: "tarot") }
        #expect(ChurnError.fit(.tooFewRepeatBuyers(found: 9, needed: 10)).description.contains("at least 10"))
    }

    @Test func `answers encode without NaN`() throws {
        let views = try Views(Self.events())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // JSONEncoder refuses NaN and infinities.
        let text = String(decoding: try encoder.encode(views.churn(ChurnQuery(top: 100), on: Self.day)), as: UTF8.self)
        for key in ["not_scored", "p_alive", "t_x", "\"T\"", "horizon_days"] {
            #expect(text.contains(key))
        }
    }
}
