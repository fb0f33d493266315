import Foundation
import GRDB
import SystemPackage

/// The limit of writing views: SQLite alone filling equal tables with the same rows.
enum BareTables {
    /// What was written.
    struct Sum {
        var seconds: Double
        var rows: Int
        var tables: Int
    }

    /// Copies every table of the views into a new file in `folder`, then makes the indexes, then syncs, and removes it.
    static func fill(from views: FilePath, in folder: FilePath) throws -> Sum {
        let path = folder.appending("bare.db").string
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // Nobody needs the file before it is whole.
            try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        return try queue.inDatabase { db in
            try db.execute(sql: "ATTACH ? AS views", arguments: [views.string])
            let objects = try Row.fetchAll(
                db, sql: "SELECT type, name, sql FROM views.sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
            let statements = { (type: String) in
                objects.filter { $0["type"] == type }.map { (name: $0["name"] as String, sql: $0["sql"] as String) }
            }
            let tables = statements("table").filter { !$0.name.hasPrefix("sqlite_") }
            var rows = 0
            let taken = try seconds {
                try db.inTransaction {
                    for table in tables {
                        try db.execute(sql: table.sql)
                        let name = table.name.quotedDatabaseIdentifier
                        // With a condition SQLite inserts row by row; without one it would copy whole records.
                        try db.execute(sql: "INSERT INTO main.\(name) SELECT * FROM views.\(name) WHERE true")
                        rows += db.changesCount
                    }
                    for index in statements("index") { try db.execute(sql: index.sql) }
                    return .commit
                }
                try sync(path)
            }
            return Sum(seconds: taken, rows: rows, tables: tables.count)
        }
    }

    private static func sync(_ path: String) throws {
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
}
