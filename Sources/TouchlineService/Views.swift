public import EventLog
public import GRDB
public import Projection
import Synchronization

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
    public func catchUp(progress: @escaping Answers.Progress = { _, _ in }) throws -> Bool {
        let head = reader.head
        let cursor = try reachedCursor()
        if cursor == head {
            try removeOldGenerations()
            return true
        }
        if isFarBehind(cursor ?? reader.firstSequence, head: head), try rebuild(progress) { return true }
        guard let lock = try folder.views.lock(wait: false) else { return false }
        defer { withExtendedLifetime(lock) {} }
        try folder.views.removeOldGenerations()
        let database = try folder.views.openForProjection(set)
        try folder.views.explaining {
            let ready = try database.read { try current($0) }
            let runner = LiveRunner(reader: reader, database: database, policy: set.policy)
            try runner.catchUp(ready, to: head) { done in
                try progress(done, head)
                return true
            }
        }
        return true
    }

    /// Removes what an earlier switch left, unless somebody is projecting.
    ///
    /// A folder that may not be written stays so.
    private func removeOldGenerations() throws {
        guard try folder.views.hasOldGenerations(), let lock = try folder.views.lock(wait: false) else { return }
        defer { withExtendedLifetime(lock) {} }
        try folder.views.removeOldGenerations()
    }

    /// Where the views stand; `nil` if there are none.
    ///
    /// - Throws: `ProjectionError` if they were made from another history.
    private func reachedCursor() throws -> UInt64? {
        try folder.views.read { db in
            let ready = try current(db)
            try ViewStatus.checkLineage(db, ready, reader: reader)
            return try ViewStatus.cursor(db, ready)
        }
    }

    /// Whether making the views anew costs less than going on.
    private func isFarBehind(_ cursor: UInt64, head: UInt64) -> Bool {
        let lag = head - min(cursor, head)
        return lag > Self.lagRebuiltMin && lag > head / 2
    }

    /// Makes the views anew; `false` if another process is doing so.
    private func rebuild(_ progress: @escaping Answers.Progress) throws -> Bool {
        let rebuild = try Rebuild(
            store: folder.views, reader: reader, projectors: set, options: RebuildOptions(workers: 2))
        let stopped = Mutex<(any Error)?>(nil)
        do {
            _ = try rebuild.run { state in
                do {
                    try progress(state.events, state.eventsTotal)
                    return true
                } catch {
                    stopped.withLock { $0 = error }
                    return false
                }
            }
            return true
        } catch let error as ProjectionError where error.code == .locked {
            return false
        } catch {
            throw stopped.withLock { $0 } ?? error
        }
    }

    /// Events behind from which on making the views anew is considered.
    private static let lagRebuiltMin: UInt64 = 200_000

    /// Reads the view database in use.
    public func read<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        guard let answer = try folder.views.read(body) else {
            throw ServiceError(.io, "\(folder.path): there are no views yet; run `touchline rebuild`")
        }
        return answer
    }

    /// The projectors whose rows this program can go on with.
    private func current(_ db: Database) throws -> ProjectorSet {
        let outdated = Set(try ViewStatus.outdated(db, set))
        return set.filter { !outdated.contains($0.name) }
    }
}
