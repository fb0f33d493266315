import CViewRows
import GRDB

/// Replaces the rows of subjects in a view database, inside the caller's transaction.
struct ViewWriter {
    private struct TableStatements {
        let isPerSubject: Bool
        let delete: Statement
        let insert: Statement
    }

    private let db: Database
    private let projectors: [(name: String, tables: [TableStatements])]
    private let deleteAnomalies: Statement
    private let insertAnomaly: Statement

    init(_ db: Database, _ set: ProjectorSet) throws {
        self.db = db
        projectors = try set.projectors.map { projector in
            let statements = try projector.tables.map { table in
                let delete = "DELETE FROM \(ViewSchema.quoted(table.name))"
                return TableStatements(
                    isPerSubject: table.isPerSubject,
                    delete: try db.cachedStatement(sql: delete + (table.isPerSubject ? " WHERE subject = ?" : "")),
                    insert: try db.cachedStatement(sql: ViewSchema.insert(table)))
            }
            return (projector.name, statements)
        }
        deleteAnomalies = try db.cachedStatement(sql: "DELETE FROM anomalies WHERE subject = ? AND projector = ?")
        insertAnomaly = try db.cachedStatement(sql: "INSERT INTO anomalies VALUES (?, ?, ?, ?, ?, ?)")
    }

    /// Adds the rows of subjects of which the tables hold nothing yet.
    func insert(_ rows: SubjectRows) throws {
        for (projector, collected) in zip(projectors, rows.projectors) {
            for (table, rows) in zip(projector.tables, collected.tables) where table.isPerSubject {
                try run(table.insert, rows)
            }
        }
        try run(insertAnomaly, rows.anomalies)
    }

    /// Puts the rows of the system events in the place of what was there.
    func replaceSystem(_ rows: SubjectRows) throws {
        for (projector, collected) in zip(projectors, rows.projectors) {
            for (table, rows) in zip(projector.tables, collected.tables) where !table.isPerSubject {
                try run(table.delete, [])
                try run(table.insert, rows)
            }
        }
        for name in projectors.map(\.name) + [ViewSchema.correctionsName] {
            try run(deleteAnomalies, [.text(""), .text(name)])
        }
        try run(insertAnomaly, rows.anomalies)
    }

    /// Puts all that was folded of a subject in the place of what was there.
    func replace(_ folded: FoldedSubject, isFresh: Bool) throws {
        for (index, rows) in folded.projectors.enumerated() {
            try replace(subject: folded.subject, projector: index, with: rows, isFresh: isFresh)
        }
        try replaceAnomalies(
            subject: folded.subject, projector: ViewSchema.correctionsName, with: folded.corrections, isFresh: isFresh)
    }

    /// Puts `rows` in the place of what projector number `index` held of the subject.
    ///
    /// - Parameter isFresh: the tables hold nothing of this subject yet, so nothing need be deleted.
    func replace(subject: String?, projector index: Int, with rows: ProjectedRows, isFresh: Bool) throws {
        let (name, tables) = projectors[index]
        for (table, rows) in zip(tables, rows.collected.tables) where table.isPerSubject == (subject != nil) {
            if !isFresh { try run(table.delete, subject.map { [.text($0)] } ?? []) }
            try run(table.insert, rows)
        }
        try replaceAnomalies(subject: subject, projector: name, with: rows.anomalies, isFresh: isFresh)
    }

    /// Puts `anomalies` in the place of those listed for the subject under this name.
    func replaceAnomalies(subject: String?, projector: String, with anomalies: [Anomaly], isFresh: Bool) throws {
        if !isFresh { try run(deleteAnomalies, [.text(subject ?? ""), .text(projector)]) }
        guard !anomalies.isEmpty else { return }
        var rows = RowBytes()
        rows.append(anomalies, of: subject, projector: projector)
        try run(insertAnomaly, rows)
    }

    private func run(_ statement: Statement, _ arguments: [SQLValue]) throws {
        var row = RowBytes()
        row.append(arguments)
        try run(statement, row)
    }

    /// Runs a statement with every row.
    private func run(_ statement: Statement, _ rows: RowBytes) throws {
        guard rows.count > 0 else { return }
        let code = rows.bytes.withUnsafeBufferPointer {
            // The statement is SQLite's own, and nobody else runs it meanwhile: a connection is one thread's at a time.
            view_rows_run(UnsafeMutableRawPointer(statement.sqliteStatement), $0.baseAddress, $0.count)
        }
        guard code == 0 else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: statement.sql)
        }
    }
}
