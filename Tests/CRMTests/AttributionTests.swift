import CRM
import EventLog
import Foundation
import GRDB
import Projection
import Testing

/// Which campaign is credited with an order's revenue, rule by rule.
struct AttributionTests {
    private static var projectors: [any Projector] {
        get throws {
            [MergesProjector(), CampaignsProjector(), try CustomersProjector(configuration: CRMConfiguration())]
        }
    }

    private func attribution(_ log: FunnelTestLog, window: Int = 30) throws -> AttributionAnswer {
        let query = CampaignsQuery(attribution: AttributionQuery(windowDays: window))
        let answer = try log.views(Self.projectors).answer(day: 400) { try query.run($0, $1) }
        return try #require(answer.attribution)
    }

    /// Per campaign the revenue of a rule in CNY.
    private func credited(_ answer: AttributionAnswer, _ rule: AttributionRule) -> [String: String] {
        answer.campaigns.compactMapValues { credit in
            credit.revenue[rule.rawValue]?.sums["CNY"].flatMap { $0 }.map(\.description)
        }
    }

    private func purchase(_ order: String, _ amount: String, _ currency: String = "CNY") -> String {
        #"{"order":"\#(order)","amount":"\#(amount)","currency":"\#(currency)"}"#
    }

    @Test func firstLastAndLinearWithinTheWindow() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.sent", #"{"campaign":"old","touch":"t0"}"#)
        log.add(40, "campaign.sent", #"{"campaign":"A","touch":"t1"}"#)
        log.add(45, "campaign.sent", #"{"campaign":"B","touch":"t2"}"#)
        log.add(50, "campaign.sent", #"{"campaign":"A","touch":"t3"}"#)
        log.add(52, "campaign.clicked", #"{"campaign":"B","touch":"t2"}"#)
        log.add(60, "purchase.completed", purchase("O1", "100.00"))
        log.add(61, "campaign.sent", #"{"campaign":"late"}"#)
        let answer = try attribution(log)
        #expect(credited(answer, .first) == ["A": "100.00"])
        #expect(credited(answer, .last) == ["B": "100.00"])
        #expect(credited(answer, .linear) == ["A": "66.67", "B": "33.33"])
        #expect(credited(answer, .redeemed).isEmpty)
        #expect(answer.campaigns.keys.sorted() == ["A", "B"])
        #expect((answer.orders, answer.untouchedOrders) == (1, 0))
        #expect(credited(try attribution(log, window: 12), .first) == ["A": "100.00"])
        #expect(credited(try attribution(log, window: 8), .linear) == ["B": "100.00"])
        #expect(try attribution(log, window: 7).untouchedOrders == 1)
        #expect(credited(try attribution(log, window: 60), .first) == ["old": "100.00"])
    }

    @Test func theMiddleSendingsCount() throws {
        var log = FunnelTestLog()
        for day in [0.0, 50, 55, 100] { log.add(day, "campaign.sent", #"{"campaign":"A"}"#) }
        log.add(54, "campaign.sent", #"{"campaign":"B"}"#)
        log.add(60, "purchase.completed", purchase("O1", "90"))
        let answer = try attribution(log)
        #expect(credited(answer, .last) == ["A": "90"])
        #expect(credited(answer, .linear) == ["A": "60.00", "B": "30.00"])
    }

    @Test func aRedemptionThatNamesTheOrderCountsWheneverItIsTold() throws {
        var log = FunnelTestLog()
        log.add(10, "purchase.completed", purchase("O1", "10.00"))
        log.add(12, "campaign.redeemed", #"{"campaign":"poster","variant":"x","order":"O1"}"#)
        log.add(10, "purchase.completed", purchase("O2", "5.00"))
        let answer = try attribution(log)
        for rule in AttributionRule.allCases { #expect(credited(answer, rule) == ["poster": "10.00"], "\(rule)") }
        #expect(answer.variants["poster"]?["x"]?.orders == 1)
        #expect(answer.untouchedOrders == 1)
        #expect(answer.untouchedRevenue.sums["CNY"] == .some(DecimalAmount("5.00")))
    }

    @Test func aRedemptionToldBeforeItsOrderIsNoTouchOfItsOwn() throws {
        var log = FunnelTestLog()
        log.add(10, "campaign.redeemed", #"{"campaign":"M","order":"O1"}"#)
        log.add(15, "campaign.sent", #"{"campaign":"K"}"#)
        log.add(31, "purchase.completed", purchase("O1", "10.00"))
        log.add(32, "purchase.completed", purchase("O2", "5.00"))
        let answer = try attribution(log)
        // For the other order it is a touch like any other.
        #expect(credited(answer, .first) == ["K": "10.00", "M": "5.00"])
        #expect(credited(answer, .last) == ["K": "5.00", "M": "10.00"])
    }

    @Test func ofTwoRedemptionsOfAnOrderTheLaterIsTheLast() throws {
        var log = FunnelTestLog()
        log.add(10, "purchase.completed", purchase("O1", "10.00"))
        log.add(12, "campaign.redeemed", #"{"campaign":"Z","order":"O1"}"#)
        log.add(13, "campaign.redeemed", #"{"campaign":"A","order":"O1"}"#)
        let answer = try attribution(log)
        #expect(credited(answer, .first) == ["Z": "10.00"])
        #expect(credited(answer, .last) == ["A": "10.00"])
        #expect(credited(answer, .redeemed) == ["A": "5.00", "Z": "5.00"])
    }

    @Test func refundsLowerCancelledOrdersFallOutCurrenciesStayApart() throws {
        var log = FunnelTestLog()
        log.add(1, "campaign.sent", #"{"campaign":"A"}"#)
        log.add(2, "purchase.completed", purchase("O1", "100.00"))
        log.add(3, "purchase.refunded", #"{"order":"O1","amount":"30.00"}"#)
        log.add(2, "purchase.completed", purchase("O2", "50.00"))
        log.add(3, "purchase.cancelled", #"{"order":"O2"}"#)
        log.add(4, "purchase.completed", purchase("O3", "7", "EUR"))
        let answer = try attribution(log)
        let sums = try #require(answer.campaigns["A"]?.revenue["linear"]?.sums)
        #expect(sums.mapValues { $0?.description } == ["CNY": "70.00", "EUR": "7.00"])
        #expect(answer.orders == 2)
    }

    @Test func mergedCustomersShareTouches() throws {
        var log = FunnelTestLog()
        log.add(1, "campaign.sent", #"{"campaign":"A"}"#, subject: "phone")
        log.add(2, "purchase.completed", purchase("O1", "10"), subject: "C1")
        #expect(try attribution(log).untouchedOrders == 1)
        log.add(3, "customer.merged", #"{"into":"C1"}"#, subject: "phone")
        #expect(credited(try attribution(log), .last) == ["A": "10"])
        log.add(4, "customer.unmerged", "{}", subject: "phone")
        #expect(try attribution(log).untouchedOrders == 1)
    }

    @Test func costsAreDividedBySendings() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.defined", #"{"campaign":"A","cost":"10.00","currency":"CNY"}"#, subject: nil)
        log.add(0, "campaign.defined", #"{"campaign":"free","cost":"0","currency":"CNY"}"#, subject: nil)
        for subject in ["C1", "C2"] {
            log.add(1, "campaign.sent", #"{"campaign":"A","variant":"a"}"#, subject: subject)
        }
        log.add(1, "campaign.sent", #"{"campaign":"A","variant":"b"}"#, subject: "C3")
        log.add(2, "purchase.completed", purchase("O1", "25.00"))
        let answer = try attribution(log)
        let campaign = try #require(answer.campaigns["A"])
        #expect(campaign.cost?.description == "10.00")
        #expect(campaign.returns?["linear"] == 2.5)
        #expect(answer.variants["A"]?.mapValues { $0.cost?.description } == ["a": "6.67", "b": "3.33"])
        #expect(answer.campaigns["free"]?.returns == nil)
        _ = try JSONEncoder().encode(answer)
    }

    @Test("What the rules hand out is what was bought", arguments: 1...20)
    func sharesAddUp(_ seed: Int) throws {
        var random = FunnelRandom(seed: UInt64(seed))
        var log = FunnelTestLog()
        for number in 0..<60 {
            let subject = "C\(Int.random(in: 1...3, using: &random))"
            let day = Double(Int.random(in: 0...90, using: &random))
            if Int.random(in: 0...2, using: &random) == 0 {
                let amount = Int.random(in: -500...50_000, using: &random)
                let text = DecimalAmount(mantissa: Int128(amount), scale: 2)?.description ?? "0"
                log.add(day, "purchase.completed", purchase("O\(number)", text), subject: subject)
            } else {
                let kind = ["sent", "sent", "clicked", "redeemed"].randomElement(using: &random) ?? "sent"
                let campaign = "K\(Int.random(in: 1...4, using: &random))"
                log.add(day, "campaign.\(kind)", #"{"campaign":"\#(campaign)"}"#, subject: subject)
            }
        }
        let answer = try attribution(log, window: Int.random(in: 1...40, using: &random))
        let all = try #require(answer.revenue.sums["CNY"] ?? DecimalAmount.zero)
        let untouched = (answer.untouchedRevenue.sums["CNY"] ?? .zero) ?? .zero
        for rule in [AttributionRule.first, .last, .linear] {
            for credits in [Array(answer.campaigns.values), answer.variants.values.flatMap(\.values)] {
                let sum = credits.reduce(untouched) { sum, credit in
                    sum.adding((credit.revenue[rule.rawValue]?.sums["CNY"] ?? .zero) ?? .zero) ?? sum
                }
                #expect(sum == all, "\(rule)")
            }
        }
    }
}
