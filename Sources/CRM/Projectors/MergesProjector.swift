public import EventLog
public import Projection

/// Which customer went into which: one pointer a subject, from `customer.merged` until `customer.unmerged`.
///
/// Only the pointer is kept. Who survives a chain of merges is the SQL view `survivors`, never a stored row, so a merge
/// moves no other row and taking it back costs nothing.
public struct MergesProjector: Projector {
    /// The pointer in force, if any.
    public struct State: Sendable {
        var subject: String?
        var pointer: Pointer?
    }

    /// Where a subject points, and the event that says so.
    struct Pointer: Sendable {
        var into: String
        var time: Instant
        var sequence: UInt64
        var rule: String?
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
    public let version = 1
    /// Merges and their taking back.
    public let consumes = ["customer.merged", "customer.unmerged"]
    /// `merges`.
    public var tables: [TableDefinition] { [Self.table] }
    /// `survivors`.
    public var views: [ViewDefinition] { [Self.survivors] }
    /// Circles.
    public var crossChecks: [CrossCheck] { [Self.circles] }

    /// No pointer.
    public func makeState(subject: String?) -> State { State(subject: subject, pointer: nil) }

    /// Sets or clears the pointer.
    public func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        guard let subject = state.subject else { return }
        if event.type == "customer.unmerged" {
            if state.pointer == nil { anomalies.report(event, "not_merged", "unmerged, but not merged by then") }
            state.pointer = nil
        } else if event.type == "customer.merged" {
            guard let into = event.data.field("into") else {
                return anomalies.report(event, "missing_field", "customer.merged names no survivor in \"into\"")
            }
            guard into != subject else {
                return anomalies.report(event, "self_merge", "merged into itself; no pointer is set")
            }
            state.pointer = Pointer(
                into: into, time: event.time, sequence: event.sequence, rule: event.data["rule"]?.text)
        }
    }

    /// The pointer in force.
    public func emit(_ state: State, into rows: inout RowCollector) {
        guard let subject = state.subject, let pointer = state.pointer else { return }
        rows.insert(
            [
                .text(subject), .text(pointer.into), SQLValue(pointer.time), SQLValue(sequence: pointer.sequence),
                SQLValue(pointer.rule),
            ], table: 0)
    }
}
