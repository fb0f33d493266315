import EventLog
import Foundation
import GRDB
import SystemPackage
import Testing

@testable import Projection

/// What a file of views may be found like, each with the answer to it.
@Suite struct ViewFaultTests {
    private func filled(_ count: Int = 400) async throws -> Fixture {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 21, count: count))
        try fixture.catchUp()
        return fixture
    }

    private func fileInUse(_ fixture: Fixture) throws -> String { try #require(try fixture.store.current()).string }

    @Test("A view file is deleted", arguments: [["views-1.db"], ["views.db"], ["views.db", "views-1.db"]])
    func deleted(_ names: [String]) async throws {
        let fixture = try await filled()
        let before = try fixture.digest()
        for name in names { try FileManager.default.removeItem(atPath: fixture.path.appending(name).string) }
        #expect(try fixture.store.current() == nil)
        #expect(try fixture.store.openReader() == nil)
        #expect(try fixture.store.check() == nil)
        try fixture.catchUp()
        #expect(try fixture.digest() == before)
    }

    @Test("A view file is truncated", arguments: [0, 1, 16, 99, 100, 2_000, 4_095, 4_096, 4_097, 10_000, 12_288, -1])
    func truncated(_ length: Int) async throws {
        let fixture = try await filled()
        let before = try fixture.digest()
        let path = try fileInUse(fixture)
        let bytes = try Data(contentsOf: URL(filePath: path))
        try #require(bytes.count > 4 * 4_096)
        try bytes.prefix(length >= 0 ? length : bytes.count - 1).write(to: URL(filePath: path))
        let fault = try #require(try fixture.store.check())
        #expect(fault.file == path)
        // Of the last page, cut within, only who reads it hears; all other cuts are met at once.
        let isMet = length >= 0
        for attempt in [
            { try fixture.store.read { try ViewDigest.digest($0, of: fixture.set) } },
            {
                try fixture.store.explaining { try fixture.catchUp() }; return isMet ? nil : before
            },
        ] {
            do {
                let answer = try attempt()
                #expect(!isMet && answer == before)
            } catch let error as ProjectionError {
                #expect(error.code == .damaged && error.message.contains("touchline rebuild"), "\(error)")
            }
        }
        _ = try fixture.rebuild()
        #expect(try fixture.store.check() == nil)
        #expect(try fixture.digest() == before)
    }

    @Test("A view file is of an older layout")
    func olderLayout() async throws {
        let fixture = try await filled()
        let before = try fixture.digest()
        let path = try fileInUse(fixture)
        // The same tables as SQLite alone writes them.
        let plain = path + ".plain"
        try DatabaseQueue(path: path).close(after: { database in
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = 0") }
            let copy = try DatabaseQueue(path: plain)
            try database.read { db in
                try copy.writeWithoutTransaction { target in
                    for sql in try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL") {
                        try target.execute(sql: sql)
                    }
                }
            }
            try copy.close()
        })
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: plain, toPath: path)
        #expect(try fixture.store.check()?.message.contains("earlier version") == true)
        for attempt in [{ _ = try fixture.digest() }, { try fixture.catchUp() }] {
            let error = #expect(throws: ProjectionError.self) { try attempt() }
            #expect(error?.code == .outdated && error?.message.contains("touchline rebuild") == true)
        }
        _ = try fixture.rebuild()
        #expect(try fixture.digest() == before)
    }

    @Test("Views are ahead of a log restored from an older copy; the log grows past them", arguments: [0, 40, 120])
    func aheadOfTheLog(_ grown: Int) async throws {
        let fixture = try await filled(100)
        let folder = try RestoredFolder()
        try folder.copyLog(from: fixture.path)
        try await fixture.append(randomHistory(seed: 22, count: 60, first: 100))
        try fixture.catchUp()
        try folder.copyViews(from: fixture.path)
        if grown > 0 { try await folder.append(randomHistory(seed: 23, count: grown, first: 1_000)) }
        for attempt in [{ try folder.checkLineage(fixture.set) }, { try folder.catchUp(fixture.set) }] {
            // With as many events as before nothing is left to project, and still the views are not taken.
            let error = #expect(throws: ProjectionError.self) { try attempt() }
            #expect(error?.code == .anotherHistory && error?.message.contains("touchline rebuild") == true)
        }
        try folder.rebuild(fixture.set)
        try folder.checkLineage(fixture.set)
        #expect(try folder.digest(fixture.set) == folder.expected(fixture.set))
    }

    @Test("The same log restored and grown again as it was is no other history")
    func restoredAsItWas() async throws {
        let fixture = try await filled(100)
        let folder = try RestoredFolder()
        try folder.copyLog(from: fixture.path)
        try folder.copyViews(from: fixture.path)
        try await folder.append(randomHistory(seed: 23, count: 30, first: 1_000))
        try folder.catchUp(fixture.set)
        #expect(try folder.digest(fixture.set) == folder.expected(fixture.set))
    }
}

