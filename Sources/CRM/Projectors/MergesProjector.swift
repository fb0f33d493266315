public import EventLog
public import Projection

/// Which customer went into which: one pointer a subject, from `customer.merged` until `customer.unmerged`.
///
/// Only pointers are kept. Who survives a chain of merges is the SQL view `survivors`, never a stored row, so a merge
/// moves no other row and taking it back costs nothing.
public struct MergesProjector: Projector {
    /// Every pointer there was; the last may be in force.
    public struct State: Sendable {
        var subject: String?
        var pointers: [Pointer] = []

        /// The one in force.
        var pointer: Pointer? { pointers.last.flatMap { $0.end == nil ? $0 : nil } }

        mutating func endPointer(at moment: Moment) {
            if pointer != nil { pointers[pointers.count - 1].end = moment }
        }
    }

    /// Where a subject points, the event that says so, and the one that ended it.
    struct Pointer: Sendable {
        var into: String
        var start: Moment
        var rule: String?
        var end: Moment?
    }

    /// The one table.
    public static let table = TableDefinition(
        "merges", "A customer that was merged into another one, and still is.",
        columns: [
            ColumnDefinition("subject", .text, "The customer that disappeared."),
            ColumnDefinition("into_subject", .text, "The customer it went into, which may have gone into another."),
            ColumnDefinition("time", .text, "When, as an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that says so."),
            ColumnDefinition("rule", .text, "Why, in the sender's words."),
        ],
        primaryKey: ["subject"], indexes: [["into_subject"]])

    /// Every pointer there ever was, so that the survivors of a past moment are known without a replay.
    static let history = TableDefinition(
        "merge_history", "A time for which a customer was merged into another one.",
        columns: [
            ColumnDefinition("subject", .text, "The customer that disappeared."),
            ColumnDefinition("ordinal", .integer, "1, 2, 3 … within the subject."),
            ColumnDefinition("into_subject", .text, "The customer it went into."),
            ColumnDefinition("time", .text, "Since when, as an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that says so."),
            ColumnDefinition("until", .text, "When it was taken back or replaced; NULL while in force."),
            ColumnDefinition("until_sequence", .integer, "The event that says so; NULL while in force."),
            ColumnDefinition("rule", .text, "Why, in the sender's words."),
        ],
        primaryKey: ["subject", "ordinal"], isDerived: true)

    /// The end of each chain of merges; `UNION` drops what was reached before, so circles end too.
    static let survivors = ViewDefinition(
        "survivors",
        "Every merged subject with the customer at the end of its chain; in a circle the least id stands for all.",
        select: """
            WITH RECURSIVE
            reach(subject, node) AS (
                SELECT subject, into_subject FROM merges
                UNION
                SELECT reach.subject, merges.into_subject FROM reach JOIN merges ON merges.subject = reach.node),
            circle(node) AS (SELECT subject FROM reach WHERE subject = node)
            SELECT reach.subject AS subject,
                coalesce(max(CASE WHEN merges.subject IS NULL THEN reach.node END), min(circle.node)) AS customer
            FROM reach LEFT JOIN merges ON merges.subject = reach.node LEFT JOIN circle ON circle.node = reach.node
            GROUP BY reach.subject
            """)

    /// Lists every member of a circle of merges.
    static let circles = CrossCheck(
        kind: "merge_circle",
        select: """
            WITH RECURSIVE reach(subject, node) AS (
                SELECT subject, into_subject FROM merges
                UNION
                SELECT reach.subject, merges.into_subject FROM reach JOIN merges ON merges.subject = reach.node)
            SELECT merges.subject, merges.sequence,
                'merged into ' || merges.into_subject || ', which leads back to it' AS detail
            FROM merges JOIN reach ON reach.subject = merges.subject AND reach.node = merges.subject
            ORDER BY merges.subject
            """)

    /// The projector.
    public init() {}

    /// `merges`.
    public let name = "merges"
    /// The version of its meaning.
    public let version = 2
    /// Merges and their taking back.
    public let consumes = ["customer.merged", "customer.unmerged"]
    /// `merges` and `merge_history`.
    public var tables: [TableDefinition] { [Self.table, Self.history] }
    /// `survivors`.
    public var views: [ViewDefinition] { [Self.survivors] }
    /// Circles.
    public var crossChecks: [CrossCheck] { [Self.circles] }

    /// No pointer.
    public func makeState(subject: String?) -> State { State(subject: subject) }

    /// Sets or clears the pointer.
    public func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        guard let subject = state.subject else { return }
        if event.type == "customer.unmerged" {
            if state.pointer == nil { anomalies.report(event, "not_merged", "unmerged, but not merged by then") }
            state.endPointer(at: Moment(event))
        } else if event.type == "customer.merged" {
            guard let into = event.data.field("into") else {
                return anomalies.report(event, "missing_field", "customer.merged names no survivor in \"into\"")
            }
            guard into != subject else {
                return anomalies.report(event, "self_merge", "merged into itself; no pointer is set")
            }
            state.endPointer(at: Moment(event))
            state.pointers.append(Pointer(into: into, start: Moment(event), rule: event.data["rule"]?.text))
        }
    }

    /// The pointer in force, and all of them.
    public func emit(_ state: State, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        if let pointer = state.pointer {
            rows.insert(
                [
                    .text(subject), .text(pointer.into), SQLValue(pointer.start.time),
                    SQLValue(sequence: pointer.start.sequence), SQLValue(pointer.rule),
                ], table: 0)
        }
        for (number, pointer) in state.pointers.enumerated() {
            rows.insert(
                [
                    .text(subject), SQLValue(number + 1), .text(pointer.into), SQLValue(pointer.start.time),
                    SQLValue(sequence: pointer.start.sequence), SQLValue(pointer.end?.time),
                    SQLValue(sequence: pointer.end?.sequence), SQLValue(pointer.rule),
                ], table: 1)
        }
    }
}
