public import EventLog
public import Projection

/// The agenda: what is to be done, for whom, until when.
///
/// Beside tasks it holds follow-ups: a call, a meeting or a visit may name the instant of the `next` contact. A
/// follow-up is done by the next call, meeting or visit with that customer. Whether something is overdue depends on
/// now and is a query's to say.
public struct TasksProjector: Projector {
    /// The tasks of one subject.
    public struct State: Sendable {
        var subject: String?
        var tasks: [Entry] = []
    }

    /// A task or a follow-up.
    struct Entry: Sendable {
        enum Kind: String, Sendable { case task, followUp = "follow_up" }
        enum Progress: String, Sendable { case open, completed, cancelled }

        var id: String
        var kind: Kind
        var progress = Progress.open
        var due: Instant?
        var owner: String?
        var about: String?
        var scheduled: (time: Instant, sequence: UInt64)?
        var ended: (time: Instant, sequence: UInt64)?
        var reason: String?
    }

    /// The one table.
    public static let table = TableDefinition(
        "tasks", "A task, or a follow-up that a call, meeting or visit asked for.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("task_id", .text, "The task; next:SEQUENCE for a follow-up asked for by that event."),
            ColumnDefinition("kind", .text, "task or follow_up."),
            ColumnDefinition("state", .text, "open, completed or cancelled."),
            ColumnDefinition("due", .text, "Until when, an instant in UTC."),
            ColumnDefinition("owner", .text, "Who is to do it."),
            ColumnDefinition("about", .text, "What it is about; for a follow-up the type of the event that asked."),
            ColumnDefinition("scheduled_time", .text, "When it was scheduled last, an instant in UTC."),
            ColumnDefinition("scheduled_sequence", .integer, "The event that scheduled it last."),
            ColumnDefinition("ended_time", .text, "When it was completed or cancelled, an instant in UTC."),
            ColumnDefinition("ended_sequence", .integer, "The event that ended it."),
            ColumnDefinition("reason", .text, "Why it ended, in the sender's words."),
        ],
        primaryKey: ["subject", "task_id"], indexes: [["state", "due"]])

    /// The projector.
    public init() {}

    /// `tasks`.
    public let name = "tasks"
    /// The version of its meaning.
    public let version = 1
    /// Tasks, and interactions that may ask for a next contact.
    public let consumes = ["task.*", "call.completed", "meeting.held", "visit.made"]
    /// `tasks`.
    public var tables: [TableDefinition] { [Self.table] }
    /// By surviving customer.
    public var views: [ViewDefinition] { [customerView(of: Self.table)] }
    /// The same task under two subjects.
    public var crossChecks: [CrossCheck] {
        [
            CrossCheck(
                kind: "task_under_two_subjects",
                select: """
                    SELECT subject, coalesce(scheduled_sequence, ended_sequence) AS sequence,
                        'task ' || task_id || ' is also a task of another customer' AS detail
                    FROM tasks WHERE kind = 'task' AND task_id IN (
                        SELECT task_id FROM tasks WHERE kind = 'task'
                        GROUP BY task_id HAVING count(DISTINCT subject) > 1)
                    ORDER BY task_id, subject
                    """)
        ]
    }

    /// No task.
    public func makeState(subject: String?) -> State { State(subject: subject) }

    /// Applies one event.
    public func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        guard state.subject != nil else { return }
        switch event.type {
        case "task.scheduled": state.schedule(event, anomalies: &anomalies)
        case "task.completed": state.end(event, .completed, anomalies: &anomalies)
        case "task.cancelled": state.end(event, .cancelled, anomalies: &anomalies)
        case "call.completed", "meeting.held", "visit.made": state.interact(event, anomalies: &anomalies)
        default: break
        }
    }

    /// Writes a row a task.
    public func emit(_ state: State, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        for task in state.tasks {
            rows.insert(
                [
                    .text(subject), .text(task.id), .text(task.kind.rawValue), .text(task.progress.rawValue),
                    SQLValue(task.due), SQLValue(task.owner), SQLValue(task.about), SQLValue(task.scheduled?.time),
                    SQLValue(sequence: task.scheduled?.sequence), SQLValue(task.ended?.time),
                    SQLValue(sequence: task.ended?.sequence), SQLValue(task.reason),
                ], table: 0)
        }
    }
}

extension TasksProjector.State {
    private func id(_ event: StoredEvent, _ anomalies: inout AnomalyCollector) -> String? {
        if let id = event.data.field("task") { return id }
        anomalies.report(event, "missing_field", "\(event.type) names no task")
        return nil
    }

    /// Finds a task from the newest on, as the tasks that still change are the late ones.
    private func place(of id: String) -> Int? {
        tasks.lastIndex { $0.id == id && $0.kind == .task }
    }

    /// Schedules a task, or moves it; one that had ended is open again.
    mutating func schedule(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        guard let id = id(event, &anomalies) else { return }
        let data = event.data
        let due = data["due"]?.string.flatMap { try? Instant(rfc3339: $0) }
        if due == nil { anomalies.report(event, "bad_due", "task \(id) has no instant in \"due\"") }
        var task: TasksProjector.Entry
        let known = place(of: id)
        if let known {
            task = tasks[known]
            if task.progress != .open {
                let before = task.progress.rawValue
                anomalies.report(event, "task_reopened", "task \(id) was \(before), and is scheduled again")
            }
        } else {
            task = TasksProjector.Entry(id: id, kind: .task)
        }
        task.progress = .open
        task.ended = nil
        task.reason = nil
        task.due = due ?? task.due
        task.owner = data["owner"]?.text ?? task.owner
        task.about = data["about"]?.text ?? task.about
        task.scheduled = (event.time, event.sequence)
        if let known { tasks[known] = task } else { tasks.append(task) }
    }

    mutating func end(
        _ event: StoredEvent, _ progress: TasksProjector.Entry.Progress, anomalies: inout AnomalyCollector
    ) {
        guard let id = id(event, &anomalies) else { return }
        let known = place(of: id)
        if known == nil { anomalies.report(event, "task_unknown", "task \(id) was not scheduled by then") }
        if known == nil { tasks.append(TasksProjector.Entry(id: id, kind: .task)) }
        let place = known ?? tasks.count - 1
        tasks[place].progress = progress
        tasks[place].ended = (event.time, event.sequence)
        tasks[place].reason = event.data["reason"]?.text
    }

    /// A call, meeting or visit: what was to follow an earlier one has, and a new follow-up may be asked for.
    mutating func interact(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        // Only the last follow-up can be open: each interaction ends the one before.
        if let last = tasks.lastIndex(where: { $0.kind == .followUp }), tasks[last].progress == .open {
            tasks[last].progress = .completed
            tasks[last].ended = (event.time, event.sequence)
        }
        guard let next = event.data["next"], next.kind != .null else { return }
        guard let due = next.string.flatMap({ try? Instant(rfc3339: $0) }) else {
            return anomalies.report(event, "bad_due", "\"next\" is no instant; no follow-up is noted")
        }
        tasks.append(
            TasksProjector.Entry(
                id: "next:\(event.sequence)", kind: .followUp, due: due, owner: event.data["agent"]?.text,
                about: event.type, scheduled: (event.time, event.sequence)))
    }
}
