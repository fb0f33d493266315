import Crypto
public import GRDB

/// SHA-256 over the rows of a projector: equal for the same events, however they were projected.
public enum ViewDigest {
    /// The digest of one projector's tables and anomalies, rows by primary key; the cursor stays out.
    public static func digest(_ db: Database, of projector: any Projector) throws -> String {
        var hash = SHA256()
        for table in projector.tables {
            hash.update(data: Array("table \(table.name)\n".utf8))
            let key = table.primaryKey.map(ViewSchema.quoted).joined(separator: ", ")
            let columns = table.columns.map { ViewSchema.quoted($0.name) }.joined(separator: ", ")
            let sql = "SELECT \(columns) FROM \(ViewSchema.quoted(table.name)) ORDER BY \(key)"
            try update(&hash, rows: Row.fetchCursor(db, sql: sql))
        }
        try update(&hash, anomaliesOf: projector.name, db)
        return hex(Array(hash.finalize()))
    }

    /// One digest over all projectors of a set and the engine's own anomalies.
    public static func digest(_ db: Database, of set: ProjectorSet) throws -> String {
        var hash = SHA256()
        for projector in set.projectors { hash.update(data: Array(try digest(db, of: projector).utf8)) }
        try update(&hash, anomaliesOf: ViewSchema.correctionsName, db)
        return hex(Array(hash.finalize()))
    }

    private static func update(_ hash: inout SHA256, anomaliesOf name: String, _ db: Database) throws {
        let sql = """
            SELECT subject, sequence, ordinal, kind, detail FROM anomalies WHERE projector = ?
            ORDER BY subject, sequence, ordinal
            """
        hash.update(data: Array("anomalies\n".utf8))
        try update(&hash, rows: Row.fetchCursor(db, sql: sql, arguments: [name]))
    }

    /// Every value with its kind and length, so that no two different rows hash alike.
    private static func update(_ hash: inout SHA256, rows: RowCursor) throws {
        var bytes: [UInt8] = []
        while let row = try rows.next() {
            bytes.removeAll(keepingCapacity: true)
            for (_, value) in row {
                switch value.storage {
                case .null: bytes.append(UInt8(ascii: "n"))
                case .int64(let integer): append(&bytes, "i", Array(String(integer).utf8))
                case .double(let real): append(&bytes, "r", Array(String(real.bitPattern).utf8))
                case .string(let text): append(&bytes, "t", Array(text.utf8))
                case .blob(let data): append(&bytes, "b", Array(data))
                }
            }
            bytes.append(UInt8(ascii: "\n"))
            hash.update(data: bytes)
        }
    }

    private static func append(_ bytes: inout [UInt8], _ kind: Unicode.Scalar, _ value: [UInt8]) {
        bytes.append(UInt8(ascii: kind))
        bytes.append(contentsOf: Array(String(value.count).utf8))
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: value)
    }
}
