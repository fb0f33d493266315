import EventLog
public import GRDB

/// The tables of a view database: the engine's own two and those the projectors declare.
enum ViewSchema {
    /// The name under which the engine lists anomalies of its own.
    static let correctionsName = "corrections"

    static let projections = """
        CREATE TABLE IF NOT EXISTS projections (
            name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, configuration TEXT NOT NULL,
            cursor INTEGER NOT NULL, lineage TEXT NOT NULL, log TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    static let anomalies = """
        CREATE TABLE IF NOT EXISTS anomalies (
            subject TEXT NOT NULL, projector TEXT NOT NULL, sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL,
            kind TEXT NOT NULL, detail TEXT NOT NULL,
            PRIMARY KEY (subject, projector, sequence, ordinal)
        ) STRICT, WITHOUT ROWID
        """

    /// Makes the engine's tables and those of the projectors, without their indexes and views.
    static func createTables(_ db: Database, _ set: ProjectorSet) throws {
        try db.execute(sql: projections)
        try db.execute(sql: anomalies)
        for table in set.projectors.flatMap(\.tables) { try db.execute(sql: createTable(table)) }
    }

    /// Makes the projectors' secondary indexes and SQL views; costs least when the rows are in.
    static func createIndexesAndViews(_ db: Database, _ set: ProjectorSet) throws {
        for table in set.projectors.flatMap(\.tables) {
            for columns in table.indexes {
                let name = quoted("\(table.name)_by_\(columns.joined(separator: "_"))")
                let list = columns.map(quoted).joined(separator: ", ")
                try db.execute(sql: "CREATE INDEX IF NOT EXISTS \(name) ON \(quoted(table.name)) (\(list))")
            }
        }
        for view in set.projectors.flatMap(\.views) {
            try db.execute(sql: "DROP VIEW IF EXISTS \(quoted(view.name))")
            try db.execute(sql: "CREATE VIEW \(quoted(view.name)) AS \(view.select)")
        }
    }

    static func createTable(_ table: TableDefinition) -> String {
        let columns = table.columns.map { column in
            "\(quoted(column.name)) \(column.kind.rawValue)"
                + (table.primaryKey.contains(column.name) ? " NOT NULL" : "")
        }
        let key = table.primaryKey.map(quoted).joined(separator: ", ")
        return "CREATE TABLE IF NOT EXISTS \(quoted(table.name)) (\(columns.joined(separator: ", ")), "
            + "PRIMARY KEY (\(key))) STRICT, WITHOUT ROWID"
    }

    static func insert(_ table: TableDefinition) -> String {
        let marks = Array(repeating: "?", count: table.columns.count).joined(separator: ", ")
        return "INSERT OR REPLACE INTO \(quoted(table.name)) VALUES (\(marks))"
    }

    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}

extension SQLValue: DatabaseValueConvertible {
    /// The value as GRDB binds it.
    public var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .instant(let value): value.rfc3339.databaseValue
        }
    }

    /// The value as SQLite holds it; blobs are no values of a view.
    public static func fromDatabaseValue(_ value: DatabaseValue) -> SQLValue? {
        switch value.storage {
        case .null: .null
        case .int64(let integer): .integer(integer)
        case .double(let real): .real(real)
        case .string(let text): .text(text)
        case .blob: nil
        }
    }
}
