import EventLog
import Foundation
import GRDB
import Projection
import SystemPackage
import Testing

/// A data folder with a small log of a test's own.
final class Fixture: Sendable {
    let path: FilePath
    let set: ProjectorSet
    private let sequencer: LocalSequencer

    init(projectors: [any Projector] = testProjectors, segmentBytes: UInt64 = 20_000) throws {
        path = FilePath(FileManager.default.temporaryDirectory.path)
            .appending("projection-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        var options = LogOptions()
        options.segmentBytesMax = segmentBytes
        try EventLog.create(at: path.appending("log"), options: options)
        set = ProjectorSet(projectors, policy: testPolicy)
        sequencer = try LocalSequencer.open(path.appending("log"), options: options) {
            Instant(microseconds: 1_700_000_000_000_000)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    var store: ViewStore { ViewStore(directory: path) }

    func reader() throws -> LogReader { try LogReader.open(path.appending("log")) }

    func append(_ events: [EventDraft]) async throws {
        for start in stride(from: 0, to: events.count, by: 50) {
            let request = AppendRequest(events: Array(events[start..<min(start + 50, events.count)]))
            _ = try await sequencer.append(request)
        }
    }

    /// Projects what is new, transaction by transaction, as a live process does.
    func catchUp() throws {
        let reader = try reader()
        let database = try store.openForProjection(set)
        try LiveRunner(reader: reader, database: database, policy: set.policy).catchUp(set, to: reader.head)
    }

    func rebuild(_ options: RebuildOptions = RebuildOptions()) throws -> RebuildSummary {
        try Rebuild(store: store, reader: reader(), projectors: set, options: options).run { _ in true }
    }

    func digest() throws -> String {
        let database = try #require(try store.openReader())
        return try database.read { try ViewDigest.digest($0, of: set) }
    }

    /// The slow and obvious way to the same rows: everything in memory, one subject after the other.
    func reference(known: UInt64? = nil, asOf: Instant? = nil) throws -> [String: String] {
        let reader = try reader()
        var cursor = reader.cursor(from: 0, to: known ?? reader.head)
        var subjects: [String: [StoredEvent]] = [:]
        while let batch = try cursor.nextBatch() {
            for event in batch { subjects[event.subject ?? "", default: []].append(event) }
        }
        var rows: [String: String] = [:]
        for (subject, events) in subjects where !subject.isEmpty {
            let retracted = Self.retracted(events)
            let held =
                events
                .filter { $0.type.hasPrefix("note.") && !retracted.contains($0.id) }
                .filter { event in asOf.map { event.time <= $0 } ?? true }
                .sorted { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
            if !held.isEmpty { rows[subject] = held.map { $0.data["text"]?.string ?? "?" }.joined(separator: " ") }
        }
        return rows
    }

    /// Retractions here are never retracted themselves save by a later one.
    private static func retracted(_ events: [StoredEvent]) -> Set<String> {
        var gone: Set<String> = []
        for event in events.sorted(by: { $0.sequence > $1.sequence })
        where event.type == "retracted" && !gone.contains(event.id) {
            gone.insert(event.data["id"]?.string ?? "")
        }
        return gone
    }
}

/// The `notes` table as a dictionary.
func notes(_ database: any DatabaseReader) throws -> [String: String] {
    try database.read { db in
        let rows = try Row.fetchAll(db, sql: "SELECT subject, texts FROM notes")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["subject"] as String, $0["texts"] as String) })
    }
}

/// The digest of a database. (In an async test `read` itself would be the async one.)
func digest(_ database: any DatabaseReader, _ set: ProjectorSet) throws -> String {
    try database.read { try ViewDigest.digest($0, of: set) }
}

/// The projectors that ask for a rebuild.
func outdated(_ database: any DatabaseReader, _ set: ProjectorSet) throws -> [String] {
    try database.read { try ViewStatus.outdated($0, set) }
}

/// The anomalies listed.
func anomalies(_ database: any DatabaseReader, _ set: ProjectorSet) throws -> [ListedAnomaly] {
    try database.read { try ViewStatus.anomalies($0, set) }
}

/// A seeded source of random numbers: the same history for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Random notes of a few subjects, out of order, with retractions, retractions of retractions and system events.
func randomHistory(seed: UInt64, count: Int, first: Int = 0) -> [EventDraft] {
    var generator = SeededGenerator(seed: seed)
    var made: [(id: String, subject: String)] = []
    return (first..<first + count).map { number in
        let subject = "S-\(Int.random(in: 0..<20, using: &generator))"
        let second = Int.random(in: 0..<3000, using: &generator)
        let time = Instant(microseconds: Int64(1_600_000_000 + second) * 1_000_000).rfc3339
        let roll = Int.random(in: 0..<100, using: &generator)
        if roll < 10, let target = made.randomElement(using: &generator) {
            made.append(("e\(number)", target.subject))
            return EventDraft(
                id: "e\(number)", source: "/t", type: "retracted", subject: target.subject, time: time,
                data: Array(#"{"id":"\#(target.id)"}"#.utf8))
        }
        if roll < 12 {
            return EventDraft(
                id: "e\(number)", source: "/t", type: "note.system", subject: nil, time: time,
                data: Array(#"{"text":"t\#(number)"}"#.utf8))
        }
        made.append(("e\(number)", subject))
        let type = roll < 15 ? "oddity" : "note.\(roll % 3)"
        return EventDraft(
            id: "e\(number)", source: "/t", type: type == "oddity" ? "note.odd" : type, subject: subject, time: time,
            data: Array(#"{"text":"t\#(number)"}"#.utf8))
    }
}
