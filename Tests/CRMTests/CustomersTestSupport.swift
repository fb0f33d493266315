import CRM
import EventLog
import GRDB
import Projection

/// Events and views for tests of the customers' side, without a log: events are given as text, sorted, folded by each
/// projector and written into an in-memory database.
struct TestViews {
    /// One event as a test writes it; its sequence is its place in the list.
    struct Event {
        var type: String
        var subject: String?
        var time: String
        var data: String
    }

    let database: DatabaseQueue
    let anomalies: [String: [Anomaly]]
    let projectors: [any Projector]
    let eventCount: Int

    /// Folds the events, given in the order of the log.
    init(_ events: [Event], zone: String = "UTC") throws {
        let projectors = try ProjectorCatalogue.projectors(CRMConfiguration(zone: zone))
        let database = try DatabaseQueue()
        var anomalies: [String: [Anomaly]] = [:]
        let stored = try events.enumerated().map { try Self.stored($1, sequence: UInt64($0)) }
        let bySubject = Dictionary(grouping: stored, by: \.subject)
        try database.write { db in
            for projector in projectors { try Self.createTables(of: projector, db) }
            for view in projectors.flatMap(\.views) {
                try db.execute(sql: "CREATE VIEW \"\(view.name)\" AS \(view.select)")
            }
            for projector in projectors {
                for (subject, events) in bySubject {
                    anomalies[projector.name, default: []] +=
                        try Self.fold(events, of: subject, with: projector, into: db)
                }
            }
        }
        self.database = database
        self.projectors = projectors
        self.anomalies = anomalies.mapValues { $0.sorted { $0.sequence < $1.sequence } }
        eventCount = events.count
    }

    /// What a query is told: all events known, `now` as given.
    func context(now: String = "2026-06-30T00:00:00Z") throws -> AnswerContext {
        AnswerContext(
            at: UInt64(eventCount), now: try Instant(rfc3339: now), calendar: try DayCalendar(zone: "UTC"))
    }

    /// The first column of a query's rows joined to its others by `|`, a row a text; NULL is `-`.
    func rows(_ sql: String) throws -> [String] {
        try database.read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0.isNull ? "-" : "\($0)")" }
                    .joined(separator: "|")
            }
        }
    }

    /// The kinds of a projector's anomalies, by sequence.
    func kinds(_ projector: String) -> [String] { anomalies[projector, default: []].map(\.kind) }

    /// The rows of a projector's cross check.
    func crossCheck(_ kind: String) throws -> [String] {
        let check = projectors.flatMap(\.crossChecks).first { $0.kind == kind }
        return try rows(check?.select ?? "SELECT 'no such check'")
    }

    static func stored(_ event: Event, sequence: UInt64) throws -> StoredEvent {
        let head = #"{"specversion":"1.0","id":"\#(sequence)","source":"test","data":"#
        let line = Array((head + event.data + "}").utf8)
        return StoredEvent(
            sequence: sequence, time: try Instant(rfc3339: event.time), recordedTime: Instant(microseconds: 0),
            type: event.type, subject: event.subject, line: line[...], dataStart: head.utf8.count)
    }

    private static func createTables(of projector: any Projector, _ db: Database) throws {
        for table in projector.tables {
            let columns = table.columns.map { "\"\($0.name)\" \($0.kind.rawValue)" }.joined(separator: ", ")
            let key = table.primaryKey.map { "\"\($0)\"" }.joined(separator: ", ")
            try db.execute(
                sql: "CREATE TABLE \"\(table.name)\" (\(columns), PRIMARY KEY (\(key))) STRICT, WITHOUT ROWID")
        }
    }

    private static func fold<P: Projector>(
        _ events: [StoredEvent], of subject: String?, with projector: P, into db: Database
    ) throws -> [Anomaly] {
        let (rows, anomalies) = projected(events, of: subject, with: projector)
        for (table, rows) in zip(projector.tables, rows.rows) {
            let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
            for row in rows {
                // A plain INSERT: two rows with one key are a mistake of the projector.
                try db.execute(
                    sql: "INSERT INTO \"\(table.name)\" VALUES (\(marks))", arguments: StatementArguments(row))
            }
        }
        return anomalies
    }

    /// Folds as the engine does: only consumed types, in the order of business.
    static func projected<P: Projector>(
        _ events: [StoredEvent], of subject: String?, with projector: P
    ) -> (RowCollector, [Anomaly]) {
        var state = projector.makeState(subject: subject)
        var anomalies = AnomalyCollector()
        for event in events.sorted(by: { $0.precedes($1) }) where consumes(projector, event.type) {
            projector.apply(event, to: &state, anomalies: &anomalies)
        }
        var first = RowCollector(tableCount: projector.tables.count)
        projector.emit(state, into: &first)
        return (first, anomalies.anomalies)
    }

    private static func consumes(_ projector: some Projector, _ type: String) -> Bool {
        projector.consumes.contains { pattern in
            pattern == "*" || pattern == type
                || (pattern.hasSuffix(".*") && type.hasPrefix(pattern.dropLast()))
        }
    }
}

/// An event of customer C1; `day` is a day of January 2026.
func event(_ type: String, day: Int = 1, hour: Int = 10, _ data: String = "{}") -> TestViews.Event {
    event(type, "C1", day: day, hour: hour, data)
}

/// An event of any subject.
func event(_ type: String, _ subject: String?, day: Int = 1, hour: Int = 10, _ data: String) -> TestViews.Event {
    let time = "2026-01-\(day < 10 ? "0" : "")\(day)T\(hour < 10 ? "0" : "")\(hour):00:00Z"
    return TestViews.Event(type: type, subject: subject, time: time, data: data)
}
