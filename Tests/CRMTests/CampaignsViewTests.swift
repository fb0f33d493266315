import CRM
import EventLog
import Foundation
import GRDB
import Projection
import Testing

/// Campaigns, their touches and what came of them.
struct CampaignsViewTests {
    private func campaigns(_ log: FunnelTestLog, _ name: String? = nil) throws -> [CampaignsAnswer.Campaign] {
        try log.views().answer { try CampaignsQuery(campaign: name).run($0, $1) }.campaigns
    }

    @Test func countsDistinctCustomers() throws {
        var log = FunnelTestLog()
        log.add(
            0, "campaign.defined", #"{"campaign":"P1","name":"春节","cost":"500.00","currency":"CNY"}"#, subject: nil)
        log.add(0, "campaign.defined", #"{"campaign":"P2"}"#, subject: nil)
        for subject in ["A", "B", "C"] {
            log.add(1, "campaign.sent", #"{"campaign":"P1","channel":"sms","variant":"a"}"#, subject: subject)
        }
        log.add(2, "campaign.sent", #"{"campaign":"P1","channel":"wechat","variant":"a"}"#, subject: "A")
        log.add(3, "campaign.redeemed", #"{"campaign":"P1","order":"R1"}"#, subject: "A")
        log.add(4, "campaign.redeemed", #"{"campaign":"P1","order":"R2"}"#, subject: "D")
        let answer = try campaigns(log)
        #expect(answer.map(\.campaign) == ["P1", "P2"])
        #expect(answer[0].name == "春节")
        #expect(answer[0].cost == "500.00")
        let counts = answer[0].counts
        #expect((counts.customers, counts.sent, counts.redeemed, counts.sentAndRedeemed) == (4, 3, 2, 1))
        #expect(counts.events["sent"] == 4)
        #expect(answer[1].counts.customers == 0)
        #expect(answer[0].variants.map(\.variant) == ["", "a"])
        #expect(answer[0].variants.map(\.counts.sentAndRedeemed) == [0, 1])
    }

    @Test func anAnswerTakesVariantAndChannelFromItsSending() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.sent", #"{"campaign":"P1","channel":"sms","variant":"a","touch":"t1"}"#)
        log.add(1, "campaign.sent", #"{"campaign":"P1","channel":"email","variant":"b","touch":"t2"}"#)
        log.add(2, "campaign.clicked", #"{"campaign":"P1","touch":"t1"}"#)
        log.add(3, "campaign.opened", #"{"campaign":"P1"}"#)
        log.add(4, "campaign.redeemed", #"{"campaign":"P1","variant":"a","order":"R\"1"}"#)
        log.add(5, "campaign.redeemed", #"{"campaign":"P1","touch":"t1","order":"R\"1"}"#)
        let rows = try log.views().rows(
            "SELECT variant, channel, sent, opened, clicked, redeemed, orders FROM campaign_touches")
        #expect(
            rows == [
                #"a|email|0|0|0|1|[["R\"1",4]]"#, #"a|sms|1|0|1|1|[["R\"1",5]]"#, "b|email|1|1|0|0|-",
            ])
    }

    @Test func timesAndSequencesAreFirstAndLast() throws {
        var log = FunnelTestLog()
        log.add(5, "campaign.sent", #"{"campaign":"P1"}"#)
        log.add(1, "campaign.sent", #"{"campaign":"P1"}"#)
        log.add(3, "campaign.sent", #"{"campaign":"P1"}"#)
        let rows = try log.views().rows(
            """
            SELECT sent, substr(first_sent, 1, 10), substr(last_sent, 1, 10), first_sent_sequence, last_sent_sequence,
                first_redeemed FROM campaign_touches
            """)
        #expect(rows == ["3|2026-01-02|2026-01-06|1|0|-"])
    }

    @Test func mergedCustomersCountOnce() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.sent", #"{"campaign":"P1"}"#, subject: "A")
        log.add(0, "campaign.sent", #"{"campaign":"P1"}"#, subject: "B")
        log.add(1, "campaign.redeemed", #"{"campaign":"P1"}"#, subject: "B")
        log.add(2, "customer.merged", #"{"into":"A"}"#, subject: "B")
        let merged = try #require(try campaigns(log).first).counts
        #expect((merged.sent, merged.redeemed, merged.sentAndRedeemed) == (1, 1, 1))
        log.add(3, "customer.unmerged", "{}", subject: "B")
        #expect(try campaigns(log).first?.counts.sent == 2)
    }

    @Test func definitionsAreSystemEventsAndTheLastHolds() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.defined", #"{"campaign":"P1","name":"one","cost":"5"}"#, subject: nil)
        log.add(1, "campaign.defined", #"{"campaign":"P1","name":"two","cost":"dear"}"#, subject: nil)
        log.add(2, "campaign.defined", #"{"campaign":"P1","name":"three"}"#)
        log.add(3, "campaign.sent", #"{"campaign":"P1"}"#, subject: nil)
        log.add(3, "campaign.sent", #"{"channel":"sms"}"#)
        let views = try log.views()
        #expect(try views.rows("SELECT name, cost FROM campaigns") == ["two|5"])
        #expect(views.kinds == ["bad_amount", "has_subject", "missing_field", "no_subject"])
    }

    @Test func anUnknownCampaignIsNamedWithNearOnes() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.sent", #"{"campaign":"spring"}"#)
        #expect(try campaigns(log, "spring").map(\.campaign) == ["spring"])
        #expect(throws: NotFound(kind: "campaign", name: "sprin", nearMatches: ["spring"])) {
            try campaigns(log, "sprin")
        }
    }

    @Test func hasTheFixedKeys() throws {
        var log = FunnelTestLog()
        log.add(0, "campaign.sent", #"{"campaign":"P1"}"#)
        let answer = try log.views().answer { try CampaignsQuery().run($0, $1) }
        let json = try JSONDecoder().decode(Shape.self, from: JSONEncoder().encode(answer))
        #expect(json.campaigns.map(\.sent_and_redeemed) == [0])
        #expect(json.campaigns.first?.variants.map(\.sent) == [1])
    }

    private struct Shape: Decodable {
        struct Variant: Decodable {
            var variant: String
            var sent: Int
        }
        struct Campaign: Decodable {
            var campaign: String
            var sent: Int
            var redeemed: Int
            var sent_and_redeemed: Int
            var variants: [Variant]
        }
        var campaigns: [Campaign]
    }
}
