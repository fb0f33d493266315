import CRM
import EventLog
import GRDB
import Testing

/// The agenda's rows and the agenda.
struct TasksProjectorTests {
    private let rows = "SELECT task_id, kind, state, due, owner, reason FROM tasks ORDER BY task_id"

    @Test func tasksAreScheduledMovedAndEnded() throws {
        let views = try TestViews([
            event("task.scheduled", day: 1, #"{"task":"T1","due":"2026-02-01T09:00:00+08:00","owner":"li"}"#),
            event("task.scheduled", day: 2, #"{"task":"T1","due":"2026-02-02T00:00:00Z","about":"offer"}"#),
            event("task.scheduled", day: 2, #"{"task":"T2","due":"2026-02-03T00:00:00Z"}"#),
            event("task.completed", day: 3, #"{"task":"T2","reason":"done"}"#),
            event("task.scheduled", day: 2, #"{"task":"T3","due":"2026-02-03T00:00:00Z"}"#),
            event("task.cancelled", day: 3, #"{"task":"T3"}"#),
        ])
        #expect(
            try views.rows(rows) == [
                "T1|task|open|2026-02-02T00:00:00.000000Z|li|-", "T2|task|completed|2026-02-03T00:00:00.000000Z|-|done",
                "T3|task|cancelled|2026-02-03T00:00:00.000000Z|-|-",
            ])
        #expect(views.kinds("tasks") == [])
    }

    @Test func whatDoesNotFitIsKept() throws {
        let views = try TestViews([
            event("task.completed", day: 1, #"{"task":"T1"}"#), event("task.scheduled", day: 2, #"{"task":"T1"}"#),
            event("task.scheduled", day: 3, "{}"), event("call.completed", day: 3, #"{"next":"tomorrow"}"#),
        ])
        #expect(try views.rows(rows) == ["T1|task|open|-|-|-"])
        #expect(views.kinds("tasks") == ["task_unknown", "bad_due", "task_reopened", "missing_field", "bad_due"])
    }

    @Test func aFollowUpIsDoneByTheNextContact() throws {
        let views = try TestViews([
            event("call.completed", day: 1, #"{"next":"2026-01-10T00:00:00Z","agent":"wu"}"#),
            event("message.sent", day: 2, #"{"channel":"sms"}"#),
            event("visit.made", day: 3, #"{"next":"2026-01-20T00:00:00Z"}"#),
        ])
        #expect(
            try views.rows("SELECT task_id, state, due, owner, about, ended_sequence FROM tasks ORDER BY 1") == [
                "next:0|completed|2026-01-10T00:00:00.000000Z|wu|call.completed|2",
                "next:2|open|2026-01-20T00:00:00.000000Z|-|visit.made|-",
            ])
    }

    @Test func theAgendaHasWhatIsOverdueFirst() throws {
        let views = try TestViews([
            event("customer.registered", "C1", #"{"name":"甲","owner":"li"}"#),
            event("customer.registered", "C2", #"{"name":"乙","owner":"wu"}"#),
            event("task.scheduled", "C1", #"{"task":"late","due":"2026-02-01T00:00:00Z"}"#),
            event("task.scheduled", "C2", #"{"task":"soon","due":"2026-03-01T00:00:00Z","owner":"li"}"#),
            event("task.scheduled", "C2", #"{"task":"his","due":"2026-01-20T00:00:00Z"}"#),
            event("task.scheduled", "C2", #"{"task":"done","due":"2026-01-20T00:00:00Z"}"#),
            event("task.completed", "C2", day: 2, #"{"task":"done"}"#),
            event("customer.merged", "C2", day: 3, #"{"into":"C1"}"#),
        ])
        let context = try views.context(now: "2026-02-10T00:00:00Z")
        let all = try views.database.read { try AgendaQuery().run($0, context) }
        #expect(all.tasks.map(\.task) == ["his", "late", "soon"])
        #expect(all.tasks.map(\.isOverdue) == [true, true, false])
        #expect(all.tasks.map(\.customer) == ["C1", "C1", "C1"])
        // After the merge the survivor's owner looks after what names no owner.
        #expect(all.tasks.map(\.owner) == ["li", "li", "li"])
        #expect((all.open, all.overdue) == (3, 2))
        let first = try views.database.read { try AgendaQuery(owner: "li", limit: 1).run($0, context) }
        #expect(first.tasks.map(\.task) == ["his"])
        #expect(first.open == 3)
        let none = try views.database.read { try AgendaQuery(owner: "nobody").run($0, context) }
        #expect(none.tasks.isEmpty)
    }

    @Test func oneTaskUnderTwoSubjectsIsAnAnomaly() throws {
        let views = try TestViews([
            event("task.scheduled", "C1", #"{"task":"T","due":"2026-02-01T00:00:00Z"}"#),
            event("task.scheduled", "C2", #"{"task":"T","due":"2026-02-01T00:00:00Z"}"#),
        ])
        #expect(try views.crossCheck("task_under_two_subjects").count == 2)
    }
}
