import EventLog
import Foundation
import Projection
import SystemPackage

/// A data folder put together from parts of other ones, as after a restore.
final class RestoredFolder: Sendable {
    let path: FilePath

    init() throws {
        path = FilePath(FileManager.default.temporaryDirectory.path)
            .appending("projection-restored-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    var store: ViewStore { ViewStore(directory: path) }

    func reader() throws -> LogReader { try LogReader.open(path.appending("log")) }

    /// Puts the log of another folder, as it is now, in the place of this one's.
    func copyLog(from folder: FilePath) throws {
        try? FileManager.default.removeItem(atPath: path.appending("log").string)
        try FileManager.default.copyItem(
            atPath: folder.appending("log").string, toPath: path.appending("log").string)
    }

    /// Takes the files of views of another folder.
    func copyViews(from folder: FilePath) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) where name.hasPrefix("views") {
            try? FileManager.default.removeItem(atPath: path.appending(name).string)
            try FileManager.default.copyItem(
                atPath: folder.appending(name).string, toPath: path.appending(name).string)
        }
    }

    func append(_ events: [EventDraft]) async throws {
        let sequencer = try LocalSequencer.open(path.appending("log"), options: LogOptions()) {
            Instant(microseconds: 1_800_000_000_000_000)
        }
        _ = try await sequencer.append(AppendRequest(events: events))
        await sequencer.close()
    }

    func catchUp(_ set: ProjectorSet) throws {
        let reader = try reader()
        let database = try store.openForProjection(set)
        try LiveRunner(reader: reader, database: database, policy: set.policy).catchUp(set, to: reader.head)
    }

    func checkLineage(_ set: ProjectorSet) throws {
        let reader = try reader()
        try store.read { try ViewStatus.checkLineage($0, set, reader: reader) }
    }

    func rebuild(_ set: ProjectorSet) throws {
        _ = try Rebuild(store: store, reader: reader(), projectors: set, options: RebuildOptions()).run { _ in true }
    }

    func digest(_ set: ProjectorSet) throws -> String? {
        try store.read { try ViewDigest.digest($0, of: set) }
    }

    /// What the views of this log should be.
    func expected(_ set: ProjectorSet) throws -> String {
        let reader = try reader()
        return try ProjectionTests.digest(PastViews.make(set, from: reader, known: reader.head), set)
    }
}
