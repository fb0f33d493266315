import CRM
import EventLog
import Foundation
import Projection
package import SystemPackage
import TouchlineService

/// What is replayed.
package enum ReplaySource: Sendable {
    /// So many made-up events.
    case synthetic(SyntheticLife.IDs)
    /// A file of NDJSON, a data folder or a log's folder.
    case path(FilePath)
}

/// A log that is there to be replayed, and how.
struct ReplayLog {
    /// The log's folder.
    let directory: FilePath
    /// The projectors.
    let set: ProjectorSet
    /// Its events.
    let data: BenchData
    /// A folder of the benchmark's own, if it made the log.
    private let folder: BenchFolder?

    /// Whether the path is a folder, which is only ever read.
    static func isFolder(_ path: FilePath) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path.string, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The log of a source; events that are not in a log yet are appended to one in `folder`.
    static func open(
        _ source: ReplaySource, events: UInt64, folder given: FilePath?, _ progress: BenchProgress
    ) async throws -> ReplayLog {
        if case .path(let path) = source, isFolder(path) { return try ReplayLog(existing: path) }
        let events =
            if case .path(let path) = source { min(events, try lineCount(path)) } else { events }
        let folder = try BenchFolder(
            given, bytes: BenchRoom.bytes(events, each: EventSource.lineBytes + EventSource.storedBytes))
        return try await ReplayLog(source, events: events, in: folder, progress)
    }

    private init(existing path: FilePath) throws {
        if FileManager.default.fileExists(atPath: path.appending(FolderConfiguration.fileName).string) {
            let folder = try DataFolder(path)
            directory = folder.log
            set = try folder.projectors()
        } else {
            directory = path
            set = try ReplayLog.builtIn()
        }
        let statistics = try LogReader.open(directory).statistics()
        guard statistics.events > 0 else { throw BenchError(.refused, "\(path): there are no events to replay") }
        data = BenchData(name: path.string, ids: nil, events: statistics.events, raw_bytes: nil)
        folder = nil
    }

    private init(
        _ source: ReplaySource, events: UInt64, in folder: BenchFolder, _ progress: BenchProgress
    ) async throws {
        directory = folder.path.appending("log")
        set = try ReplayLog.builtIn()
        let source: EventSource =
            switch source {
            case .synthetic(let ids): .synthetic(ids)
            case .path(let path): .file(path)
            }
        data = try await source.fill(events, log: directory, folder: folder.path, progress).data
        self.folder = folder
    }

    /// Removes what was made.
    func remove() { folder?.remove() }

    private static func builtIn() throws -> ProjectorSet {
        ProjectorSet(try ProjectorCatalogue.projectors(CRMConfiguration()), policy: CRMPolicy.fold)
    }

    private static func lineCount(_ path: FilePath) throws -> UInt64 {
        let feed = try EventFeed(path, limit: .max)
        while try feed.next(100_000) != nil {}
        return feed.handedOut.events
    }
}
