package import SystemPackage
import TouchlineService

/// One rebuild, measured in a process of its own.
package struct RebuildMeasurement: Sendable, Codable {
    /// From the call until the views are in use, in seconds.
    package var seconds: Double
    /// Anonymous memory at its peak.
    package var anonymous_bytes: UInt64

    /// Rebuilds the views of the data folder at `path`.
    package static func take(_ path: FilePath, workers: Int) throws -> RebuildMeasurement {
        let before = ProcessUsage.now()
        let run = try RebuildRun(DataFolder(path), workers: workers, verifies: false, BenchProgress { _, _, _ in })
        return RebuildMeasurement(
            seconds: run.seconds, anonymous_bytes: ProcessUsage.anonymousPeak(since: before))
    }
}
