import EventLog
import Foundation
import GRDB
import Projection
import Synchronization
import SystemPackage
import Testing

@Suite struct RebuildTests {
    @Test("Live, rebuilt by one and by several workers: the same rows as the obvious fold", arguments: 0..<12)
    func sameRows(_ seed: Int) async throws {
        let fixture = try Fixture()
        let history = randomHistory(seed: UInt64(seed), count: 600)
        // Live in several steps, so that states are carried on and histories read again.
        var digests: Set<String> = []
        for step in 0..<4 {
            try await fixture.append(Array(history[(step * 150)..<(step * 150 + 150)]))
            try fixture.catchUp()
            let database = try #require(try fixture.store.openReader())
            #expect(try notes(database) == fixture.reference())
        }
        digests.insert(try fixture.digest())
        for workers in [1, 2, 3] {
            let summary = try fixture.rebuild(RebuildOptions(workers: workers, verifies: workers == 1))
            #expect(summary.events == 600)
            #expect(summary.cursor == 600)
            digests.insert(try fixture.digest())
        }
        #expect(digests.count == 1)
    }

    @Test(arguments: 0..<6) func pastsAreWhatAFreshLogWouldSay(_ seed: Int) async throws {
        let fixture = try Fixture()
        let history = randomHistory(seed: UInt64(100 + seed), count: 300)
        try await fixture.append(history)
        let reader = try fixture.reader()
        for known in [1, 37, 150, 299, 300] as [UInt64] {
            let past = try PastViews.make(fixture.set, from: reader, known: known)
            let fresh = try Fixture()
            try await fresh.append(Array(history.prefix(Int(known))))
            try fresh.catchUp()
            #expect(try notes(past) == fixture.reference(known: known))
            #expect(try digest(past, fixture.set) == fresh.digest())
            let asOf = Instant(microseconds: 1_600_001_500_000_000)
            let then = try PastViews.make(fixture.set, from: reader, known: known, asOf: asOf)
            #expect(try notes(then) == fixture.reference(known: known, asOf: asOf))
        }
    }

    /// Of a type that no system event has: whoever writes the log by the library may append such.
    @Test func eventsThatAreNobodysAreNotMissed() async throws {
        let fixture = try Fixture()
        var history = randomHistory(seed: 9, count: 400)
        for place in [0, 7, 200, 400] { history.insert(EventDraft(type: "lone.thing", subject: nil), at: place) }
        try await fixture.append(history)
        try fixture.catchUp()
        let live = try fixture.digest()
        for memory in [1, 1 << 30] {
            let summary = try fixture.rebuild(RebuildOptions(workers: 2, memoryBytes: memory, verifies: true))
            #expect(summary.events == 404)
            #expect(try fixture.digest() == live)
        }
        let stopping = try Rebuild(
            store: fixture.store, reader: fixture.reader(), projectors: fixture.set,
            options: RebuildOptions(workers: 1, memoryBytes: 1))
        #expect(throws: ProjectionError.self) { try stopping.run { $0.partitions < 5 } }
        #expect(try fixture.rebuild(RebuildOptions(workers: 1)).events == 404)
        let sum = try MemoryReplay.run(fixture.set, from: fixture.reader(), options: RebuildOptions(workers: 2))
        #expect(sum.events == 404)
    }

