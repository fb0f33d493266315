public import EventLog
public import GRDB
public import Projection

/// The live views of a data folder.
public struct Views: Sendable {
    private let folder: DataFolder
    private let reader: LogReader
    /// The projectors behind them.
    public let set: ProjectorSet

    /// The views of a folder; `set` is all of its projectors unless given.
    public init(_ folder: DataFolder, reader: LogReader, set: ProjectorSet? = nil) throws {
        self.folder = folder
        self.reader = reader
        self.set = try set ?? folder.projectors()
    }

    /// Projects what is new in the log, if no other process is doing so.
    ///
    /// Projectors whose rows are of another version are left as they are: `rebuild` is for them.
    /// - Returns: whether the views are now at the head that the log had at the call.
    @discardableResult
    public func catchUp(progress: Answers.Progress = { _, _ in }) throws -> Bool {
        let head = reader.head
        if let database = try folder.views.openReader() {
            let cursor = try database.read { db in
                try ViewStatus.cursor(db, current(db))
            }
            if cursor == head { return true }
        }
        guard let lock = try folder.views.lock(wait: false) else { return false }
        defer { withExtendedLifetime(lock) {} }
        try folder.views.removeOldGenerations()
        let database = try folder.views.openForProjection(set)
        let ready = try database.read { try current($0) }
        let runner = LiveRunner(reader: reader, database: database, policy: set.policy)
        try runner.catchUp(ready, to: head) { done in
            try progress(done, head)
            return true
        }
        return true
    }

    /// Reads the view database in use.
    public func read<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        guard let database = try folder.views.openReader() else {
            throw ServiceError(.io, "\(folder.path): there are no views yet; run `touchline rebuild`")
        }
        return try database.read(body)
    }

    /// The projectors whose rows this program can go on with.
    private func current(_ db: Database) throws -> ProjectorSet {
        let outdated = Set(try ViewStatus.outdated(db, set))
        return set.filter { !outdated.contains($0.name) }
    }
}
