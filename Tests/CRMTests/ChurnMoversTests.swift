import BuyTillYouDie
import CRM
import GRDB
import Testing

/// Whose risk changed, and bands.
@Suite struct ChurnMoversTests {
    private typealias Views = ChurnTestViews

    private static let events = [
        Views.model("2025-01-01T00:00:00Z", more: #","beta":{"open_complaints":2}"#),
        Views.order("A", "1", "2025-01-01"), Views.order("A", "2", "2025-02-01"), Views.order("A", "3", "2025-03-01"),
        Views.order("B", "1", "2025-01-01"), Views.order("B", "2", "2025-02-01"),
        Views.order("D", "1", "2025-03-01"),
        Views.event("complaint.opened", "A", "2025-04-05", #"{"complaint":"X"}"#),
        Views.order("B", "3", "2025-04-10"), Views.order("new", "1", "2025-04-11"),
        Views.event("contract.signed", "D", "2025-04-12", #"{"contract":"K"}"#),
    ]

    private static func movers(
        _ query: ChurnMovers = ChurnMovers(), since: String = "2025-04-01", now: String = "2025-04-15"
    ) throws -> ChurnMoversAnswer {
        let (views, past) = (try Views(events), try Views(events.filter { $0.time.prefix(10) <= since }))
        let (context, pastContext) = (try views.context(now), try past.context(since))
        return try views.database.read { db in
            try past.database.read { try query.run(db, context, then: $0, pastContext) }
        }
    }

    @Test func `who complained rose, who bought fell, and each says why`() throws {
        let answer = try Self.movers()
        #expect(answer.compared == 2 && answer.new == 1 && answer.gone == 1)
        let risen = try #require(answer.risen.first)
        #expect(answer.risen.map(\.customer) == ["A"] && risen.change > 0.1)
        #expect(risen.risk - risen.riskThen == risen.change)
        #expect(risen.reasons.map(\.code) == ["open_complaints"] && risen.reasons.first?.sequences == [7])
        let fallen = try #require(answer.fallen.first)
        #expect(answer.fallen.map(\.customer) == ["B"] && fallen.change < 0)
        #expect(fallen.reasons.map(\.code) == ["last_purchase"] && fallen.reasonsGone.map(\.code) == ["last_purchase"])
        let changed = [risen, fallen].filter { $0.band != $0.bandThen }.count
        #expect(answer.moves.reduce(0) { $0 + $1.customers } == changed && answer.moves.count == 6)
    }

    @Test func `both risks are those of explain at their moments`() throws {
        let answer = try Self.movers()
        func risk(_ day: String) throws -> Double? {
            try Views(Self.events.filter { $0.time.prefix(10) <= day })
                .explain(ChurnExplainQuery(subject: "A"), on: day).score?.risk
        }
        #expect(try answer.risen.first?.riskThen == risk("2025-04-01"))
        #expect(try answer.risen.first?.risk == risk("2025-04-15"))
    }

    @Test func `a moment that is not earlier, or has no purchases, is refused`() throws {
        #expect(throws: ChurnError.self) { try Self.movers(since: "2025-04-15") }
        let before = try #require(DayCalendar.day(of: "2024-12-31"))
        #expect(throws: ChurnError.noPurchases(until: before)) { try Self.movers(since: "2024-12-31") }
        #expect(throws: ChurnError.badHorizon(days: 0)) { try Self.movers(ChurnMovers(horizonDays: 0)) }
    }

    @Test func `bands have the limits that were asked for, and answers print them`() throws {
        let bands = try ChurnBands(text: "0.25, 0.6")
        #expect(bands.name(of: 0.6) == "high" && bands.name(of: 0.25) == "medium" && bands.name(of: 0.2) == "low")
        let list = try Views(Self.events).churn(ChurnQuery(bands: bands), on: "2025-04-15")
        #expect(list.bands.map(\.from) == [0.6, 0.25, 0])
        #expect(list.customers.allSatisfy { $0.band == bands.name(of: $0.risk) })
        let explained = try Views(Self.events).explain(ChurnExplainQuery(subject: "A", bands: bands), on: "2025-04-15")
        #expect(explained.bands?.high == 0.6 && explained.bands?.medium == 0.25)
        for text in ["", "0.5", "0.8,0.5", "0,0.5", "0.5,1", "0.5,x", "0.1,0.2,0.3", "nan,0.5"] {
            #expect(throws: ChurnError.badBands(text)) { try ChurnBands(text: text) }
        }
        #expect(ChurnBands().name(of: 0.5) == "medium" && ChurnBands().name(of: 0.8) == "high")
    }
}
