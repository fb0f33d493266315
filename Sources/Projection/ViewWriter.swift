import GRDB

/// Replaces the rows of subjects in a view database, inside the caller's transaction.
struct ViewWriter {
    private struct TableStatements {
        let delete: Statement
        let insert: Statement
    }

    private let db: Database
    private let projectors: [(name: String, tables: [TableStatements], isPerSubject: [Bool])]
    private let deleteAnomalies: Statement
    private let insertAnomaly: Statement

    init(_ db: Database, _ set: ProjectorSet) throws {
        self.db = db
        projectors = try set.projectors.map { projector in
            let statements = try projector.tables.map { table in
                let name = ViewSchema.quoted(table.name)
                let delete = "DELETE FROM \(name)" + (table.isPerSubject ? " WHERE subject = ?" : "")
                return TableStatements(
                    delete: try db.cachedStatement(sql: delete),
                    insert: try db.cachedStatement(sql: ViewSchema.insert(table)))
            }
            return (projector.name, statements, projector.tables.map(\.isPerSubject))
        }
        deleteAnomalies = try db.cachedStatement(sql: "DELETE FROM anomalies WHERE subject = ? AND projector = ?")
        insertAnomaly = try db.cachedStatement(sql: "INSERT INTO anomalies VALUES (?, ?, ?, ?, ?, ?)")
    }

    /// Puts `rows` in the place of what projector number `index` held of the subject.
    ///
    /// - Parameter isFresh: the tables hold nothing of this subject yet, so nothing need be deleted.
    func replace(subject: String?, projector index: Int, with rows: ProjectedRows, isFresh: Bool) throws {
        let (name, tables, isPerSubject) = projectors[index]
        for (number, table) in tables.enumerated() where isPerSubject[number] == (subject != nil) {
            if !isFresh {
                let arguments: StatementArguments = subject.map { [$0] } ?? []
                try table.delete.execute(arguments: arguments)
            }
            for row in rows.rows[number] {
                table.insert.setUncheckedArguments(StatementArguments(row.map(\.databaseValue)))
                try table.insert.execute()
            }
        }
        try replaceAnomalies(subject: subject, projector: name, with: rows.anomalies, isFresh: isFresh)
    }

    /// Puts `anomalies` in the place of those listed for the subject under this name.
    func replaceAnomalies(subject: String?, projector: String, with anomalies: [Anomaly], isFresh: Bool) throws {
        if !isFresh { try deleteAnomalies.execute(arguments: [subject ?? "", projector]) }
        for (ordinal, anomaly) in anomalies.enumerated() {
            try insertAnomaly.execute(arguments: [
                subject ?? "", projector, Int64(clamping: anomaly.sequence), ordinal, anomaly.kind, anomaly.detail,
            ])
        }
    }
}
