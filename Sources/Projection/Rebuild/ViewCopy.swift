import GRDB
import SystemPackage

/// Copies the tables of projectors that are not rebuilt out of the views in use, with their cursors, as of one moment.
struct ViewCopy {
    private let projectors: ProjectorSet
    private let source: ViewFile

    /// - Parameter live: the views in use.
    /// - Throws: `ProjectionError` if there are none, or none that can be copied from.
    init(projectors: ProjectorSet, from live: FilePath?) throws {
        guard let live else {
            throw ProjectionError(
                .outdated, "there are no views to copy the other projectors from; rebuild all of them")
        }
        self.projectors = projectors
        source = ViewFile(live)
        try source.checkFirstPage()
    }

    /// Copies.
    ///
    /// - Throws: `ProjectionError` with code `damaged` if what is to be copied is.
    func run(into database: DatabaseQueue) throws {
        do {
            try database.writeWithoutTransaction { db in
                // Through the layer that checks pages, so that no damage is copied.
                try db.execute(sql: "ATTACH DATABASE ? AS live", arguments: [source.uri(readonly: true)])
                defer { try? db.execute(sql: "DETACH DATABASE live") }
                try db.inTransaction {
                    for projector in projectors.projectors { try copy(projector, db) }
                    return .commit
                }
            }
        } catch let error as DatabaseError where error.isDamage {
            guard let fault = try source.findFault() else { throw error }
            throw ProjectionError(
                .damaged,
                "\(fault); the other projectors' rows cannot be copied from it: run `touchline rebuild` without a name")
        }
    }

    private func copy(_ projector: any Projector, _ db: Database) throws {
        let isCurrent = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM live.projections WHERE name = ? AND version = ? AND configuration = ?",
            arguments: [projector.name, projector.version, projector.configuration])
        guard isCurrent == 1 else {
            throw ProjectionError(
                .outdated, "the rows of \(projector.name) are of another version; rebuild it as well")
        }
        for table in projector.tables.map({ ViewSchema.quoted($0.name) }) {
            try db.execute(sql: "DELETE FROM main.\(table); INSERT INTO main.\(table) SELECT * FROM live.\(table)")
        }
        for table in ["projections WHERE name", "anomalies WHERE projector"] {
            let name = table.prefix { $0 != " " }
            try db.execute(
                sql: "INSERT OR REPLACE INTO main.\(name) SELECT * FROM live.\(table) = ?",
                arguments: [projector.name])
        }
    }
}
