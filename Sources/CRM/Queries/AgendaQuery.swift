import EventLog
public import GRDB

/// The tasks due: `touchline agenda [--owner NAME]`.
public struct AgendaQuery: Sendable {
    /// Whose tasks; `nil` = everyone's.
    public var owner: String?
    /// How many are listed at most.
    public var limit: Int

    /// A query for one owner's open tasks, or everyone's.
    public init(owner: String? = nil, limit: Int = 1_000) {
        self.owner = owner
        self.limit = limit
    }

    /// Answers from the views: overdue first, each part by its due moment.
    public func run(_ db: Database, _ context: AnswerContext) throws -> AgendaAnswer {
        var tasks: [AgendaAnswer.Task] = []
        var (overdue, open) = (0, 0)
        let rows = try Row.fetchCursor(
            db, sql: Self.select + " ORDER BY t.due IS NULL, t.due, t.subject, t.task_id",
            arguments: [])
        while let row = try rows.next() {
            let task = AgendaAnswer.Task(row, now: context.now)
            if let owner, task.owner != owner { continue }
            open += 1
            if task.isOverdue { overdue += 1 }
            if tasks.count < limit { tasks.append(task) }
        }
        return AgendaAnswer(
            at: context.lastSequence, now: context.now.rfc3339, owner: owner, open: open, overdue: overdue,
            tasks: tasks)
    }

    /// Open tasks; one that names no owner is the customer's owner's.
    private static let select = """
        SELECT t.subject, t.customer, t.task_id, t.kind, t.due, t.about, t.scheduled_sequence,
            coalesce(t.owner, c.owner, o.owner) AS owner, coalesce(c.name, o.name) AS name
        FROM tasks_by_customer AS t
        LEFT JOIN customers AS c ON c.subject = t.customer LEFT JOIN customers AS o ON o.subject = t.subject
        WHERE t.state = 'open'
        """

    /// The open tasks of one merge group.
    static func openTasks(_ db: Database, _ context: AnswerContext, of group: MergeGroup) throws -> [AgendaAnswer.Task]
    {
        let sql = """
            SELECT t.subject, ? AS customer, t.task_id, t.kind, t.due, t.about, t.scheduled_sequence,
                coalesce(t.owner, c.owner, o.owner) AS owner, coalesce(c.name, o.name) AS name
            FROM tasks AS t
            LEFT JOIN customers AS c ON c.subject = ? LEFT JOIN customers AS o ON o.subject = t.subject
            WHERE t.state = 'open' AND t.subject IN (SELECT value FROM json_each(?))
            ORDER BY t.due IS NULL, t.due, t.subject, t.task_id
            """
        let arguments: StatementArguments = [group.survivor, group.survivor, group.json]
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map { AgendaAnswer.Task($0, now: context.now) }
    }
}

/// The tasks due.
public struct AgendaAnswer: Encodable, Sendable {
    /// One open task or follow-up.
    public struct Task: Encodable, Sendable, Equatable {
        /// The task; `next:SEQUENCE` for a follow-up that the event with this sequence asked for.
        public var task: String
        /// `task` or `follow_up`.
        public var kind: String
        /// The customer, after merges.
        public var customer: String
        /// The customer as the task's events name it.
        public var subject: String
        /// The customer's name.
        public var name: String?
        /// Who is to do it: the task's owner, else the customer's.
        public var owner: String?
        /// Until when, an instant in UTC.
        public var due: String?
        /// Whether `due` is past.
        public var isOverdue: Bool
        /// What it is about.
        public var about: String?
        /// The event that scheduled it.
        public var sequence: UInt64?

        enum CodingKeys: String, CodingKey {
            case task, kind, customer, subject, name, owner, due, about, sequence
            case isOverdue = "overdue"
        }

        init(_ row: Row, now: Instant) {
            task = row["task_id"]
            kind = row["kind"]
            customer = row["customer"]
            subject = row["subject"]
            name = row["name"]
            owner = row["owner"]
            due = row["due"]
            about = row["about"]
            sequence = (row["scheduled_sequence"] as Int64?).map { UInt64(clamping: $0) }
            // Both are text of the same width in UTC, so text order is time order.
            isOverdue = due.map { $0 < now.rfc3339 } ?? false
        }
    }

    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment that decides what is overdue.
    public var now: String
    /// Whose tasks; `nil` = everyone's.
    public var owner: String?
    /// How many are open.
    public var open: Int
    /// How many of these are overdue.
    public var overdue: Int
    /// The open tasks, overdue first.
    public var tasks: [Task]
}
