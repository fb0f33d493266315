import EventLog
import Foundation
import SystemPackage

/// A copy of a log whose closed segments wait to be repacked, with that done.
struct RepackedCopy {
    /// The copy's folder.
    let directory: FilePath
    /// Seconds that repacking took.
    let seconds: Double
    /// Bytes of the repacked segments' files.
    let bytes: UInt64

    /// Copies a log and repacks all its `count` closed segments.
    static func make(
        of closed: FilePath, count: Int, options: LogOptions, at directory: FilePath, _ progress: BenchProgress
    ) throws -> RepackedCopy {
        try FileManager.default.copyItem(atPath: closed.string, toPath: directory.string)
        // Without its threads: nothing else is timed, and nothing begins before the clock does.
        let sequencer = try StepwiseSequencer.open(directory, options: options, files: SystemFiles()) { .now() }
        defer { sequencer.close() }
        var taken = 0.0
        while let job = sequencer.nextJob {
            let step = TouchlineBench.seconds { sequencer.maintain() }
            if job == .repack { taken += step }
            try progress("repacking")
        }
        let repacked = try LogReader.open(directory).statistics().segments.filter { $0.state == .repacked }
        guard repacked.count == count else {
            throw BenchError(.failed, sequencer.backgroundProblems.last ?? "not every closed segment was repacked")
        }
        return RepackedCopy(
            directory: directory, seconds: taken, bytes: repacked.reduce(0) { $0 + $1.fileBytes })
    }

    /// Removes the copy.
    func remove() { try? FileManager.default.removeItem(atPath: directory.string) }
}
