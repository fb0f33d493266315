import CViewRows
import EventLog
import GRDB
import Testing

@testable import Projection

/// Rows on their way into SQLite as bytes.
@Suite struct RowBytesTests {
    private static let rows: [[SQLValue]] = [
        [.text(""), .null, .integer(.min), .real(-0.0)],
        [.text("a\u{0}b"), .text("中文 \u{1F600}"), .integer(.max), .real(.infinity)],
        [.text("a"), .text(String(repeating: "x", count: 100_000)), .null, .real(.leastNonzeroMagnitude)],
    ]

    private func encoded(_ rows: [[SQLValue]]) -> RowBytes {
        var bytes = RowBytes()
        for row in rows { bytes.append(row) }
        return bytes
    }

    private func run(_ bytes: ArraySlice<UInt8>, on statement: Statement) -> CInt {
        bytes.withUnsafeBufferPointer {
            view_rows_run(UnsafeMutableRawPointer(statement.sqliteStatement), $0.baseAddress, $0.count)
        }
    }

    @Test func bytesGiveTheRowsBack() {
        #expect(encoded(Self.rows).rows == Self.rows)
        #expect(encoded([]).rows.isEmpty)
        #expect(encoded([[]]).rows == [[]])
    }

    @Test func instantsAreTheirText() throws {
        let instants = [
            .earliest, .latest, Instant(microseconds: -1), Instant(microseconds: 0),
            Instant(microseconds: 1_772_353_801_482_113), Instant(microseconds: .min), Instant(microseconds: .max),
        ]
        let texts = [
            "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00.000000Z", "2026-03-01T08:30:01.482113Z", "0001-01-01T00:00:00.000000Z",
            "9999-12-31T23:59:59.999999Z",
        ]
        #expect(encoded([instants.map { .instant($0) }]).rows == [texts.map { .text($0) }])
        #expect(instants.map(\.rfc3339) == texts)
    }

    @Test func rowsOfFixedLengthAreTheSame() {
        var rows = RowCollector(tableCount: 2)
        rows.insert([.text("中"), .null, .integer(-1)], table: 1)
        rows.insert(row: [.text("a"), .real(2)].span, table: 0)
        #expect(rows.rows == [[[.text("a"), .real(2)]], [[.text("中"), .null, .integer(-1)]]])
        rows.removeAll()
        #expect(rows.rows == [[], []])
    }

    @Test func sqliteHoldsWhatTheRowsSay() throws {
        let database = try DatabaseQueue()
        try database.write { db in
            try db.execute(sql: "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT, c INTEGER, d REAL) STRICT, WITHOUT ROWID")
            let statement = try db.makeStatement(sql: "INSERT INTO t VALUES (?, ?, ?, ?)")
            #expect(run(encoded(Self.rows).bytes, on: statement) == 0)
            // Lengths, since SQLite ends the text it hands out at the zero.
            let found = try Row.fetchAll(db, sql: "SELECT hex(a), length(CAST(b AS BLOB)), c, d FROM t ORDER BY a")
            #expect(found.map { $0[0] as String } == ["", "61", "610062"])
            #expect(found.map { $0[1] as Int? } == [nil, 100_000, 11])
            #expect(found.map { $0[2] as Int64? } == [.min, nil, .max])
            #expect(found.map { $0[3] as Double } == [0, .leastNonzeroMagnitude, .infinity])
            // A second time the first key is there already.
            #expect(run(encoded(Self.rows).bytes, on: statement) != 0)
        }
    }

    @Test func bytesThatAreNoRowsAreRefused() throws {
        let database = try DatabaseQueue()
        try database.write { db in
            try db.execute(sql: "CREATE TABLE t (a, b, c, d)")
            let statement = try db.makeStatement(sql: "INSERT INTO t VALUES (?, ?, ?, ?)")
            let row = encoded([[.text("text"), .integer(1), .real(2), .null]]).bytes
            for count in 1..<row.count { #expect(run(row.prefix(count), on: statement) != 0, "\(count)") }
            var kind = row
            kind[kind.startIndex + 2] = 9
            #expect(run(kind, on: statement) != 0)
            #expect(run(encoded([[.null]]).bytes, on: statement) != 0)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 0)
            #expect(run(row, on: statement) == 0)
        }
    }
}
