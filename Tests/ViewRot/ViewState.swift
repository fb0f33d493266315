import EventLog
import Foundation
import GRDB
import Projection
import SystemPackage

/// The bytes of a file of views and of what stands beside it, as a process may have left them.
struct ViewState {
    var name: String
    var database: [UInt8]
    var log: [UInt8]

    static let file = "views-1.db"
    static let pageBytes = 4096
    static let frameBytes = 24 + pageBytes

    /// Takes the bytes as they are now.
    init(_ name: String, of directory: FilePath) throws {
        self.name = name
        database = try Self.bytes(directory.appending(Self.file))
        log = (try? Self.bytes(directory.appending(Self.file + "-wal"))) ?? []
    }

    private static func bytes(_ path: FilePath) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path.string)))
    }

    /// Puts the files into an empty folder, with the link.
    func write(to directory: FilePath) throws {
        try Data(database).write(to: URL(filePath: directory.appending(Self.file).string))
        if !log.isEmpty {
            try Data(log).write(to: URL(filePath: directory.appending(Self.file + "-wal").string))
        }
        try FileManager.default.createSymbolicLink(
            atPath: directory.appending("views.db").string, withDestinationPath: Self.file)
    }

    /// The state with every second page of the database file as in `other`: a copying that was broken off.
    func halfway(to other: ViewState, name: String) -> ViewState {
        var mixed = self
        mixed.name = name
        for start in stride(from: Self.pageBytes, to: other.database.count, by: 2 * Self.pageBytes) {
            let range = start..<start + Self.pageBytes
            if mixed.database.count < range.upperBound {
                mixed.database += [UInt8](repeating: 0, count: range.upperBound - mixed.database.count)
            }
            mixed.database.replaceSubrange(range, with: other.database[range])
        }
        return mixed
    }
}

/// Views of a small log in the states that a process may leave them in.
struct ViewStates {
    let log: FilePath
    let set: ProjectorSet
    let states: [ViewState]

    static let events = 260

    /// Appends the letters to a new log and projects them, half before the write-ahead log that is left behind.
    static func make(in directory: FilePath) async throws -> ViewStates {
        let log = directory.appending("log")
        try EventLog.create(at: log, options: LogOptions())
        let sequencer = try LocalSequencer.open(log, options: LogOptions()) {
            Instant(microseconds: 1_700_000_000_000_000)
        }
        _ = try await sequencer.append(AppendRequest(events: letters(events)))
        await sequencer.close()
        return try project(log, in: directory)
    }

    private static func project(_ log: FilePath, in directory: FilePath) throws -> ViewStates {
        let policy = FoldPolicy(retractionType: "letter-taken-back") { _ in nil }
        let set = ProjectorSet([LettersProjector()], policy: policy)
        let reader = try LogReader.open(log)
        let store = ViewStore(directory: directory)
        let half = UInt64(events / 2)
        try store.openForProjection(set).close(after: { database in
            let runner = LiveRunner(reader: reader, database: database, policy: policy)
            try runner.catchUp(set, to: half)
        })
        var states = [try ViewState("closed", of: directory)]
        try store.openForProjection(set).close(after: { database in
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
            let runner = LiveRunner(reader: reader, database: database, policy: policy)
            for target in stride(from: half + 30, through: UInt64(events), by: 25) {
                try runner.catchUp(set, to: target)
            }
            try runner.catchUp(set, to: UInt64(events))
            let before = try ViewState("killed before a checkpoint", of: directory)
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(FULL)") }
            let after = try ViewState("killed after a checkpoint", of: directory)
            states += [before, before.halfway(to: after, name: "killed in a checkpoint"), after]
        })
        return ViewStates(log: log, set: set, states: states)
    }
}

extension DatabaseQueue {
    fileprivate func close(after body: (DatabaseQueue) throws -> Void) throws {
        try body(self)
        try close()
    }
}
