import CRM
import Testing

/// Orders: what adds up, what counts, what is left.
struct PurchasesLedgerTests {
    private func completed(
        _ order: String, _ amount: String, currency: String? = "CNY", day: Int = 1, more: String = ""
    ) -> TestViews.Event {
        let currency = currency.map { #","currency":"\#($0)""# } ?? ""
        return event(
            "purchase.completed", day: day, #"{"order":"\#(order)","amount":"\#(amount)"\#(currency)\#(more)}"#)
    }

    private let orders = "SELECT order_id, currency, state, gross, refunded, net FROM purchases ORDER BY 1, 2"
    private let totals = "SELECT currency, total FROM purchase_totals ORDER BY 1"
    private let count = "SELECT purchases FROM customers"

    @Test func eventsOfOneOrderAddUpAndCountOnce() throws {
        let views = try TestViews([
            completed("O1", "129.90", day: 1, more: #","items":2,"channel":"web""#),
            completed("O1", "10.10", day: 2, more: #","items":1,"product":"p""#),
            completed("O2", "5", day: 3),
        ])
        #expect(try views.rows(orders) == ["O1|CNY|completed|140.00|0|140.00", "O2|CNY|completed|5|0|5"])
        #expect(try views.rows(totals) == ["CNY|145.00"])
        #expect(try views.rows(count) == ["2"])
        let detail = "SELECT day, sequence, items, channel, product FROM purchases WHERE order_id = 'O1'"
        #expect(try views.rows(detail) == ["2026-01-01|0|3|web|p"])
    }

    @Test func currenciesAreNeverAddedUp() throws {
        let views = try TestViews([completed("O1", "10", currency: "CNY"), completed("O2", "7.50", currency: "EUR")])
        #expect(try views.rows(totals) == ["CNY|10", "EUR|7.50"])
    }

    @Test func aPartialRefundLowersTheTotal() throws {
        let views = try TestViews([
            completed("O1", "100.00"), event("purchase.refunded", day: 2, #"{"order":"O1","amount":"30"}"#),
        ])
        #expect(try views.rows(orders) == ["O1|CNY|partly_refunded|100.00|30|70.00"])
        #expect(try views.rows(totals) == ["CNY|70.00"])
        #expect(try views.rows(count) == ["1"])
    }

    @Test func aRefundWithoutAnAmountIsTheWholeOrder() throws {
        let views = try TestViews([
            completed("O1", "100.00"), event("purchase.refunded", day: 2, #"{"order":"O1","amount":"30"}"#),
            event("purchase.refunded", day: 3, #"{"order":"O1"}"#), completed("O1", "1.00", day: 4),
        ])
        #expect(try views.rows(orders) == ["O1|CNY|refunded|101.00|101.00|0.00"])
        #expect(try views.rows(totals) == ["CNY|0.00"])
        #expect(try views.rows(count) == ["1"])
    }

    @Test func refundsThatReachTheOrderAreWhole() throws {
        let views = try TestViews([
            completed("O1", "10.00"), event("purchase.refunded", day: 2, #"{"order":"O1","amount":"10"}"#),
        ])
        #expect(try views.rows(orders) == ["O1|CNY|refunded|10.00|10|0.00"])
    }

    @Test func aRefundOfNothingChangesOnlyAnOrderOfNothing() throws {
        let views = try TestViews([
            completed("O1", "10"), event("purchase.refunded", day: 2, #"{"order":"O1","amount":"0"}"#),
            completed("O2", "0"), event("purchase.refunded", day: 2, #"{"order":"O2","amount":"0"}"#),
            completed("O3", "0"),
        ])
        let states = "SELECT order_id, state FROM purchases ORDER BY 1"
        #expect(try views.rows(states) == ["O1|completed", "O2|refunded", "O3|completed"])
    }

    @Test func aRefundMayComeBeforeItsOrderAndTakesItsCurrency() throws {
        let views = try TestViews([
            event("purchase.refunded", day: 1, #"{"order":"O1","amount":"3"}"#),
            completed("O1", "10", currency: "USD", day: 2),
        ])
        #expect(try views.rows(orders) == ["O1|USD|partly_refunded|10|3|7"])
        #expect(try views.rows(totals) == ["USD|7"])
        #expect(try views.crossCheck("order_unknown") == [])
    }

    @Test func aCancelledOrderIsWorthNothingWheneverItIsCancelled() throws {
        let views = try TestViews([
            event("purchase.cancelled", day: 1, #"{"order":"O1"}"#), completed("O1", "10.00", day: 2),
            completed("O2", "4.00", day: 3), event("purchase.refunded", day: 4, #"{"order":"O2","amount":"1"}"#),
            event("purchase.cancelled", day: 5, #"{"order":"O2"}"#), completed("O3", "1", currency: "EUR", day: 6),
        ])
        #expect(
            try views.rows(orders) == [
                "O1|CNY|cancelled|10.00|0|0.00", "O2|CNY|cancelled|4.00|1|0.00", "O3|EUR|completed|1|0|1",
            ])
        #expect(try views.rows(totals) == ["EUR|1"])
        #expect(try views.rows(count) == ["1"])
        #expect(try views.rows("SELECT first_purchase FROM customers") == ["2026-01-06T10:00:00.000000Z"])
    }

    @Test func aRefundWithoutAKnownOrderLowersTheTotal() throws {
        let views = try TestViews([
            completed("O1", "10"), event("purchase.refunded", day: 2, #"{"amount":"4","currency":"CNY"}"#),
            event("purchase.refunded", day: 3, #"{"order":"O9","amount":"2.5","currency":"CNY"}"#),
            event("purchase.refunded", day: 3, #"{"order":"O8"}"#), event("purchase.refunded", day: 3, "{}"),
            event("purchase.refunded", day: 3, #"{"amount":"1"}"#),
        ])
        #expect(
            try views.rows(orders) == [
                "|CNY|unknown|0|4|-4", "|XXX|unknown|0|1|-1", "O1|CNY|completed|10|0|10", "O8|XXX|unknown|0|0|0",
                "O9|CNY|unknown|0|2.5|-2.5",
            ])
        #expect(try views.rows(totals) == ["CNY|3.5", "XXX|-1"])
        #expect(try views.rows(count) == ["1"])
        #expect(try views.rows("SELECT DISTINCT day FROM purchases") == ["-", "2026-01-01"])
        #expect(views.kinds("customers") == ["missing_field", "missing_field"])
        #expect(try views.crossCheck("order_unknown").map { $0.prefix(4) } == ["C1|3", "C1|2"])
    }

    @Test func oddAmountsAreAnomaliesAndTheOrderStillCounts() throws {
        let views = try TestViews([
            event("purchase.completed", #"{"order":"O1","amount":"ten","currency":"CNY"}"#),
            event("purchase.completed", #"{"order":"O2","currency":"CNY"}"#),
            event("purchase.completed", #"{"amount":"5","currency":"CNY"}"#),
            event("purchase.completed", #"{"order":"O3","amount":"1000000000000000000","currency":"CNY"}"#),
            event("purchase.completed", #"{"order":4,"amount":0,"currency":"CNY"}"#),
            event("purchase.refunded", #"{"order":4,"amount":"-1"}"#),
            event("purchase.refunded", #"{"order":"O1","amount":"x"}"#),
            event("purchase.completed", #"{"order":"O5","amount":"2"}"#),
            event("purchase.completed", "[]"),
        ])
        #expect(
            views.kinds("customers") == [
                "bad_amount", "missing_field", "missing_field", "bad_amount", "negative_refund", "bad_amount",
                "missing_field", "missing_field",
            ])
        #expect(try views.rows(count) == ["7"])
        #expect(try views.rows(totals) == ["CNY|4", "XXX|2"])
    }

    @Test func anOrderInTwoCurrenciesHasARowEach() throws {
        let views = try TestViews([
            completed("O1", "10", currency: "CNY"), completed("O1", "2", currency: "USD"),
            event("purchase.refunded", #"{"order":"O1","amount":"1"}"#),
        ])
        #expect(
            try views.rows(orders) == ["O1|CNY|partly_refunded|10|1|9", "O1|USD|partly_refunded|2|0|2"])
        #expect(try views.rows(count) == ["1"])
        #expect(views.kinds("customers") == ["second_currency"])
    }

    @Test func theDayIsTheZonesDay() throws {
        let late = event("purchase.completed", day: 1, hour: 17, #"{"order":"O1","amount":"1","currency":"CNY"}"#)
        #expect(
            try TestViews([late], zone: "Asia/Shanghai").rows("SELECT day FROM purchases") == ["2026-01-02"])
    }

    @Test func oneOrderUnderTwoSubjectsIsTwoThingsAndAnAnomaly() throws {
        let views = try TestViews([
            completed("O1", "1"),
            event("purchase.completed", "C2", #"{"order":"O1","amount":"2","currency":"CNY"}"#),
            completed("O2", "1"),
        ])
        #expect(try views.rows("SELECT subject, net FROM purchases WHERE order_id = 'O1'") == ["C1|1", "C2|2"])
        #expect(try views.crossCheck("order_under_two_subjects").map { $0.prefix(4) } == ["C1|0", "C2|1"])
    }

    @Test func aRefundBeyondItsOrderIsAnAnomaly() throws {
        let views = try TestViews([
            completed("O1", "1"), event("purchase.refunded", #"{"order":"O1","amount":"3"}"#), completed("O2", "1.0"),
            event("purchase.refunded", #"{"order":"O2","amount":"1.00"}"#),
        ])
        #expect(try views.rows(totals) == ["CNY|-2.00"])
        #expect(try views.crossCheck("refund_over_order").count == 1)
    }

    /// Whatever the orders' events and their order: the totals are the sums of the rows, and neither the order of
    /// time of an order's events nor many orders at once change them.
    @Test func totalsAreTheSumsOfTheRows() throws {
        var random = SplitMix(seed: 11)
        for round in 0..<40 {
            let orderCount = round % 4 == 0 ? 40 : 5
            var events: [TestViews.Event] = []
            for _ in 0..<(orderCount * 3) {
                let order = "O\(random.next() % UInt64(orderCount))"
                let amount = "\(random.next() % 500).\(random.next() % 10)"
                let currency =
                    random.next() % 3 == 0 ? "" : #","currency":"\#(random.next() % 8 == 0 ? "EUR" : "CNY")""#
                let day = Int(random.next() % 20) + 1
                switch random.next() % 6 {
                case 0: events.append(event("purchase.cancelled", day: day, #"{"order":"\#(order)"}"#))
                case 1: events.append(event("purchase.refunded", day: day, #"{"order":"\#(order)"}"#))
                case 2:
                    let data = #"{"order":"\#(order)","amount":"\#(amount)"\#(currency)}"#
                    events.append(event("purchase.refunded", day: day, data))
                default:
                    let data = #"{"order":"\#(order)","amount":"\#(amount)","currency":"CNY"}"#
                    events.append(event("purchase.completed", day: day, data))
                }
            }
            let views = try TestViews(events)
            // A row of which no money was ever said has no total.
            let said = "state <> 'cancelled' AND (currency <> 'XXX' OR gross <> '0' OR refunded <> '0')"
            let sums = Dictionary(
                try views.rows("SELECT currency, net FROM purchases WHERE \(said)").map { row in
                    let parts = row.split(separator: "|").map(String.init)
                    return (parts[0], try #require(DecimalAmount(parts[1])))
                }, uniquingKeysWith: { $0.adding($1) ?? $0 })
            let totals = Dictionary(
                uniqueKeysWithValues: try views.rows(totals).map { row in
                    let parts = row.split(separator: "|").map(String.init)
                    return (parts[0], try #require(DecimalAmount(parts[1])))
                })
            #expect(sums == totals)
            let counted = "SELECT count(DISTINCT order_id) FROM purchases WHERE state NOT IN ('cancelled', 'unknown')"
            #expect(try views.rows(counted) == views.rows(count))

            // Other days, other order: the same money.
            let shuffled = try TestViews(
                events.shuffled(using: &random).map { old in
                    event(old.type, day: Int(random.next() % 20) + 1, old.data)
                })
            let money = "SELECT order_id, currency, state, net FROM purchases ORDER BY 1, 2"
            #expect(try shuffled.rows(money).map(valueOnly) == views.rows(money).map(valueOnly))
        }
    }

    /// A row of order, currency, state and amount with the amount without needless zeros.
    private func valueOnly(_ row: String) -> [String] {
        var parts = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        if let amount = parts.last.flatMap({ DecimalAmount($0) }) { parts[parts.count - 1] = "\(amount.hashValue)" }
        return parts
    }
}
