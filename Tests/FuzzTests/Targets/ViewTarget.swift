import Foundation
import GRDB
import SystemPackage

@testable import Projection

extension FuzzTarget {
    /// A file of views with its write-ahead log, some bytes of them changed: what is read is a state that was
    /// committed, or an error.
    package static let view = FuzzTarget(
        name: "view", bytesMax: 256,
        check: { bytes in
            let folder = try FuzzFolder()
            let path = FilePath(folder.path("views.db"))
            var input = FuzzInput(bytes)
            let keepsLog = input.byte() & 1 == 0
            var (database, log) = (ViewSample.made.database, ViewSample.made.log)
            while !input.rest.isEmpty { change(&database, &log, &input) }
            try Data(database).write(to: URL(filePath: path.string))
            if keepsLog { try Data(log).write(to: URL(filePath: path.string + "-wal")) }
            try check(ViewFile(path))
        },
        seeds: { _ in
            // Nothing; one byte of a page; the log's header; a page number in a frame; the file cut; the log cut.
            [
                [0], [1], [0, 0, 100, 20, 0, 1, 0xFF], [0, 1, 16, 0, 0, 4, 1, 2, 3, 4], [0, 1, 35, 0, 0, 1, 9],
                [0, 2, 0, 32, 0], [0, 3, 0, 48, 0],
            ]
        })

    /// One change: bytes of the file (0) or its log (1) replaced, or the file (2) or its log (3) cut.
    private static func change(_ database: inout [UInt8], _ log: inout [UInt8], _ input: inout FuzzInput) {
        let kind = input.byte() % 4
        let place = Int(input.number(UInt16.self)) | Int(input.byte()) << 16
        switch kind {
        case 0, 1:
            let length = Int(input.byte() % 32)
            let new = input.bytes(length)
            if kind == 0 { replace(&database, place, new) } else { replace(&log, place, new) }
        case 2: database.removeSubrange(min(place, database.count)...)
        default: log.removeSubrange(min(place, log.count)...)
        }
    }

    private static func replace(_ bytes: inout [UInt8], _ place: Int, _ new: [UInt8]) {
        guard !bytes.isEmpty else { return }
        for (index, byte) in new.enumerated() { bytes[(place + index) % bytes.count] = byte }
    }

    private static func check(_ file: ViewFile) throws {
        let rows: [String]
        do {
            _ = try file.check()
            let database = try file.openReader()
            rows = try file.explaining { try database.read { try String.fetchAll($0, sql: ViewSample.query) } }
        } catch is ProjectionError {
            return
        } catch is DatabaseError {
            return
        }
        try require(ViewSample.made.states.contains(rows), "what is read was committed")
    }
}

/// A file of views and its write-ahead log, as they are while a writer is at work.
private struct ViewSample {
    var database: [UInt8]
    var log: [UInt8]
    /// What a query has found after each transaction.
    var states: [[String]]

    static let query = "SELECT text FROM rows ORDER BY number"

    /// Made once.
    static let made: ViewSample = {
        do { return try make() } catch { preconditionFailure("a file of views can be made: \(error)") }
    }()

    private static func make() throws -> ViewSample {
        let folder = try FuzzFolder()
        let path = folder.path("views.db")
        let database = try ViewFile(FilePath(path)).create()
        var states: [[String]] = []
        try database.write { try $0.execute(sql: "CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT NOT NULL)") }
        for transaction in 0..<6 {
            try database.write { db in
                for number in 0..<8 {
                    let text = String(repeating: "\(transaction).\(number) ", count: 40)
                    try db.execute(
                        sql: "INSERT INTO rows VALUES (?, ?)", arguments: [transaction * 8 + number, text])
                }
            }
            states.append(try database.read { try String.fetchAll($0, sql: query) })
            if transaction == 2 { try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } }
        }
        return ViewSample(
            database: Array(try Data(contentsOf: URL(filePath: path))),
            log: Array(try Data(contentsOf: URL(filePath: path + "-wal"))), states: states)
    }
}
