import CRM
import EventLog
import GRDB
import Projection
import Testing

/// The life of one opportunity, rule by rule.
struct FunnelOpportunityTests {
    /// `stage entered-by left-by days` of each stay, and the state.
    private func history(_ log: FunnelTestLog) throws -> [String] {
        try log.views().rows(
            """
            SELECT pipeline, coalesce(from_stage, '-') || '>' || stage, entered_by, left_by, duration / 86400000000
            FROM opportunity_stages ORDER BY ordinal
            """)
    }

    private func standing(_ log: FunnelTestLog) throws -> [String] {
        try log.views().rows(
            "SELECT pipeline, stage, last_stage, state, substr(closed, 1, 10), reopened FROM opportunities")
    }

    @Test func goesThroughStagesToWon() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new","amount":"100.50","currency":"CNY"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer","from":"new"}"#)
        log.add(3, "opportunity.amount_changed", #"{"opportunity":"O1","amount":"120.00"}"#)
        log.add(5, "opportunity.won", #"{"opportunity":"O1"}"#)
        #expect(try history(log) == ["default|->new|opened|stage|2", "default|new>offer|stage|won|3"])
        #expect(try standing(log) == ["default|offer|offer|won|2026-01-06|0"])
        let views = try log.views()
        #expect(try views.rows("SELECT amount, currency FROM opportunities") == ["120.00|CNY"])
        #expect(try views.rows("SELECT outcome, amount FROM opportunity_closings") == ["won|120.00"])
        #expect(views.anomalies.isEmpty)
    }

    @Test func aChangeToTheCurrentStageStartsNoStay() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#)
        log.add(1, "opportunity.stage_changed", #"{"opportunity":"O1","to":"new"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer"}"#)
        log.add(3, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer","pipeline":"default"}"#)
        #expect(try history(log) == ["default|->new|opened|stage|2", "default|new>offer|stage|-|-"])
    }

    @Test func aStageAfterClosingIsHistoryAndReopensNothing() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#)
        log.add(1, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"activated"}"#)
        #expect(
            try history(log) == ["default|->new|opened|won|1", "default|new>activated|closed|closed|0"])
        #expect(try standing(log) == ["default|new|activated|won|2026-01-02|0"])
        let answer = try log.views().answer { try FunnelQuery().run($0, $1) }
        #expect(answer.figures.stages.map(\.stage) == ["new", "activated"])
        #expect(answer.figures.stages.map(\.reached) == [1, 1])
        #expect(answer.figures.stages.map(\.current) == [0, 0])
        #expect(answer.figures.stages[1].timeInStage.count == 0)
    }

    @Test func onlyReopenedReopensInTheStageBeforeClosing() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#)
        log.add(1, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer"}"#)
        log.add(2, "opportunity.lost", #"{"opportunity":"O1","reason":"price"}"#)
        log.add(3, "opportunity.stage_changed", #"{"opportunity":"O1","to":"archived"}"#)
        log.add(6, "opportunity.reopened", #"{"opportunity":"O1"}"#)
        #expect(try standing(log) == ["default|offer|offer|open|-|1"])
        #expect(
            try history(log) == [
                "default|->new|opened|stage|1", "default|new>offer|stage|lost|1",
                "default|offer>archived|closed|closed|0", "default|archived>offer|reopened|-|-",
            ])
        let views = try log.views()
        #expect(try views.rows("SELECT lost_reason, closed_before / 86400000000 FROM opportunities") == ["-|4"])
        #expect(
            try views.rows("SELECT outcome, ended_by, duration / 86400000000, reason FROM opportunity_closings")
                == ["lost|open|4|price"])
    }

    @Test func reopensInANamedStage() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#)
        log.add(2, "opportunity.lost", #"{"opportunity":"O1"}"#)
        log.add(6, "opportunity.reopened", #"{"opportunity":"O1","stage":"talks"}"#)
        #expect(try standing(log) == ["default|talks|talks|open|-|1"])
    }

    @Test func movesToAnotherPipeline() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new","pipeline":"a"}"#)
        log.add(1, "opportunity.stage_changed", #"{"opportunity":"O1","to":"new","pipeline":"b"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer"}"#)
        #expect(
            try history(log) == [
                "a|->new|opened|moved|1", "b|new>new|moved|stage|1", "b|new>offer|stage|-|-",
            ])
        let views = try log.views()
        let old = try views.answer { try FunnelQuery(pipeline: "a").run($0, $1) }
        #expect(old.figures.moved == 1)
        #expect(old.figures.open == 0)
        #expect(old.figures.stages.map(\.reached) == [1])
        #expect(old.figures.stages.map(\.current) == [0])
        #expect(old.pipelines.map(\.pipeline) == ["a", "b"])
        let new = try views.answer { try FunnelQuery(pipeline: "b").run($0, $1) }
        #expect(new.figures.open == 1)
        #expect(new.figures.stages.map(\.stage) == ["new", "offer"])
        #expect(new.figures.stages.map(\.current) == [0, 1])
    }

    @Test func aStageToldAfterClosingIsNoMove() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new","pipeline":"a"}"#)
        log.add(1, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"offer","pipeline":"b"}"#)
        let other = try log.views().answer { try FunnelQuery(pipeline: "b").run($0, $1) }.figures
        #expect(other.stages.map(\.reached) == [1])
        #expect((other.opportunities, other.moved, other.open, other.won, other.lost) == (0, 0, 0, 0, 0))
        let own = try log.views().answer { try FunnelQuery(pipeline: "a").run($0, $1) }.figures
        #expect((own.opportunities, own.won, own.moved) == (1, 1, 0))
    }

    @Test(arguments: [
        ("opportunity.stage_changed", #"{"opportunity":"O1","to":"offer"}"#, "default|offer|open"),
        ("opportunity.won", #"{"opportunity":"O1"}"#, "default|(none)|won"),
        ("opportunity.lost", #"{"opportunity":"O1"}"#, "default|(none)|lost"),
        ("opportunity.assigned", #"{"opportunity":"O1","owner":"li"}"#, "default|(none)|open"),
        ("opportunity.amount_changed", #"{"opportunity":"O1","amount":"1","currency":"CNY"}"#, "default|(none)|open"),
        ("opportunity.reopened", #"{"opportunity":"O1","stage":"talks"}"#, "default|talks|open"),
    ])
    func whatWasNeverOpenedExistsFromItsFirstEvent(_ type: String, _ data: String, _ expected: String) throws {
        var log = FunnelTestLog()
        log.add(4, type, data)
        log.add(9, "opportunity.opened", #"{"opportunity":"O1","name":"late"}"#)
        let views = try log.views()
        #expect(try views.rows("SELECT pipeline, stage, state FROM opportunities") == [expected])
        #expect(
            try views.rows("SELECT substr(opened, 1, 10), name, implied FROM opportunities") == ["2026-01-05|late|0"])
        #expect(views.kinds == ["not_opened", "opened_late"])
    }

    @Test func theLaterClosingHolds() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new","owner":"li"}"#)
        log.add(1, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(2, "opportunity.assigned", #"{"opportunity":"O1","owner":"wang"}"#)
        log.add(3, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(4, "opportunity.lost", #"{"opportunity":"O1","reason":"cancelled"}"#)
        let views = try log.views()
        #expect(
            try views.rows("SELECT outcome, duration / 86400000000, ended_by, owner FROM opportunity_closings")
                == ["won|3|lost|li", "lost|-|-|wang"])
        #expect(
            try views.rows("SELECT state, lost_reason, owner, closing_owner, reopened FROM opportunities")
                == ["lost|cancelled|wang|wang|0"])
        #expect(views.kinds == ["already_closed", "closed_again"])
    }

    @Test func oddInputIsAnAnomalyAndNeverStops() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"name":"no id"}"#)
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","amount":"much","pipeline":"leads"}"#)
        log.add(1, "opportunity.opened", #"{"opportunity":"O1","stage":"offer","amount":5}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1"}"#)
        log.add(3, "opportunity.stage_changed", #"{"opportunity":"O1","to":"talks","from":"new"}"#)
        log.add(4, "opportunity.reopened", #"{"opportunity":"O1","stage":"back"}"#)
        log.add(5, "opportunity.won", "null")
        log.add(6, "opportunity.assigned", #"{"opportunity":"O1"}"#)
        log.add(6, "opportunity.won", #"{"opportunity":"O9"}"#, subject: nil)
        let views = try log.views()
        #expect(
            Set(views.kinds) == [
                "missing_field", "bad_amount", "reserved_pipeline", "opened_twice", "no_currency", "stage_differs",
                "not_closed", "no_subject",
            ])
        #expect(try views.rows("SELECT stage, state, amount, currency FROM opportunities") == ["back|open|5|-"])
    }

    @Test func oneIdUnderTwoSubjectsIsTwoThings() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"new"}"#, subject: "A")
        log.add(1, "opportunity.won", #"{"opportunity":"O1"}"#, subject: "B")
        log.add(1, "opportunity.won", #"{"opportunity":"O2"}"#, subject: "B")
        let views = try log.views()
        #expect(
            try views.rows("SELECT subject, state FROM opportunities WHERE opportunity_id = 'O1'") == [
                "A|open", "B|won",
            ])
        #expect(
            try views.crossChecks() == [
                "opportunity_under_two_subjects: A|0|opportunity O1 is also under B",
                "opportunity_under_two_subjects: B|1|opportunity O1 is also under A",
            ])
    }

    @Test func contractsAndQuotes() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","currency":"CNY","amount":"1"}"#)
        log.add(1, "quote.sent", #"{"quote":"Q1","opportunity":"O1","amount":"90","valid_until":"2026-02-01"}"#)
        log.add(2, "quote.sent", #"{"quote":"Q1","amount":"80"}"#)
        log.add(3, "contract.signed", #"{"contract":"K1","opportunity":"O1","amount":"80","ends":"2027-01-01"}"#)
        log.add(300, "contract.renewed", #"{"contract":"K1","amount":"85","ends":"2028-01-01"}"#)
        log.add(350, "contract.ended", #"{"contract":"K1","reason":"moved away"}"#)
        log.add(5, "contract.renewed", #"{"contract":"K2","amount":"85"}"#)
        let views = try log.views()
        #expect(
            try views.rows("SELECT quote_id, amount, currency, valid_until, times_sent FROM quotes")
                == ["Q1|80|CNY|2026-02-01|2"])
        #expect(
            try views.rows(
                "SELECT contract_id, amount, currency, ends, substr(signed, 1, 10), renewals, reason FROM contracts")
                == ["K1|85|CNY|2028-01-01|2026-01-04|1|moved away", "K2|85|-|-|-|1|-"])
        #expect(views.kinds == ["no_currency", "not_signed"])
    }
}
