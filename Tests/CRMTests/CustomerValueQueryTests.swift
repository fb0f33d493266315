import CRM
import Foundation
import GRDB
import Testing

/// What customers are worth, who came back, and who may be one.
@Suite struct CustomerValueQueryTests {
    private typealias Views = ChurnTestViews

    private static func order(
        _ subject: String, _ order: String, _ day: String, _ amount: String, _ currency: String
    ) -> TestViews.Event {
        Views.event(
            "purchase.completed", subject, day,
            #"{"order":"\#(order)","amount":"\#(amount)","currency":"\#(currency)"}"#)
    }

    private static func value(
        _ views: ChurnTestViews, _ query: CustomerValueQuery = CustomerValueQuery(), on day: String
    ) throws -> CustomerValueAnswer {
        let context = try views.context(day)
        return try views.database.read { try query.run($0, context) }
    }

    private static func cohorts(
        _ views: ChurnTestViews, _ query: CohortsQuery = CohortsQuery(), on day: String
    ) throws -> CohortsAnswer {
        let context = try views.context(day)
        return try views.database.read { try query.run($0, context) }
    }

    @Test func `the spend model of CDNOW is the published one`() throws {
        let views = try ChurnTestViews(stored: CDNOWEvents.sample())
        let answer = try Self.value(views, on: "1997-09-30")
        let model = try #require(answer.basis.spendModel)
        #expect(abs(model.p - 6.2496) < 1e-3 && abs(model.q - 3.7442) < 1e-3 && abs(model.v - 15.4435) < 1e-3)
        #expect(model.customers == 946)
        #expect(answer.whole.customers == 2357 && answer.whole.repeatCustomers == 946)
        let sum = try Self.value(views, CustomerValueQuery(limit: 3000), on: "1997-09-30").customers
            .reduce(0.0) { $0 + ($1.expectedSpend ?? .nan) }
        #expect(abs(sum - (answer.whole.expectedSpend ?? 0)) < 1e-6 * sum)
    }

    @Test func `a discount makes later money less, and none is a discount of nothing`() throws {
        let views = try ChurnTestViews(stored: CDNOWEvents.sample())
        func expected(_ discount: Double?) throws -> Double {
            let query = CustomerValueQuery(horizonDays: 364, discount: discount)
            return try #require(try Self.value(views, query, on: "1997-09-30").whole.expectedSpend)
        }
        let plain = try expected(nil)
        #expect(try expected(0) == plain)
        let tenth = try expected(0.1)
        #expect(tenth < plain && tenth > plain / 1.1)
    }

    @Test func `currencies are never added, and the one with most customers is taken`() throws {
        let views = try Views([
            Self.order("A", "1", "2026-01-01", "10", "CNY"), Self.order("A", "2", "2026-01-11", "20.50", "CNY"),
            Self.order("A", "3", "2026-01-21", "99", "USD"), Self.order("B", "1", "2026-01-05", "7", "CNY"),
            Self.order("C", "1", "2026-01-06", "1000", "USD"), Self.order("D", "1", "2026-01-07", "8", "CNY"),
        ])
        let answer = try Self.value(views, on: "2026-02-01")
        #expect(answer.basis.currency == "CNY")
        #expect(answer.currencies.map(\.customers) == [3, 2])
        #expect(answer.whole.spend.description == "45.50")
        #expect(answer.customers.map(\.customer) == ["A", "D", "B"])
        #expect(answer.customers[0].gaps.median == 10)
        // Nobody has enough repeats for a model, and the answer says so instead of a number.
        #expect(answer.whole.expectedSpend == nil && answer.basis.notes.count == 2)
        let dollars = try Self.value(views, CustomerValueQuery(currency: "usd"), on: "2026-02-01")
        #expect(dollars.customers.map(\.customer) == ["C", "A"])
        let unknown = #expect(throws: NotFound.self) {
            try Self.value(views, CustomerValueQuery(currency: "EUR"), on: "2026-02-01")
        }
        #expect(unknown?.description.contains("CNY, USD") == true)
        #expect(throws: ChurnError.self) { try Self.value(views, on: "2025-12-31") }
        #expect(throws: ChurnError.self) { try Self.value(views, CustomerValueQuery(horizonDays: 0), on: "2026-02-01") }
    }

    @Test func `a refund as large as the purchase takes the day away, and a merge gives the union`() throws {
        let views = try Views([
            Self.order("A", "1", "2026-01-01", "10", "CNY"), Self.order("A", "2", "2026-01-09", "30", "CNY"),
            Views.event("purchase.refunded", "A", "2026-01-10", #"{"order":"2","amount":"35"}"#),
            Self.order("B", "9", "2026-01-01", "5", "CNY"), Self.order("B", "8", "2026-01-31", "6", "CNY"),
            Views.event("customer.merged", "B", "2026-02-01", #"{"into":"A"}"#),
        ])
        let answer = try Self.value(views, on: "2026-02-02")
        #expect(answer.customers.map(\.customer) == ["A"])
        #expect(answer.customers[0].purchaseDays == 2 && answer.customers[0].orders == 3)
        #expect(answer.customers[0].spend.description == "21")
        let cohorts = try Self.cohorts(views, on: "2026-02-02")
        #expect(cohorts.cohorts.map(\.size) == [1] && cohorts.cohorts[0].returned == 1)
        #expect(cohorts.cohorts[0].spend.sums == ["CNY": DecimalAmount(21)])
    }

    @Test func `cohorts of CDNOW hold everyone once and all spend`() throws {
        let views = try ChurnTestViews(stored: CDNOWEvents.sample())
        for by in CohortPeriod.allCases {
            let answer = try Self.cohorts(views, CohortsQuery(by: by, periods: 1000), on: "1998-06-30")
            #expect(answer.customers == 2357)
            #expect(answer.cohorts.map(\.size).reduce(0, +) == 2357)
            for cohort in answer.cohorts {
                #expect(cohort.periods[0].customers == cohort.size)
                #expect(cohort.periods.allSatisfy { $0.isComplete || $0.period == cohort.periods.count - 1 })
            }
        }
        // The first quarter of 1997 holds every customer's first purchase.
        let months = try Self.cohorts(views, on: "1998-06-30").cohorts
        #expect(months.map(\.cohort) == ["1997-01", "1997-02", "1997-03"])
    }

    @Test func `a period is complete when its last day is over`() throws {
        let views = try Views([Self.order("A", "1", "2026-01-05", "10", "CNY")])
        let periods = { day in try Self.cohorts(views, on: day).cohorts[0].periods }
        #expect(try periods("2026-01-30").map(\.isComplete) == [false])
        #expect(try periods("2026-01-31").map(\.isComplete) == [true])
        #expect(try periods("2026-02-01").map(\.isComplete) == [true, false])
        #expect(try Self.cohorts(views, on: "2026-02-28").all.map(\.share) == [0])
    }
}
