import Foundation
import GRDB
import SystemPackage
import Testing

@testable import Projection

/// A file of views of a test's own, with one table.
private final class Pages {
    let directory: FilePath
    let file: ViewFile

    init() throws {
        directory = FilePath(FileManager.default.temporaryDirectory.path).appending("pages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        file = ViewFile(directory.appending("a file of views?#1.db"))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory.string)
    }

    func create() throws -> DatabaseQueue {
        let database = try file.create()
        try database.write { try $0.execute(sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)") }
        return database
    }

    /// The files as a kill would leave them now.
    func copy() throws -> ViewFile {
        let copy = ViewFile(directory.appending("copy-\(UUID().uuidString).db"))
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file.path.string + suffix, toPath: copy.path.string + suffix)
        }
        return copy
    }

    static func insert(_ database: DatabaseQueue, _ range: Range<Int>, text: String = "x") throws {
        try database.write { db in
            for id in range {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO t VALUES (?, ?)",
                    arguments: [id, String(repeating: text, count: 200 + id % 700)])
            }
        }
    }

    static func sum(_ database: DatabaseQueue) throws -> [Int] {
        try database.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT count(*), total(length(text)), max(text) > 'y' FROM t")
            return row.map { [$0[0], $0[1], $0[2]] } ?? []
        }
    }

    /// The same question through the layer and without it; both find the structure sound.
    static func sums(_ file: ViewFile) throws -> [[Int]] {
        try [file.openReader(), DatabaseQueue(path: file.path.string)].map { database in
            #expect(try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
            return try sum(database)
        }
    }
}

private func flip(_ path: String, byte: Int) throws {
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(byte))
    let old = try #require(try handle.read(upToCount: 1)).first ?? 0
    try handle.seek(toOffset: UInt64(byte))
    try handle.write(contentsOf: Data([old ^ 4]))
}

@Suite struct PageChecksumTests {
    @Test func anySQLiteReadsTheFile() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<500)
        let sum = try Pages.sum(database)
        try database.close()
        #expect(try pages.file.check() == nil)
        #expect(try Pages.sums(pages.file) == [sum, sum])
    }

    @Test func whatAKillLeavesAnySQLiteRecovers() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        try Pages.insert(database, 200..<350, text: "z")
        let left = try pages.copy()
        #expect(try left.check() == nil)
        let sum = try Pages.sum(database)
        #expect(try Pages.sums(left) == [sum, sum])
    }

    @Test func twoWritersInTurnMakeOneLog() throws {
        let pages = try Pages()
        let first = try pages.create()
        let second = try pages.file.openWriter()
        for turn in 0..<6 { try Pages.insert(turn % 2 == 0 ? first : second, turn * 40..<turn * 40 + 60) }
        let sum = try Pages.sum(first)
        #expect(try Pages.sums(pages.copy()) == [sum, sum])
    }

    @Test("A transaction larger than the cache writes frames again", arguments: [true, false])
    func framesWrittenAgain(_ isRolledBack: Bool) throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<400)
        let before = try Pages.sum(database)
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA cache_size = 5")
            try db.inTransaction {
                for round in 0..<3 {
                    for id in stride(from: round, to: 400, by: 2) {
                        try db.execute(
                            sql: "UPDATE t SET text = ? WHERE id = ?", arguments: ["z\(round)" + String(id), id])
                    }
                    try db.inSavepoint {
                        try db.execute(sql: "DELETE FROM t WHERE id % 3 = ?", arguments: [round])
                        return round == 1 ? .commit : .rollback
                    }
                }
                return isRolledBack ? .rollback : .commit
            }
        }
        #expect(try (Pages.sum(database) == before) == isRolledBack)
        try Pages.insert(database, 1000..<1100)
        let sum = try Pages.sum(database)
        let left = try pages.copy()
        #expect(try left.check() == nil)
        #expect(try Pages.sums(left) == [sum, sum])
        try database.close()
        #expect(try pages.file.check() == nil)
        #expect(try Pages.sums(pages.file) == [sum, sum])
    }

    @Test func aCheckpointByAnotherProgramKeepsTheChecksums() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        let sum = try Pages.sum(database)
        let left = try pages.copy()
        let other = try DatabaseQueue(path: left.path.string)
        try other.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try other.close()
        #expect(try FileManager.default.attributesOfItem(atPath: left.path.string)[.size] as? Int ?? 0 > 100_000)
        #expect(try left.check() == nil)
        #expect(try Pages.sum(left.openReader()) == sum)
    }

    @Test func aWriteByAnotherProgramIsFound() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        try database.close()
        let other = try DatabaseQueue(path: pages.file.path.string)
        try Pages.insert(other, 100..<110, text: "y")
        try other.close()
        #expect(try pages.file.check() != nil)
        #expect(throws: ProjectionError.self) {
            try pages.file.explaining { try Pages.sum(pages.file.openReader()) }
        }
    }

    @Test("Rot in the write-ahead log of a live process", arguments: [24, 4_000, 4_100])
    func rotInALiveLog(_ place: Int) throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        let path = pages.file.path.string + "-wal"
        let frames = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0) / 4120
        try #require(frames > 20)
        for frame in 0..<frames { try flip(path, byte: 32 + frame * 4120 + 24 + place - 24) }
        let error = #expect(throws: ProjectionError.self) {
            try pages.file.explaining { try Pages.sum(pages.file.openReader()) }
        }
        #expect(error?.code == .damaged)
    }

    @Test func aMappedFileIsCheckedToo() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        try database.close()
        try flip(pages.file.path.string, byte: 20 * 4096 + 1234)
        let reader = try pages.file.openReader()
        let error = #expect(throws: DatabaseError.self) {
            try reader.read { db in
                try db.execute(sql: "PRAGMA mmap_size = 268435456")
                return try Int.fetchOne(db, sql: "SELECT sum(length(text)) FROM t")
            }
        }
        #expect(error?.isDamage == true)
        let fault = try #require(try pages.file.check())
        #expect(fault.page == 21)
        #expect(fault.offset == Int64(81_920))
    }

    @Test func aPageInAnotherPlaceIsFound() throws {
        let pages = try Pages()
        let database = try pages.create()
        try Pages.insert(database, 0..<300)
        try database.close()
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: pages.file.path.string)))
        bytes.replaceSubrange(10 * 4096..<11 * 4096, with: bytes[11 * 4096..<12 * 4096])
        try Data(bytes).write(to: URL(filePath: pages.file.path.string))
        #expect(try pages.file.check()?.page == 11)
    }
}
