import CRM
import EventLog
import GRDB
import Projection
import Testing

/// The life of leads, within one subject and across a merge.
struct FunnelLeadTests {
    private func stays(_ log: FunnelTestLog) throws -> [String] {
        try log.views().rows(
            "SELECT stage, left_by, duration / 86400000000 FROM lead_stages ORDER BY subject, lead_id, ordinal")
    }

    private func reached(_ log: FunnelTestLog) throws -> [Int] {
        try log.views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures.stages.map(\.reached)
    }

    private func customer(_ log: FunnelTestLog, _ members: [String]) throws -> CustomerFunnel {
        try log.views().answer {
            try FunnelQuery.customer($0, $1, MergeGroup(survivor: members[0], members: members))
        }
    }

    @Test func goesAllTheWay() throws {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1","origin":"fair"}"#)
        log.add(1, "lead.assigned", #"{"lead":"L1","owner":"li"}"#)
        log.add(2, "lead.qualified", #"{"lead":"L1","opportunity":"O1"}"#)
        log.add(3, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#)
        log.add(5, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(9, "contract.signed", #"{"contract":"K1","opportunity":"O1"}"#)
        #expect(
            try stays(log) == [
                "captured|stage|2", "qualified|stage|1", "opportunity|stage|2", "won|stage|4", "contract|-|-",
            ])
        #expect(try reached(log) == [1, 1, 1, 1, 1])
        let views = try log.views()
        #expect(
            try views.rows("SELECT state, stage, owner, origin, opportunity_id FROM leads")
                == ["qualified|contract|li|fair|O1"])
        let figures = try views.answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect((figures.open, figures.won, figures.lost) == (0, 1, 0))
        #expect(figures.stages.map(\.conversion) == [1, 1, 1, 1, 1])
        #expect(views.anomalies.isEmpty)
    }

    @Test func theOpeningMayNameTheLead() throws {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1"}"#)
        log.add(3, "opportunity.opened", #"{"opportunity":"O1","lead":"L1"}"#)
        log.add(4, "lead.qualified", #"{"lead":"L1"}"#)
        #expect(try stays(log) == ["captured|stage|3", "opportunity|-|-", "qualified|passed|0"])
        #expect(try reached(log) == [1, 1, 1, 0, 0])
        #expect(try log.views().rows("SELECT opportunity_id FROM leads") == ["O1"])
    }

    @Test func linksThatComeLateCatchUp() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","lead":"L1"}"#)
        log.add(1, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(2, "contract.signed", #"{"contract":"K1","opportunity":"O2"}"#)
        log.add(3, "lead.captured", #"{"lead":"L1"}"#)
        log.add(4, "lead.captured", #"{"lead":"L2"}"#)
        log.add(5, "lead.qualified", #"{"lead":"L2","opportunity":"O2"}"#)
        #expect(
            try stays(log) == [
                "captured|stage|0", "opportunity|stage|0", "won|-|-", "captured|stage|1", "qualified|stage|0",
                "contract|-|-",
            ])
    }

    @Test func disqualifiedAndBack() throws {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1"}"#)
        log.add(1, "lead.disqualified", #"{"lead":"L1","reason":"no budget"}"#)
        let lost = try log.views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect((lost.open, lost.lost, lost.lostByReason.first?.reason) == (0, 1, "no budget"))
        #expect(lost.stages[0].current == 0)
        log.add(5, "lead.qualified", #"{"lead":"L1"}"#)
        #expect(try stays(log) == ["captured|disqualified|1", "qualified|-|-"])
        #expect(try log.views().rows("SELECT state, disqualified, reason FROM leads") == ["qualified|-|-"])
    }

    @Test func aLeadWhoseOpportunitiesAreAllLostIsLost() throws {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1"}"#)
        log.add(1, "opportunity.opened", #"{"opportunity":"O1","lead":"L1"}"#)
        log.add(2, "opportunity.lost", #"{"opportunity":"O1","reason":"price"}"#)
        let lost = try log.views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect((lost.open, lost.lost, lost.lostByReason.first?.reason) == (0, 1, "price"))
        log.add(3, "opportunity.opened", #"{"opportunity":"O2","lead":"L1"}"#)
        let open = try log.views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect((open.open, open.lost) == (1, 0))
        #expect(open.stages.map(\.current) == [0, 0, 1, 0, 0])
    }

    /// Captured as `lead:L1`, merged into C9, and the rest under C9.
    private static func mergedLog() -> FunnelTestLog {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1","origin":"web"}"#, subject: "lead:L1")
        log.add(1, "lead.qualified", #"{"lead":"L1","opportunity":"O1"}"#, subject: "lead:L1")
        log.add(1, "customer.merged", #"{"into":"C9"}"#, subject: "lead:L1")
        log.add(2, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#, subject: "C9")
        log.add(4, "opportunity.won", #"{"opportunity":"O1"}"#, subject: "C9")
        log.add(8, "contract.signed", #"{"contract":"K1","opportunity":"O1"}"#, subject: "C9")
        return log
    }

    @Test func aMergedLeadAdvancesWithItsCustomer() throws {
        let log = Self.mergedLog()
        #expect(try reached(log) == [1, 1, 1, 1, 1])
        let figures = try log.views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect(figures.stages.map(\.timeInStage.median) == [86_400, 86_400, 2 * 86_400, 4 * 86_400, nil])
        // Nothing of it is stored.
        #expect(try log.views().rows("SELECT stage FROM leads") == ["qualified"])
        let part = try customer(log, ["C9", "lead:L1"])
        #expect(part.leads.map(\.stage) == ["contract"])
        #expect(part.opportunities.map(\.state) == ["won"])
        #expect(part.contracts.map(\.contract) == ["K1"])
    }

    @Test func unmergedItStandsAlone() throws {
        var log = Self.mergedLog()
        log.add(9, "customer.unmerged", "{}", subject: "lead:L1")
        #expect(try reached(log) == [1, 1, 0, 0, 0])
    }

    @Test func oneLeadToldUnderTwoSubjectsOfOneCustomerIsOne() throws {
        var log = FunnelTestLog()
        log.add(0, "lead.captured", #"{"lead":"L1"}"#, subject: "lead:L1")
        log.add(1, "customer.merged", #"{"into":"C9"}"#, subject: "lead:L1")
        log.add(2, "lead.qualified", #"{"lead":"L1"}"#, subject: "C9")
        let views = try log.views()
        let figures = try views.answer { try FunnelQuery(pipeline: "leads").run($0, $1) }.figures
        #expect(figures.opportunities == 1)
        #expect(figures.stages.map(\.reached) == [1, 1, 0, 0, 0])
        #expect(try views.crossChecks().isEmpty && views.anomalies.isEmpty)
        log.add(3, "customer.unmerged", "{}", subject: "lead:L1")
        #expect(
            try log.views().crossChecks() == [
                "lead_under_two_subjects: C9|2|lead L1 is also under lead:L1",
                "lead_under_two_subjects: lead:L1|0|lead L1 is also under C9",
                "not_captured: C9|2|lead L1 is named, and no event captured it",
            ])
    }

    @Test(arguments: 1...150)
    func storedStaysAreThoseTheQueryWorksOut(_ seed: UInt64) throws {
        var random = FunnelRandom(seed: seed)
        var log = FunnelTestLog()
        let types = [
            "lead.captured", "lead.qualified", "lead.disqualified", "opportunity.opened", "opportunity.won",
            "contract.signed",
        ]
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let type = types.randomElement(using: &random) ?? "lead.captured"
            let (lead, deal) = (Int.random(in: 1...2, using: &random), Int.random(in: 1...2, using: &random))
            var data = "{\"contract\":\"K\""
            if type.hasPrefix("lead") || Bool.random(using: &random) { data += ",\"lead\":\"L\(lead)\"" }
            if !type.hasPrefix("lead") || Bool.random(using: &random) { data += ",\"opportunity\":\"O\(deal)\"" }
            log.add(Double(Int.random(in: 0...9, using: &random)), type, data + "}")
        }
        let views = try log.views()
        for stage in try views.answer({ try FunnelQuery(pipeline: "leads").run($0, $1) }).figures.stages {
            let rows = try views.rows("SELECT count(DISTINCT lead_id) FROM lead_stages WHERE stage = '\(stage.stage)'")
            #expect(rows == ["\(stage.reached)"])
            let lengths = try views.rows(
                """
                SELECT count(*), coalesce(sum(duration), 0) / 1000000 FROM lead_stages
                WHERE stage = '\(stage.stage)' AND left_by <> 'passed'
                """)
            let total = (stage.timeInStage.mean ?? 0) * Double(stage.timeInStage.count)
            #expect(lengths == ["\(stage.timeInStage.count)|\(Int(total.rounded()))"])
        }
    }
}
