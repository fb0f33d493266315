import CRM
import EventLog
import Foundation
import GRDB
import Projection
import Testing

/// Complaints, tickets and surveys, rule by rule.
struct ServiceViewTests {
    private func standing(_ log: FunnelTestLog) throws -> [String] {
        try log.views().rows(
            """
            SELECT family, case_id, state, first_response_time / 86400000000, first_response_sequence,
                resolution_time / 86400000000, reopened FROM cases ORDER BY family, case_id
            """)
    }

    @Test func isAnsweredResolvedAndClosed() throws {
        var log = FunnelTestLog()
        log.add(0, "complaint.opened", #"{"complaint":"K1","severity":"high","category":"delivery"}"#)
        log.add(1, "complaint.assigned", #"{"complaint":"K1","agent":"li"}"#)
        log.add(2, "complaint.responded", #"{"complaint":"K1","agent":"wang"}"#)
        log.add(4, "complaint.resolved", #"{"complaint":"K1","agent":"li"}"#)
        log.add(5, "complaint.notified", #"{"complaint":"K1"}"#)
        log.add(6, "complaint.closed", #"{"complaint":"K1"}"#)
        #expect(try standing(log) == ["complaint|K1|closed|2|2|4|0"])
        let views = try log.views()
        #expect(try views.rows("SELECT agent, severity, category FROM cases") == ["li|high|delivery"])
        #expect(
            try views.rows("SELECT step, state, reopens FROM case_history ORDER BY ordinal") == [
                "opened|open|0", "assigned|assigned|0", "responded|assigned|0", "resolved|resolved|0",
                "notified|resolved|0", "closed|closed|0",
            ])
        #expect(views.anomalies.isEmpty)
    }

    @Test(arguments: [
        ("call.completed", #"{"direction":"outbound","ticket":"T1"}"#, true),
        ("call.completed", #"{"direction":"inbound","ticket":"T1"}"#, false),
        ("message.sent", #"{"channel":"wechat","ticket":"T1"}"#, true),
        ("meeting.held", #"{"ticket":"T1"}"#, false),
        ("visit.made", #"{"ticket":"T1"}"#, false),
        ("message.sent", #"{"channel":"wechat","ticket":"T2"}"#, false),
        ("message.sent", #"{"channel":"wechat","complaint":"T1"}"#, false),
        ("ticket.notified", #"{"ticket":"T1"}"#, false),
    ])
    func anOutboundInteractionThatNamesTheCaseIsAResponse(_ type: String, _ data: String, _ isResponse: Bool) throws {
        var log = FunnelTestLog()
        log.add(1, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(3, type, data)
        log.add(9, "ticket.responded", #"{"ticket":"T1"}"#)
        let expected = isResponse ? "ticket|T1|open|2|1|-|0" : "ticket|T1|open|8|2|-|0"
        #expect(try standing(log) == [expected])
    }

    @Test func aContactBeforeTheOpeningIsNoResponse() throws {
        var log = FunnelTestLog()
        log.add(1, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(0, "message.sent", #"{"channel":"sms","ticket":"T1"}"#)
        #expect(try standing(log) == ["ticket|T1|open|-|-|-|0"])
        #expect(try log.views().kinds == ["unknown_case"])
    }

    @Test(arguments: ["resolved", "closed"], ["assigned", "waiting", "escalated", "reopened"])
    func workAfterTheEndReopens(_ end: String, _ step: String) throws {
        var log = FunnelTestLog()
        log.add(0, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(1, "ticket.\(end)", #"{"ticket":"T1"}"#)
        log.add(2, "ticket.\(step)", #"{"ticket":"T1"}"#)
        let state = step == "reopened" ? "open" : step
        #expect(try standing(log) == ["ticket|T1|\(state)|-|-|-|1"])
        let views = try log.views()
        #expect(try views.rows("SELECT resolved, closed FROM cases") == ["-|-"])
        let figures = try views.answer { try ServiceQuery().run($0, $1) }.tickets.figures
        #expect((figures.opened, figures.open, figures.reopened) == (1, 1, 1))
        #expect(figures.resolved == (end == "resolved" ? 1 : 0))
        log.add(3, "ticket.reopened", #"{"ticket":"T1"}"#)
        #expect(try standing(log) == ["ticket|T1|\(state)|-|-|-|1"])
    }

    @Test(arguments: ["responded", "notified"])
    func aWordAfterTheEndDoesNotReopen(_ step: String) throws {
        var log = FunnelTestLog()
        log.add(0, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(1, "ticket.resolved", #"{"ticket":"T1"}"#)
        log.add(2, "ticket.\(step)", #"{"ticket":"T1"}"#)
        #expect(try log.views().rows("SELECT state, reopened FROM cases") == ["resolved|0"])
    }

    @Test func whatDoesNotFitIsAnAnomaly() throws {
        var log = FunnelTestLog()
        log.add(0, "ticket.assigned", #"{"ticket":"T1","agent":"li"}"#)
        log.add(1, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(2, "ticket.opened", #"{"ticket":"T1"}"#)
        log.add(3, "ticket.reopened", #"{"ticket":"T1"}"#)
        log.add(4, "ticket.closed", #"{"ticket":"T1"}"#)
        log.add(5, "ticket.closed", #"{"ticket":"T1"}"#)
        log.add(6, "ticket.resolved", #"{"ticket":"T1"}"#)
        log.add(7, "ticket.opened", #"{"complaint":"T1"}"#)
        log.add(8, "ticket.opened", #"{"ticket":"T1"}"#, subject: nil)
        log.add(8, "ticket.opened", #"{"ticket":"T1"}"#, subject: "C2")
        let views = try log.views()
        #expect(
            views.kinds == [
                "already_closed", "missing_field", "no_subject", "not_opened", "not_resolved", "opened_late",
                "opened_twice", "resolved_after_closing",
            ])
        #expect(try views.rows("SELECT state, implied, reopened FROM cases WHERE subject = 'C1'") == ["closed|1|1"])
        #expect(try views.crossChecks().count == 2)
        // Its times are unsure, so they stay out of the figures.
        #expect(try views.answer { try ServiceQuery().run($0, $1) }.tickets.figures.resolution.count == 0)
    }

    @Test func answersPerFamilyCategoryAndAgent() throws {
        var log = FunnelTestLog()
        for number in 1...10 {
            let category = number <= 7 ? "delivery" : "quality"
            log.add(0, "complaint.opened", #"{"complaint":"K\#(number)","category":"\#(category)","agent":"li"}"#)
            log.add(Double(number), "complaint.responded", #"{"complaint":"K\#(number)"}"#)
        }
        for number in 1...4 {
            log.add(Double(number * 2), "complaint.resolved", #"{"complaint":"K\#(number)"}"#)
        }
        log.add(20, "complaint.reopened", #"{"complaint":"K1"}"#)
        log.add(21, "complaint.resolved", #"{"complaint":"K1"}"#)
        log.add(22, "complaint.waiting", #"{"complaint":"K2"}"#)
        log.add(30, "ticket.opened", #"{"ticket":"T1"}"#)
        let answer = try log.views().answer(day: 40) { try ServiceQuery().run($0, $1) }
        let complaints = answer.complaints.figures
        #expect((complaints.opened, complaints.open, complaints.resolved, complaints.reopened) == (10, 7, 4, 2))
        #expect((complaints.firstResponse.median, complaints.firstResponse.p90) == (5 * 86_400, 9 * 86_400))
        #expect(complaints.firstResponse.mean == 5.5 * 86_400)
        // In force: K1 after 21 days, K3 after 6, K4 after 8.
        #expect((complaints.resolution.count, complaints.resolution.median) == (3, 8 * 86_400))
        #expect(answer.complaints.byCategory.map(\.name) == ["delivery", "quality"])
        #expect(answer.complaints.byCategory.map(\.figures.opened) == [7, 3])
        #expect(answer.complaints.byAgent.map(\.name) == ["li"])
        #expect(answer.tickets.figures.openAge.median == 864_000)
        let group = MergeGroup(survivor: "C1", members: ["C1"])
        let part = try log.views().answer { try ServiceQuery.customer($0, $1, group) }
        #expect(
            part.complaints
                == {
                    var counts = part.complaints; counts.open = 7; return counts
                }())
        #expect((part.complaints.resolved, part.complaints.reopened, part.tickets.open) == (4, 2, 1))
        #expect(part.cases.count == 11)
    }

    @Test func surveys() throws {
        var log = FunnelTestLog()
        log.add(0, "survey.sent", #"{"survey":"S1","channel":"sms","about":"T1"}"#)
        log.add(1, "survey.answered", #"{"survey":"S1","score":"4.5","scale_min":1,"scale_max":5,"agent":"li"}"#)
        log.add(0, "survey.sent", #"{"survey":"S2"}"#)
        log.add(1, "survey.answered", #"{"survey":"S3","score":3.5,"scale_min":1,"scale_max":5}"#)
        log.add(2, "survey.answered", #"{"survey":"S4","score":7,"scale_min":1,"scale_max":5}"#)
        log.add(3, "survey.answered", #"{"survey":"S4","score":"bad"}"#)
        let views = try log.views()
        #expect(views.kinds == ["answered_twice", "bad_score", "score_outside_scale"])
        let surveys = try views.answer { try ServiceQuery().run($0, $1) }.surveys
        #expect((surveys.sent, surveys.answered) == (2, 3))
        #expect(surveys.scores.map(\.count) == [2])
        #expect(surveys.scores.map(\.mean) == [4])
    }

    @Test func openCasesByAgeAddUpAndReopeningsHaveARate() throws {
        var log = FunnelTestLog()
        for (number, day) in [0.0, 8, 20, 39.5, 40].enumerated() {
            log.add(day, "ticket.opened", #"{"ticket":"T\#(number)","agent":"li"}"#)
        }
        log.add(41, "ticket.assigned", #"{"ticket":"unknown"}"#)
        for ticket in ["T8", "T9"] {
            log.add(1, "ticket.opened", #"{"ticket":"\#(ticket)"}"#)
            log.add(2, "ticket.closed", #"{"ticket":"\#(ticket)"}"#)
        }
        log.add(3, "ticket.reopened", #"{"ticket":"T9"}"#)
        let tickets = try log.views().answer(day: 40) { try ServiceQuery().run($0, $1) }.tickets
        let ages = tickets.figures.openByAge
        #expect(ages.map(\.count) == [2, 0, 0, 0, 1, 3, 0, 1])
        #expect(ages.map(\.fromDays) == [0, 1, 3, 7, 14, 30, 90, nil])
        #expect(ages.reduce(0) { $0 + $1.count } == tickets.figures.open)
        #expect(tickets.figures.reopenRate == 0.5)
        let group = try #require(tickets.byAgent.first { $0.name == "li" })
        #expect(group.figures.openByAge.map(\.count) == [2, 0, 0, 0, 1, 2, 0])
        #expect(group.figures.reopenRate == nil)
    }

    @Test func satisfactionByAgentAndMonth() throws {
        var log = FunnelTestLog()
        log.add(0, "ticket.opened", #"{"ticket":"T1","agent":"wang"}"#)
        log.add(1, "survey.answered", #"{"survey":"S1","score":5,"scale_min":1,"scale_max":5,"agent":"li"}"#)
        log.add(2, "survey.answered", #"{"survey":"S2","score":2,"scale_min":1,"scale_max":5,"about":"T1"}"#)
        log.add(35, "survey.answered", #"{"survey":"S3","score":4,"scale_min":1,"scale_max":5,"agent":"li"}"#)
        log.add(36, "survey.answered", #"{"survey":"S4","score":9,"scale_min":0,"scale_max":10}"#)
        let surveys = try log.views().answer(day: 40) { try ServiceQuery().run($0, $1) }.surveys
        #expect(surveys.byAgent.map(\.name) == ["(none)", "li", "wang"])
        #expect(surveys.byAgent.map { $0.scores.map(\.mean) } == [[9], [4.5], [2]])
        #expect(surveys.byMonth.map(\.name) == ["2026-01", "2026-02"])
        #expect(surveys.byMonth.map { $0.scores.map(\.count) } == [[2], [1, 1]])
        #expect(surveys.scores.map(\.scaleMax) == ["10", "5"])
    }

    @Test func hasTheFixedKeys() throws {
        var log = FunnelTestLog()
        log.add(0, "complaint.opened", #"{"complaint":"K1"}"#)
        let answer = try log.views().answer { try ServiceQuery().run($0, $1) }
        let json = try JSONDecoder().decode(Shape.self, from: JSONEncoder().encode(answer))
        #expect((json.complaint.opened, json.complaint.open, json.ticket.opened) == (1, 1, 0))
        #expect(json.complaint.first_response.count == 0)
        #expect(json.complaint.by_agent.count == 1)
    }

    private struct Shape: Decodable {
        struct Times: Decodable { var count: Int }
        struct Group: Decodable { var name: String }
        struct Family: Decodable {
            var opened: Int
            var open: Int
            var resolved: Int
            var reopened: Int
            var first_response: Times
            var resolution: Times
            var by_agent: [Group]
        }
        var complaint: Family
        var ticket: Family
    }
}
