public import EventLog

/// A deterministic fold from the events of one subject to the rows of a view.
///
/// The engine feeds each subject's known, unretracted events in business order (`time`, then `sequence`), and asks for
/// the rows afterwards. A projector never sees a retracted event, nor the retraction. State is reachable through one
/// subject only; what spans subjects is a sum or a SQL view over the rows. System events (no subject) are folded the
/// same way, as the one state whose subject is `nil`.
///
/// A projector is total: no event, in any order, stops it. What does not fit is applied as sensibly as it can be and
/// reported as an anomaly. Rows depend on nothing but the events and the projector's own configuration: never on the
/// clock.
public protocol Projector: Sendable {
    /// What the fold keeps while it goes through the events of one subject.
    associatedtype State

    /// The projector's name: lower-case letters, as in `funnel`.
    var name: String { get }
    /// Raised whenever the same events would give other rows or other tables.
    var version: Int { get }
    /// What else the rows depend on (the zone, a pipeline file), as short text; a change asks for a rebuild.
    var configuration: String { get }
    /// The types it consumes: exact names, `family.*`, or `*`.
    var consumes: [String] { get }
    /// The tables it keeps.
    var tables: [TableDefinition] { get }
    /// SQL views over the tables (and over other projectors' tables), created after all tables.
    var views: [ViewDefinition] { get }
    /// Things that do not fit and show only across subjects, as SQL over the tables.
    var crossChecks: [CrossCheck] { get }

    /// The state before the first event. `subject` is `nil` for the state of the system events.
    func makeState(subject: String?) -> State
    /// Applies one event, later in business order than all before it.
    func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector)
    /// Writes all rows of this state. A state that consumed no event writes none.
    func emit(_ state: State, into rows: inout RowCollector)
}

extension Projector {
    /// Nothing but the events.
    public var configuration: String { "" }
    /// No views.
    public var views: [ViewDefinition] { [] }
    /// No cross checks.
    public var crossChecks: [CrossCheck] { [] }
}

/// One value of a row.
public enum SQLValue: Sendable, Hashable {
    /// No value.
    case null
    /// A whole number.
    case integer(Int64)
    /// A binary floating point number; never money.
    case real(Double)
    /// Text; decimals and instants are text.
    case text(String)
    /// An instant on its way into a row, where it is text in UTC with six digits, so that text order is time order.
    case instant(Instant)

    /// `text`, or `null` for nil.
    public init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }
    /// `integer`, or `null` for nil.
    public init(_ integer: Int64?) { self = integer.map(SQLValue.integer) ?? .null }
    /// `integer`, or `null` for nil.
    public init(_ integer: Int?) { self = integer.map { .integer(Int64($0)) } ?? .null }
    /// A sequence as an integer.
    public init(sequence: UInt64?) { self = sequence.map { .integer(Int64(clamping: $0)) } ?? .null }
    /// `instant`, or `null` for nil.
    public init(_ instant: Instant?) { self = instant.map(SQLValue.instant) ?? .null }
    /// 1 or 0, or `null` for nil.
    public init(_ flag: Bool?) { self = flag.map { .integer($0 ? 1 : 0) } ?? .null }
}

/// A column of a view's table.
public struct ColumnDefinition: Sendable, Equatable {
    /// How SQLite stores the column.
    public enum Kind: String, Sendable { case text = "TEXT", integer = "INTEGER", real = "REAL" }
    /// The column's name.
    public var name: String
    /// How SQLite stores it.
    public var kind: Kind
    /// What it holds, with its unit; printed in the README's tables.
    public var summary: String

    /// Makes a column.
    public init(_ name: String, _ kind: Kind, _ summary: String) {
        self.name = name
        self.kind = kind
        self.summary = summary
    }
}

/// A table of a view.
///
/// Rows are replaced subject by subject.
public struct TableDefinition: Sendable, Equatable {
    /// The table's name, as a BI tool sees it.
    public var name: String
    /// What a row is.
    public var summary: String
    /// The columns.
    ///
    /// A table of subjects has `subject` as its first column; a table of system events does not.
    public var columns: [ColumnDefinition]
    /// The columns of the primary key; for a table of subjects `subject` is the first.
    public var primaryKey: [String]
    /// Further indexes, each a list of columns.
    public var indexes: [[String]]
    /// Whether it only repeats, in another shape, what the fold's other tables and the events say; an audit passes
    /// over it.
    public var isDerived: Bool

    /// Makes a table.
    public init(
        _ name: String, _ summary: String, columns: [ColumnDefinition], primaryKey: [String],
        indexes: [[String]] = [], isDerived: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.columns = columns
        self.primaryKey = primaryKey
        self.indexes = indexes
        self.isDerived = isDerived
    }

    /// Whether the rows belong to subjects (else to the system events).
    public var isPerSubject: Bool { columns.first?.name == "subject" }
}

/// A SQL view.
public struct ViewDefinition: Sendable, Equatable {
    /// The view's name.
    public var name: String
    /// What a row is.
    public var summary: String
    /// The SELECT behind it.
    public var select: String

    /// Makes a view.
    public init(_ name: String, _ summary: String, select: String) {
        self.name = name
        self.summary = summary
        self.select = select
    }
}

/// A check over the tables for what does not fit across subjects.
public struct CrossCheck: Sendable, Equatable {
    /// The anomaly's kind, as in `id_under_two_subjects`.
    public var kind: String
    /// A SELECT of (subject TEXT, sequence INTEGER, detail TEXT), in a fixed order.
    public var select: String

    /// Makes a check.
    public init(kind: String, select: String) {
        self.kind = kind
        self.select = select
    }
}

/// Something in the log that a projector could not fit: kept and listed, never a loss.
public struct Anomaly: Sendable, Hashable {
    /// The event to blame.
    public var sequence: UInt64
    /// A short snake_case name of what is wrong.
    public var kind: String
    /// What is wrong, for people.
    public var detail: String

    /// Makes an anomaly.
    public init(sequence: UInt64, kind: String, detail: String) {
        self.sequence = sequence
        self.kind = kind
        self.detail = detail
    }
}

/// Collects the anomalies of one fold.
public struct AnomalyCollector: Sendable {
    /// What was reported so far, in fold order.
    public private(set) var anomalies: [Anomaly] = []

    /// An empty collector.
    public init() {}

    /// Reports that `event` does not fit.
    public mutating func report(_ event: StoredEvent, _ kind: String, _ detail: String) {
        anomalies.append(Anomaly(sequence: event.sequence, kind: kind, detail: detail))
    }
}
