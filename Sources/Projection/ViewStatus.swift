public import EventLog
public import GRDB

/// What the view database says of one projector.
public struct ProjectorStatus: Sendable, Encodable {
    /// The projector's name.
    public var name: String
    /// The version the rows were made with; `nil` if there are none.
    public var version: Int?
    /// The version this program has.
    public var wanted_version: Int
    /// The next sequence the projector wants.
    public var cursor: UInt64
    /// Events in the log that the rows do not hold yet.
    public var lag: UInt64
    /// Rows in all its tables.
    public var rows: Int
    /// Anomalies it has listed.
    public var anomalies: Int
    /// SHA-256 over its rows, if asked for.
    public var digest: String?
    /// Whether the rows were made by this version and configuration.
    public var is_current: Bool
}

/// One anomaly as listed.
public struct ListedAnomaly: Sendable, Encodable {
    /// The subject; empty for system events.
    public var subject: String
    /// The projector that reported it; `corrections` for retractions.
    public var projector: String
    /// The event to blame.
    public var sequence: Int64
    /// What is wrong, as a name.
    public var kind: String
    /// What is wrong, for people.
    public var detail: String

    /// An anomaly.
    public init(subject: String, projector: String, sequence: Int64, kind: String, detail: String) {
        self.subject = subject
        self.projector = projector
        self.sequence = sequence
        self.kind = kind
        self.detail = detail
    }
}

/// Questions about the view database as such.
public enum ViewStatus {
    /// A line for each projector of the set.
    public static func projectors(
        _ db: Database, _ set: ProjectorSet, head: UInt64, digest: Bool
    ) throws -> [ProjectorStatus] {
        try set.projectors.map { projector in
            let row = try Row.fetchOne(
                db, sql: "SELECT version, configuration, cursor FROM projections WHERE name = ?",
                arguments: [projector.name])
            let version = row.map { $0["version"] as Int }
            let isCurrent = version == projector.version && row?["configuration"] == projector.configuration
            let cursor = row.map { UInt64(clamping: $0["cursor"] as Int64) } ?? 0
            let hasTables = try projector.tables.allSatisfy { try db.tableExists($0.name) }
            let rows =
                try !hasTables
                ? 0
                : projector.tables.reduce(0) { sum, table in
                    try sum + (Int.fetchOne(db, sql: "SELECT count(*) FROM \(ViewSchema.quoted(table.name))") ?? 0)
                }
            let anomalies = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM anomalies WHERE projector = ?", arguments: [projector.name])
            return ProjectorStatus(
                name: projector.name, version: version, wanted_version: projector.version, cursor: cursor,
                lag: head > cursor ? head - cursor : 0, rows: rows, anomalies: anomalies ?? 0,
                digest: digest && isCurrent ? try ViewDigest.digest(db, of: projector) : nil, is_current: isCurrent)
        }
    }

    /// The projectors whose rows are missing or were made by another version or configuration.
    public static func outdated(_ db: Database, _ set: ProjectorSet) throws -> [String] {
        try set.projectors.filter { projector in
            let row = try Row.fetchOne(
                db, sql: "SELECT version, configuration FROM projections WHERE name = ?", arguments: [projector.name])
            guard let row else { return try !projector.tables.allSatisfy { try db.tableExists($0.name) } }
            return row["version"] != projector.version || row["configuration"] != projector.configuration
        }.map(\.name)
    }

    /// The place that all projectors of the set have reached.
    public static func cursor(_ db: Database, _ set: ProjectorSet) throws -> UInt64 {
        let cursors = try Cursor.fetchAll(db)
        return set.projectors.map { cursors[$0.name]?.next ?? 0 }.min() ?? 0
    }

    /// Checks that the rows of the projectors were made from the history that the log holds.
    ///
    /// - Throws: `ProjectionError` with code `anotherHistory`.
    public static func checkLineage(_ db: Database, _ set: ProjectorSet, reader: LogReader) throws {
        let cursors = try Cursor.fetchAll(db)
        for projector in set.projectors {
            try cursors[projector.name]?.check(against: reader, projector: projector.name)
        }
    }

    /// The anomalies that projectors have listed, and those that show only across subjects, in a fixed order.
    public static func anomalies(_ db: Database, _ set: ProjectorSet, projector: String? = nil) throws
        -> [ListedAnomaly]
    {
        var listed = try Row.fetchAll(
            db,
            sql: """
                SELECT subject, projector, sequence, kind, detail FROM anomalies
                WHERE ?1 IS NULL OR projector = ?1 ORDER BY sequence, projector, subject, ordinal
                """, arguments: [projector]
        ).map { row in
            ListedAnomaly(
                subject: row["subject"], projector: row["projector"], sequence: row["sequence"], kind: row["kind"],
                detail: row["detail"])
        }
        for wanted in set.projectors where projector == nil || wanted.name == projector {
            for check in wanted.crossChecks {
                for row in try Row.fetchAll(db, sql: check.select) {
                    listed.append(
                        ListedAnomaly(
                            subject: row[0] ?? "", projector: wanted.name, sequence: row[1] ?? 0, kind: check.kind,
                            detail: row[2] ?? ""))
                }
            }
        }
        return listed
    }
}
