import CRM
import EventLog
import Foundation
import GRDB
import Projection
import ReferenceFold
import SystemPackage

/// A log of a test's own, with the views over it.
final class LogOfHistory: Sendable {
    let path: FilePath
    let set: ProjectorSet
    let zone: String
    private let sequencer: LocalSequencer

    /// An empty log.
    ///
    /// Its segments are small, so that even short histories roll.
    init(zone: String, segmentBytes: UInt64 = 30_000) throws {
        self.zone = zone
        set = ProjectorSet(
            try ProjectorCatalogue.projectors(CRMConfiguration(zone: zone)), policy: CRMPolicy.fold)
        path = FilePath(FileManager.default.temporaryDirectory.path).appending("reference-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        var options = LogOptions()
        options.segmentBytesMax = segmentBytes
        try EventLog.create(at: path.appending("log"), options: options)
        sequencer = try LocalSequencer.open(path.appending("log"), options: options) {
            Instant(microseconds: 1_746_057_600_000_000)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// Appends lines as senders send them.
    func append(_ lines: ArraySlice<String>, request: Int = 1000) async throws {
        var parser = EventParser()
        var drafts: [EventDraft] = []
        for line in lines {
            drafts.append(try parser.parse(Array(line.utf8)))
            if drafts.count == request {
                _ = try await sequencer.append(AppendRequest(events: drafts))
                drafts.removeAll()
            }
        }
        if !drafts.isEmpty { _ = try await sequencer.append(AppendRequest(events: drafts)) }
    }

    func close() async { await sequencer.close() }

    func reader() throws -> LogReader { try LogReader.open(path.appending("log")) }

    /// Brings the live views up to the log.
    func project() throws {
        let reader = try reader()
        let database = try store.openForProjection(set)
        try LiveRunner(reader: reader, database: database, policy: set.policy).catchUp(set, to: reader.head)
    }

    var store: ViewStore { ViewStore(directory: path) }

    /// Every event, read from the lines that the log holds.
    func events() throws -> [ReferenceEvent] {
        let reader = try reader()
        var events: [ReferenceEvent] = []
        var cursor = reader.cursor(from: 0)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                if let read = ReferenceEvent(line: event.line) { events.append(read) }
            }
        }
        return events
    }
}

extension FoldedViews {
    /// The rows that a view database holds.
    init(_ set: ProjectorSet, _ db: Database) throws {
        self.init()
        for table in set.projectors.flatMap(\.tables) {
            for row in try GRDB.Row.fetchAll(db, sql: "SELECT * FROM \"\(table.name)\"") {
                var values: Row = [:]
                for column in table.columns { values[column.name] = row[column.name] as SQLValue? ?? .null }
                insert(values, table: table.name)
            }
        }
    }
}
