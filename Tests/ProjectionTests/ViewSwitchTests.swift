import EventLog
import Foundation
import GRDB
import SystemPackage
import Testing

@testable import Projection

/// The switch to a new file of views, broken off after each of its steps.
@Suite struct ViewSwitchTests {
    /// What a crash may leave, in the order of the steps.
    enum Step: CaseIterable {
        /// The first file of all is there, but empty.
        case firstFileEmpty
        /// It has a page, but no tables.
        case firstFileWithoutTables
        /// It has its tables, and no link names it.
        case firstFileUnnamed
        /// The rebuilt file is complete and says still which partitions are in it.
        case rebuiltWithLedger
        /// The rebuilt file is complete, and the link names the old one.
        case rebuiltUnnamed
        /// The new link was made under its temporary name.
        case temporaryLink
        /// The same, of an earlier crash: it names a file that is gone.
        case temporaryLinkToNowhere
        /// The link was replaced; the old file is there.
        case linkReplaced
        /// The old file is gone and its write-ahead log is there.
        case oldFileHalfRemoved
        /// The folder was not synced, and the file that the link names did not survive.
        case linkToNowhere
        /// Somebody put a copy of the file in the link's place.
        case linkIsAFile
    }

    @Test("Crash at every step of the view switch", arguments: Step.allCases)
    func crash(_ step: Step) async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 41, count: 200))
        if ![.firstFileEmpty, .firstFileWithoutTables, .firstFileUnnamed].contains(step) { try fixture.catchUp() }
        try await fixture.append(randomHistory(seed: 42, count: 50, first: 200))
        try arrange(step, fixture)
        // Readers see whole views or none.
        if let database = try fixture.store.openReader() {
            #expect(try outdated(database, fixture.set).isEmpty)
            let cursor = try cursor(database, fixture.set)
            let past = try PastViews.make(fixture.set, from: fixture.reader(), known: cursor)
            #expect(try digest(database, fixture.set) == digest(past, fixture.set))
        }
        #expect(try fixture.store.check() == nil)
        try fixture.store.removeOldGenerations()
        try fixture.catchUp()
        let live = try fixture.digest()
        let now = try PastViews.make(fixture.set, from: fixture.reader(), known: fixture.reader().head)
        #expect(try live == digest(now, fixture.set))
        _ = try fixture.rebuild()
        #expect(try fixture.digest() == live)
        try fixture.store.removeOldGenerations()
        let generation = try fixture.store.generation()
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.path.string)
            .filter { $0.hasPrefix("views") && !$0.hasSuffix(".lock") }
            .filter { !$0.hasPrefix("views-\(generation).db") }
        #expect(left == ["views.db"], "\(step)")
    }

    private func cursor(_ database: DatabaseQueue, _ set: ProjectorSet) throws -> UInt64 {
        try database.read { try ViewStatus.cursor($0, set) }
    }

    private func arrange(_ step: Step, _ fixture: Fixture) throws {
        let (folder, files) = (fixture.path.string, FileManager.default)
        func link(_ name: String, to target: String) throws {
            try? files.removeItem(atPath: folder + "/" + name)
            try files.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: target)
        }
        switch step {
        case .firstFileEmpty:
            _ = files.createFile(atPath: folder + "/views-1.db", contents: nil)
        case .firstFileWithoutTables:
            try ViewFile(fixture.store.path(generation: 1)).create().close()
        case .firstFileUnnamed:
            try fixture.catchUp()
            try files.removeItem(atPath: folder + "/views.db")
        case .rebuiltWithLedger:
            let rebuild = try Rebuild(
                store: fixture.store, reader: fixture.reader(), projectors: fixture.set, options: RebuildOptions())
            #expect(throws: ProjectionError.self) { try rebuild.run { $0.phase != .swap } }
        case .rebuiltUnnamed, .temporaryLink, .temporaryLinkToNowhere, .linkReplaced, .oldFileHalfRemoved:
            _ = try fixture.rebuild()
            try arrangeRebuilt(step, folder, link: link)
        case .linkToNowhere:
            try link("views.db", to: "views-2.db")
        case .linkIsAFile:
            try files.removeItem(atPath: folder + "/views.db")
            try files.copyItem(atPath: folder + "/views-1.db", toPath: folder + "/views.db")
        }
    }

    private func arrangeRebuilt(_ step: Step, _ folder: String, link: (String, String) throws -> Void) throws {
        switch step {
        case .rebuiltUnnamed:
            try link("views.db", "views-1.db")
        case .temporaryLink:
            try link("views.db", "views-1.db")
            try link("views.db.new", "views-2.db")
        case .temporaryLinkToNowhere:
            try link("views.db", "views-1.db")
            try link("views.db.new", "views-9.db")
        case .oldFileHalfRemoved:
            try FileManager.default.removeItem(atPath: folder + "/views-1.db")
            _ = FileManager.default.createFile(atPath: folder + "/views-1.db-wal", contents: Data(count: 100))
        default:
            break
        }
    }
}