/// What rot in one file means for the making of another.
@Suite struct RottenRebuildTests {
    private func rot(_ path: FilePath, pages: [Int]) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path.string)))
        for page in pages where page * 4096 < bytes.count { bytes[page * 4096 + 2_345] ^= 0x10 }
        try Data(bytes).write(to: URL(filePath: path.string))
    }

    private func twoProjectors() -> [any Projector] {
        var second = CountingProjector()
        second.name = "second"
        second.tables = second.tables.map { table in
            var table = table
            table.name = "second_" + table.name
            return table
        }
        return [CountingProjector(), second]
    }

    @Test("Rot in the views in use: a rebuild mends it without reading them")
    func rebuildMends() async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 31, count: 400))
        try fixture.catchUp()
        let before = try fixture.digest()
        let path = try #require(try fixture.store.current())
        try rot(path, pages: Array(0..<100))
        #expect(try fixture.store.check()?.page == 1)
        _ = try fixture.rebuild()
        #expect(try fixture.store.check() == nil)
        #expect(try fixture.digest() == before)
    }

    @Test("Rot is not copied by a rebuild of one projector", arguments: 1..<8)
    func rotIsNotCopied(_ page: Int) async throws {
        let fixture = try Fixture(projectors: twoProjectors())
        try await fixture.append(randomHistory(seed: 32, count: 400))
        try fixture.catchUp()
        let before = try fixture.digest()
        let path = try #require(try fixture.store.current())
        try rot(path, pages: [page])
        do {
            _ = try fixture.rebuild(RebuildOptions(names: ["second"]))
            // The page is none of those that are copied.
            #expect(try fixture.store.check() == nil)
        } catch let error as ProjectionError {
            #expect(error.code == .damaged)
            #expect(error.message.contains("page \(page + 1)") && error.message.contains("without a name"))
            #expect(try fixture.store.current() == path)
            _ = try fixture.rebuild()
        }
        #expect(try fixture.digest() == before)
    }

    @Test("A half-built file that is damaged is not gone on with", arguments: [0, 1, 5])
    func damagedHalfBuiltFile(_ page: Int) async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 33, count: 500))
        let rebuild = try Rebuild(
            store: fixture.store, reader: fixture.reader(), projectors: fixture.set,
            options: RebuildOptions(workers: 1))
        #expect(throws: ProjectionError.self) { try rebuild.run { $0.partitions < 9 } }
        #expect(try rebuild.plan().partitions_done == 9)
        try rot(fixture.store.path(generation: 1), pages: [page])
        #expect(try rebuild.plan().partitions_done == 0)
        _ = try fixture.rebuild()
        #expect(try fixture.store.check() == nil)
        let rebuilt = try fixture.digest()
        _ = try fixture.rebuild()
        #expect(try fixture.digest() == rebuilt)
    }
}

extension DatabaseQueue {
    fileprivate func close(after body: (DatabaseQueue) throws -> Void) throws {
        try body(self)
        try close()
    }
}
