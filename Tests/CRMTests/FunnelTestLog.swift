import CRM
import EventLog
import GRDB
import Projection

/// A log in memory and the views that a plain fold makes of it: each subject's events in business order.
struct FunnelTestLog {
    private(set) var events: [StoredEvent] = []

    /// 2026-01-01T00:00:00Z.
    static let start = Instant(microseconds: 1_767_225_600_000_000)

    static func day(_ day: Double) -> Instant {
        Instant(microseconds: start.microseconds + Int64(day * 86_400e6))
    }

    /// Appends an event that happened `day` days after the start; its sequence is its place unless another is given.
    mutating func add(
        _ day: Double, _ type: String, _ data: String, subject: String? = "C1", sequence: Int? = nil
    ) {
        let prefix = "{\"data\":"
        let line = Array((prefix + data + "}").utf8)
        events.append(
            StoredEvent(
                sequence: UInt64(sequence ?? events.count), time: Self.day(day), recordedTime: Self.day(day),
                type: type,
                subject: subject, line: line[...], dataStart: prefix.utf8.count))
    }

    init() {}

    /// The events of a log's lines whose sequence is in `known`.
    init(storedLines: [String], known: Set<UInt64>) throws {
        events = try storedLines.map { try StoredEvent(line: Array($0.utf8)[...]) }
            .filter { known.contains($0.sequence) }
    }

    /// The events that had happened by a day.
    func until(_ day: Double) -> FunnelTestLog {
        var log = self
        log.events.removeAll { $0.time.microseconds > Self.start.microseconds + Int64(min(day, 10_000) * 86_400e6) }
        return log
    }

    /// A database with the rows of these projectors and of the merges.
    func views(_ projectors: [any Projector] = FunnelTestLog.projectors) throws -> FunnelTestViews {
        let queue = try DatabaseQueue()
        var anomalies: [Anomaly] = []
        try queue.write { db in
            for projector in projectors {
                try Self.createTables(projector, db)
                for subject in Set(events.map(\.subject)) {
                    anomalies += try fold(projector, subject, db)
                }
            }
            for view in projectors.flatMap(\.views) {
                try db.execute(sql: "CREATE VIEW \"\(view.name)\" AS \(view.select)")
            }
        }
        return FunnelTestViews(queue: queue, anomalies: anomalies, at: UInt64(events.count))
    }

    static var projectors: [any Projector] {
        [
            MergesProjector(), FunnelProjector(configuration: CRMConfiguration()), ServiceProjector(),
            CampaignsProjector(), DefinitionsProjector(),
        ]
    }

    private static func createTables(_ projector: any Projector, _ db: Database) throws {
        for table in projector.tables {
            let columns = table.columns.map { "\"\($0.name)\" \($0.kind.rawValue)" }.joined(separator: ", ")
            let key = table.primaryKey.joined(separator: ", ")
            let sql = "CREATE TABLE \"\(table.name)\" (\(columns), PRIMARY KEY (\(key))) STRICT, WITHOUT ROWID"
            try db.execute(sql: sql)
        }
    }

    private func fold<P: Projector>(_ projector: P, _ subject: String?, _ db: Database) throws -> [Anomaly] {
        var state = projector.makeState(subject: subject)
        var anomalies = AnomalyCollector()
        for event in events.filter({ $0.subject == subject }).sorted(by: { $0.precedes($1) })
        where projector.consumes.contains(where: { Self.matches(event.type, $0) }) {
            projector.apply(event, to: &state, anomalies: &anomalies)
        }
        var rows = RowCollector(tableCount: projector.tables.count)
        projector.emit(state, into: &rows)
        for (table, rows) in zip(projector.tables, rows.rows) {
            let marks = Array(repeating: "?", count: table.columns.count).joined(separator: ", ")
            for row in rows {
                let values = row.map { value -> (any DatabaseValueConvertible)? in
                    switch value {
                    case .null: nil
                    case .integer(let integer): integer
                    case .real(let real): real
                    case .text(let text): text
                    case .instant(let instant): instant.rfc3339
                    }
                }
                try db.execute(
                    sql: "INSERT INTO \"\(table.name)\" VALUES (\(marks))", arguments: StatementArguments(values))
            }
        }
        return anomalies.anomalies
    }

    private static func matches(_ type: String, _ pattern: String) -> Bool {
        pattern == "*" || pattern.hasSuffix(".*") ? type.hasPrefix(pattern.dropLast()) : type == pattern
    }
}

/// The views of a test log.
struct FunnelTestViews {
    let queue: DatabaseQueue
    let anomalies: [Anomaly]
    let at: UInt64

    var kinds: [String] { anomalies.map(\.kind).sorted() }

    /// The rows of a query, each as text with `|` between the values.
    func rows(_ sql: String) throws -> [String] {
        try queue.read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.map { _, value in
                    switch value.storage {
                    case .null: "-"
                    case .int64(let integer): String(integer)
                    case .double(let real): String(real)
                    case .string(let text): text
                    case .blob: "?"
                    }
                }.joined(separator: "|")
            }
        }
    }

    func answer<Answer>(
        day: Double = 365, _ query: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer {
        let calendar = try DayCalendar(zone: "UTC")
        return try queue.read { db in
            try query(db, AnswerContext(at: at, now: FunnelTestLog.day(day), calendar: calendar))
        }
    }

    /// What the cross checks of all projectors list.
    func crossChecks() throws -> [String] {
        try FunnelTestLog.projectors.flatMap(\.crossChecks).flatMap { check in
            try rows(check.select).map { "\(check.kind): \($0)" }
        }
    }
}
