import Foundation
import Projection
import Synchronization
import SystemPackage
import TouchlineService

/// One rebuild of a data folder's views, timed phase by phase.
struct RebuildRun {
    /// Seconds of each phase, and of all.
    var phases: [RebuildProgress.Phase: Double]
    var seconds: Double

    /// Rebuilds all views, checks them, and removes those before.
    init(_ folder: DataFolder, workers: Int, verifies: Bool, _ progress: BenchProgress) throws {
        let rebuild = try Rebuild(
            store: folder.views, reader: folder.openReader(), projectors: folder.projectors(),
            options: RebuildOptions(workers: workers, verifies: verifies))
        let start = ContinuousClock.now
        let began = Mutex<[(RebuildProgress.Phase, ContinuousClock.Instant)]>([(.fold, start)])
        let stopped = Mutex<(any Error)?>(nil)
        do {
            _ = try rebuild.run { state in
                began.withLock { if $0.last?.0 != state.phase { $0.append((state.phase, .now)) } }
                do {
                    try progress("rebuilding", state.events, of: state.eventsTotal)
                    return true
                } catch {
                    stopped.withLock { $0 = error }
                    return false
                }
            }
        } catch {
            throw stopped.withLock { $0 } ?? error
        }
        let end = ContinuousClock.now
        seconds = (end - start) / .seconds(1)
        phases = [:]
        let list = began.withLock { $0 }
        for (index, (phase, from)) in list.enumerated() {
            let until = index + 1 < list.count ? list[index + 1].1 : end
            phases[phase, default: 0] += (until - from) / .seconds(1)
        }
        try folder.views.removeOldGenerations()
    }
}
