public import EventLog
import Foundation
import Projection
import SystemPackage

/// Mends a data folder: its log, and then its views from the log.
public struct FolderRepair {
    /// What was done, or would be.
    public struct Result: Sendable {
        /// The log's part.
        public var log: RepairPlan
        /// What is done about the views; nil if they are sound.
        public var views: String?
    }

    private let folder: DataFolder
    private let progress: (UInt64, UInt64) -> Bool

    /// A repair of a folder; `progress` is told of events looked at and their total, and stops it by false.
    public init(_ folder: DataFolder, progress: @escaping (_ done: UInt64, _ total: UInt64) -> Bool) {
        self.folder = folder
        self.progress = progress
    }

    private var repair: LogRepair {
        LogRepair(folder.log, options: LogOptions(folder.configuration), progress: progress)
    }

    /// What `run` would do; changes nothing.
    public func plan(accepting: Range<UInt64>? = nil) throws -> Result {
        let log = try repair.plan(accepting: accepting)
        return Result(log: log, views: try folder.views.check().map { "make the views anew from the log: \($0)" })
    }

    /// Mends what can be mended.
    ///
    /// - Throws: `LogError`, `ProjectionError`.
    public func run(accepting: Range<UInt64>? = nil) throws -> Result {
        let log = try repair.run(accepting: accepting, now: .now())
        guard let problem = try folder.views.check() else { return Result(log: log, views: nil) }
        guard log.unmendable.isEmpty else {
            return Result(log: log, views: "the views wait until every event can be read or is given up: \(problem)")
        }
        let reader = try folder.openReader()
        let kept = try setViewsAside()
        let rebuild = try Rebuild(
            store: folder.views, reader: reader, projectors: folder.projectors(), options: RebuildOptions(workers: 2))
        _ = try rebuild.run { _ in true }
        return Result(log: log, views: "make the views anew from the log (the old ones are \(kept)): \(problem)")
    }

    /// Copies the views in use, so that what was in them is still there; they go once others are in use.
    private func setViewsAside() throws -> String {
        guard let path = try folder.views.current() else { return "gone" }
        let manager = FileManager.default
        var number = 1
        while manager.fileExists(atPath: "\(path).aside.\(number)") { number += 1 }
        let kept = "\(path).aside.\(number)"
        do {
            try manager.copyItem(atPath: path.string, toPath: kept)
            if manager.fileExists(atPath: "\(path)-wal") {
                try manager.copyItem(atPath: "\(path)-wal", toPath: kept + "-wal")
            }
        } catch {
            throw ServiceError(.io, "\(path): the damaged views cannot be copied; free some room, or remove them")
        }
        return kept
    }
}
