import CRM
import EventLog
import Foundation
import SystemPackage
import TouchlineService

/// A data folder in a benchmark's own folder, filled with events.
struct BenchDataFolder {
    let folder: DataFolder
    let filled: FilledLog

    /// Makes the folder `data` in `parent` and fills its log.
    static func make(
        _ source: EventSource, events: UInt64, segmentBytes: UInt64? = nil, in parent: FilePath,
        _ progress: BenchProgress
    ) async throws -> BenchDataFolder {
        var configuration = FolderConfiguration(zone: "UTC")
        configuration.segment_bytes_max = segmentBytes
        let folder = try DataFolder.initialize(parent.appending("data"), configuration: configuration)
        let filled = try await source.fill(
            events, log: folder.log, options: LogOptions(configuration), folder: parent, progress)
        return BenchDataFolder(folder: folder, filled: filled)
    }
}
