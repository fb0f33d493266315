import CRM
import EventLog
import Foundation
import GRDB
import Projection

/// The views that churn answers read, folded from events without a log.
///
/// See `TestViews` for the events.
struct ChurnTestViews {
    let database: DatabaseQueue
    let anomalies: [Anomaly]
    let eventCount: Int
    let zone: String

    /// Folds the events, given in the order of the log.
    init(_ events: [TestViews.Event], zone: String = "UTC") throws {
        try self.init(stored: events.enumerated().map { try TestViews.stored($1, sequence: UInt64($0)) }, zone: zone)
    }

    init(stored: [StoredEvent], zone: String = "UTC") throws {
        let configuration = CRMConfiguration(zone: zone)
        let projectors: [any Projector] = [
            MergesProjector(), try CustomersProjector(configuration: configuration),
            try ChurnProjector(configuration: configuration),
        ]
        let database = try DatabaseQueue()
        let bySubject = Dictionary(grouping: stored, by: \.subject)
        anomalies = try database.write { db in
            for projector in projectors { try Self.createTables(of: projector, db) }
            var anomalies: [Anomaly] = []
            for projector in projectors {
                for view in projector.views {
                    try db.execute(sql: "CREATE VIEW \"\(view.name)\" AS \(view.select)")
                }
                for (subject, events) in bySubject {
                    let found = try Self.fold(events, of: subject, with: projector, into: db)
                    if projector.name == "churn" { anomalies += found }
                }
            }
            return anomalies.sorted { $0.sequence < $1.sequence }
        }
        self.database = database
        self.zone = zone
        eventCount = stored.count
    }

    /// All events known; now is the end of a day.
    func context(_ day: String) throws -> AnswerContext {
        let calendar = try DayCalendar(zone: zone)
        return AnswerContext(
            at: UInt64(eventCount), now: calendar.end(of: DayCalendar.day(of: day) ?? 0), calendar: calendar)
    }

    /// The rows of a query, columns joined by `|`; NULL is `-`.
    func rows(_ sql: String) throws -> [String] {
        try database.read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { String.fromDatabaseValue($0) ?? ($0.isNull ? "-" : "\($0)") }
                    .joined(separator: "|")
            }
        }
    }

    func churn(_ query: ChurnQuery = ChurnQuery(), on day: String) throws -> ChurnAnswer {
        let context = try context(day)
        return try database.read { try query.run($0, context) }
    }

    func explain(_ query: ChurnExplainQuery, on day: String) throws -> ChurnExplainAnswer {
        let context = try context(day)
        return try database.read { try query.run($0, context) }
    }

    func fit(_ fit: ChurnFit, on day: String) throws -> ChurnFitAnswer {
        let context = try context(day)
        return try database.read { try fit.run($0, context) }
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
        let (rows, anomalies) = TestViews.projected(events, of: subject, with: projector)
        for (table, rows) in zip(projector.tables, rows.rows) {
            let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
            let statement = try db.cachedStatement(sql: "INSERT INTO \"\(table.name)\" VALUES (\(marks))")
            for row in rows { try statement.execute(arguments: StatementArguments(row)) }
        }
        return anomalies
    }

    /// Events of a `churn.model_published` with the reference parameters of CDNOW.
    static func model(_ time: String, more: String = "") -> TestViews.Event {
        let parameters = #""parameters":{"r":0.525,"alpha":6.183,"a":0.891,"b":1.614}"#
        return TestViews.Event(
            type: "churn.model_published", subject: nil, time: time,
            data: #"{"model":"mbg",\#(parameters),"horizon_days":182\#(more)}"#)
    }

    /// An order of a customer, completed at noon UTC of a day.
    static func order(
        _ subject: String, _ order: String, _ day: String, _ amount: String = "10.00"
    ) -> TestViews.Event {
        TestViews.Event(
            type: "purchase.completed", subject: subject, time: "\(day)T12:00:00Z",
            data: #"{"order":"\#(order)","amount":"\#(amount)","currency":"CNY"}"#)
    }

    /// Any event at noon UTC of a day.
    static func event(_ type: String, _ subject: String?, _ day: String, _ data: String) -> TestViews.Event {
        TestViews.Event(type: type, subject: subject, time: "\(day)T12:00:00Z", data: data)
    }
}

/// CDNOW's purchases as events.
enum CDNOWEvents {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures/cdnow")

    static func sample() throws -> [StoredEvent] { try read("CDNOW_sample.txt", customer: 1, day: 2, amount: 4) }
    static func master() throws -> [StoredEvent] { try read("CDNOW_master.txt", customer: 0, day: 1, amount: 3) }

    private static func read(_ name: String, customer: Int, day: Int, amount: Int) throws -> [StoredEvent] {
        let text = try String(contentsOf: fixtures.appending(path: name), encoding: .utf8)
        var events: [StoredEvent] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ")
            guard fields.count > amount, let date = Int(fields[day]) else { continue }
            let number = DayCalendar.number(year: date / 10_000, month: date / 100 % 100, day: date % 100)
            let sequence = UInt64(events.count)
            let head = #"{"specversion":"1.0","data":"#
            let data = #"{"order":"\#(sequence)","amount":"\#(fields[amount])","currency":"USD"}"#
            events.append(
                StoredEvent(
                    sequence: sequence, time: DayCalendar.utc.start(of: number), recordedTime: Instant(microseconds: 0),
                    type: "purchase.completed", subject: String(fields[customer]),
                    line: ArraySlice((head + data + "}").utf8), dataStart: head.utf8.count))
        }
        return events
    }
}
