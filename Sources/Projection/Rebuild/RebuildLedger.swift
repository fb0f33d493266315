import EventLog
import GRDB

/// The tables in a half-built file that say what it is and which partitions are in it.
///
/// A partition's rows and its mark are committed together, so a rebuild that is started again redoes only what has no
/// mark. They are committed in their order, so those that are done are the first ones. The tables go in the step before
/// the switch.
struct RebuildLedger {
    /// What the half-built file was started for; another plan starts anew.
    struct Header: Equatable {
        var target: UInt64
        var partitions: Int
        /// Names, versions and configurations of all projectors, and which are rebuilt.
        var fingerprint: String
        var log: String
        /// SHA-256 of the line before the target.
        var lineage: String
    }

    static func create(_ db: Database, _ header: Header, _ bounds: PartitionBounds) throws {
        try db.execute(
            sql: """
                CREATE TABLE rebuild_header (
                    target INTEGER NOT NULL, partitions INTEGER NOT NULL, fingerprint TEXT NOT NULL,
                    log TEXT NOT NULL, lineage TEXT NOT NULL
                ) STRICT;
                CREATE TABLE rebuild_bounds (partition INTEGER PRIMARY KEY NOT NULL, first TEXT NOT NULL) STRICT;
                CREATE TABLE rebuild_done (partition INTEGER PRIMARY KEY NOT NULL, events INTEGER NOT NULL) STRICT;
                """)
        try db.execute(
            sql: "INSERT INTO rebuild_header VALUES (?, ?, ?, ?, ?)",
            arguments: [
                Int64(clamping: header.target), header.partitions, header.fingerprint, header.log, header.lineage,
            ])
        for (index, start) in bounds.starts.enumerated() {
            try db.execute(sql: "INSERT INTO rebuild_bounds VALUES (?, ?)", arguments: [index + 1, start.text])
        }
    }

    /// Where the partitions begin.
    static func bounds(_ db: Database) throws -> PartitionBounds {
        let starts = try String.fetchAll(db, sql: "SELECT first FROM rebuild_bounds ORDER BY partition")
        return PartitionBounds(starts: starts.map(ByteText.init))
    }

    static func header(_ db: Database) throws -> Header? {
        let tables = ["rebuild_header", "rebuild_bounds", "rebuild_done"]
        guard try tables.allSatisfy({ try db.tableExists($0) }),
            let row = try Row.fetchOne(db, sql: "SELECT * FROM rebuild_header")
        else { return nil }
        return Header(
            target: UInt64(clamping: row["target"] as Int64), partitions: row["partitions"],
            fingerprint: row["fingerprint"], log: row["log"], lineage: row["lineage"])
    }

    /// Events per finished partition.
    ///
    /// Partition −1 holds the system events.
    static func done(_ db: Database) throws -> [Int: UInt64] {
        let rows = try Row.fetchAll(db, sql: "SELECT partition, events FROM rebuild_done")
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0["partition"] as Int, UInt64(clamping: $0["events"] as Int64)) })
    }

    static func mark(_ db: Database, partition: Int, events: Int) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO rebuild_done VALUES (?, ?)", arguments: [partition, events])
    }

    static func drop(_ db: Database) throws {
        try db.execute(
            sql: """
                DROP TABLE IF EXISTS rebuild_header;
                DROP TABLE IF EXISTS rebuild_bounds;
                DROP TABLE IF EXISTS rebuild_done
                """)
    }
}
