import EventLog
import GRDB

/// Where a projector stands: the next sequence it wants, and proof of which history led there.
struct Cursor: Equatable {
    /// The next sequence.
    var next: UInt64
    /// SHA-256 of the line before it.
    var lineage: [UInt8]
    /// The log it belongs to.
    var log: LogIdentity

    /// All cursors of a database, by projector.
    static func fetchAll(_ db: Database) throws -> [String: Cursor] {
        guard try db.tableExists("projections") else { return [:] }
        let rows = try Row.fetchAll(db, sql: "SELECT name, cursor, lineage, log FROM projections")
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (
                    row["name"] as String,
                    Cursor(
                        next: UInt64(clamping: row["cursor"] as Int64), lineage: bytes(hex: row["lineage"]),
                        log: LogIdentity(bytes: bytes(hex: row["log"])))
                )
            })
    }

    /// Writes the projector's line in `projections`.
    func store(_ db: Database, projector: any Projector) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO projections VALUES (?, ?, ?, ?, ?, ?)").execute(
            arguments: [
                projector.name, projector.version, projector.configuration, Int64(clamping: next),
                hex(lineage), hex(log.bytes),
            ])
    }

    /// Checks that the log still holds the history this cursor was taken in.
    ///
    /// - Throws: `ProjectionError` with code `anotherHistory`.
    func check(against reader: LogReader, projector: String) throws {
        let mend = "run `touchline rebuild` to make the views anew from this log"
        guard log == reader.identity else {
            throw ProjectionError(.anotherHistory, "the views of \(projector) belong to another log; \(mend)")
        }
        guard next <= reader.head else {
            throw ProjectionError(
                .anotherHistory, "the views of \(projector) are at \(next), past the log's end \(reader.head); \(mend)")
        }
        // The line before is in a gap that was accepted: nobody can compare it any more.
        if next > reader.firstSequence, try reader.acceptedGap(holding: next - 1) != nil { return }
        guard next >= reader.firstSequence, try reader.lineHash(before: next) == lineage else {
            throw ProjectionError(
                .anotherHistory, "the views of \(projector) were made from another history of this log; \(mend)")
        }
    }
}

extension LogReader {
    /// Views made from nothing need the log from its start.
    ///
    /// - Throws: `ProjectionError` with code `archived`.
    func checkStart() throws {
        guard firstSequence == 0 else {
            throw ProjectionError(
                .archived,
                "the log starts at sequence \(firstSequence); this needs what was before, "
                    + "so bring the archived segments back into its folder")
        }
    }
}

/// Lower-case hexadecimal text.
func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The bytes of hexadecimal text; what is no digit reads as zero, so foreign text merely compares unequal.
func bytes(hex text: String) -> [UInt8] {
    let nibbles = text.utf8.map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
    return stride(from: 0, to: nibbles.count - 1, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
}