    @Test func aStoppedRebuildGoesOn() async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 5, count: 500))
        try fixture.catchUp()
        let before = try fixture.digest()
        let seen = Mutex(0)
        let rebuild = try Rebuild(
            store: fixture.store, reader: fixture.reader(), projectors: fixture.set,
            options: RebuildOptions(workers: 1))
        #expect(throws: ProjectionError.self) {
            try rebuild.run { progress in
                seen.withLock { $0 = max($0, progress.partitions) }
                return progress.partitions < 5
            }
        }
        #expect(try fixture.digest() == before)
        let plan = try Rebuild(
            store: fixture.store, reader: fixture.reader(), projectors: fixture.set, options: RebuildOptions()
        ).plan()
        #expect(plan.partitions_done == 5)
        // More came in meanwhile; the target stays and the rest is caught up with.
        try await fixture.append(randomHistory(seed: 6, count: 50, first: 500))
        let summary = try fixture.rebuild()
        #expect(summary.events == 500)
        #expect(summary.caught_up == 50)
        let resumed = try fixture.digest()
        _ = try fixture.rebuild(RebuildOptions(workers: 2))
        #expect(try fixture.digest() == resumed)
    }

    @Test func oneProjectorAnewTheOthersCopied() async throws {
        struct Second: Projector {
            let inner = CountingProjector()
            let name = "second"
            let version = 1
            let consumes = ["note.1"]
            let tables = [
                TableDefinition(
                    "seconds", "Counts.",
                    columns: [
                        ColumnDefinition("subject", .text, "The subject."),
                        ColumnDefinition("count", .integer, "Events."),
                    ], primaryKey: ["subject"])
            ]
            func makeState(subject: String?) -> (String?, Int64) { (subject, 0) }
            func apply(_ event: StoredEvent, to state: inout (String?, Int64), anomalies: inout AnomalyCollector) {
                state.1 += 1
            }
            func emit(_ state: (String?, Int64), into rows: inout RowCollector) {
                if let subject = state.0, state.1 > 0 { rows.insert([.text(subject), .integer(state.1)], table: 0) }
            }
        }
        let fixture = try Fixture(projectors: testProjectors + [Second()])
        try await fixture.append(randomHistory(seed: 8, count: 300))
        try fixture.catchUp()
        let before = try fixture.digest()
        try await fixture.append(randomHistory(seed: 9, count: 100, first: 300))
        let summary = try fixture.rebuild(RebuildOptions(names: ["second"]))
        #expect(summary.plan.copied == ["counting"])
        let after = try fixture.digest()
        #expect(after != before)
        _ = try fixture.rebuild()
        #expect(try fixture.digest() == after)
        #expect(throws: ProjectionError.self) { try fixture.rebuild(RebuildOptions(names: ["third"])) }
    }

    @Test func aRaisedVersionAsksForARebuild() async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 3, count: 100))
        try fixture.catchUp()
        var raised = CountingProjector()
        raised.version = 2
        let set = ProjectorSet([raised], policy: testPolicy)
        let database = try #require(try fixture.store.openReader())
        #expect(try outdated(database, set) == ["counting"])
        _ = try Rebuild(
            store: fixture.store, reader: fixture.reader(), projectors: set, options: RebuildOptions()
        ).run { _ in true }
        let rebuilt = try #require(try fixture.store.openReader())
        #expect(try outdated(rebuilt, set).isEmpty)
    }

    @Test func viewsOfAnotherHistoryAreRefused() async throws {
        let one = try Fixture()
        let other = try Fixture()
        for fixture in [one, other] {
            try await fixture.append(randomHistory(seed: 3, count: 100))
            try fixture.catchUp()
        }
        let target = try #require(try one.store.current())
        let foreign = try #require(try other.store.current())
        for suffix in ["", "-wal", "-shm"] {
            let path = target.string + suffix
            try? FileManager.default.removeItem(atPath: path)
            if FileManager.default.fileExists(atPath: foreign.string + suffix) {
                try FileManager.default.copyItem(atPath: foreign.string + suffix, toPath: path)
            }
        }
        try await one.append(randomHistory(seed: 4, count: 10, first: 100))
        #expect(throws: ProjectionError.self) { try one.catchUp() }
    }

    @Test func aRetractionThatNamesNothingIsAnAnomaly() async throws {
        let fixture = try Fixture()
        try await fixture.append([
            EventDraft(
                id: "1", source: "/t", type: "retracted", subject: "S-1", data: Array(#"{"id":"nothing"}"#.utf8))
        ])
        try fixture.catchUp()
        let database = try #require(try fixture.store.openReader())
        let anomalies = try anomalies(database, fixture.set)
        #expect(anomalies.map(\.kind) == ["retraction_without_target"])
    }
}

extension RebuildTests {
    @Test func subjectsAndIdsAreComparedAsBytes() async throws {
        let fixture = try Fixture()
        // The same letter, composed and decomposed: two subjects, and two ids of one of them.
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        func note(_ id: String, _ subject: String, _ text: String) -> EventDraft {
            EventDraft(
                id: id, source: "/t", type: "note.1", subject: subject, data: Array(#"{"text":"\#(text)"}"#.utf8))
        }
        try await fixture.append([note("1", composed, "a"), note("2", decomposed, "b"), note("3", composed, "c")])
        try await fixture.append([
            note(composed, "S", "x"), note(decomposed, "S", "y"),
            EventDraft(
                id: "4", source: "/t", type: "retracted", subject: "S", data: Array(#"{"id":"\#(composed)"}"#.utf8)),
        ])
        try fixture.catchUp()
        let live = try fixture.digest()
        let database = try #require(try fixture.store.openReader())
        #expect(try texts(database) == ["a c", "b", "y"])
        _ = try fixture.rebuild()
        #expect(try fixture.digest() == live)
    }

    private func texts(_ database: any DatabaseReader) throws -> [String] {
        try database.read { try String.fetchAll($0, sql: "SELECT texts FROM notes ORDER BY texts") }
    }
}
