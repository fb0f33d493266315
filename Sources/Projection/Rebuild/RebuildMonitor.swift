import Synchronization

/// Counts what the folding threads have done and asks the caller whether to go on.
final class RebuildMonitor: Sendable {
    private let state: Mutex<RebuildProgress>
    private let progress: @Sendable (RebuildProgress) -> Bool

    init(partitions: Int, total: UInt64, progress: @escaping @Sendable (RebuildProgress) -> Bool) {
        self.progress = progress
        state = Mutex(
            RebuildProgress(
                phase: .fold, events: 0, eventsTotal: total, partitions: 0, partitionsTotal: partitions))
    }

    /// Counts what an earlier run has finished.
    func resume(_ done: [Int: UInt64]) {
        state.withLock {
            $0.events = done.values.reduce(0, +)
            $0.partitions = done.keys.filter { $0 >= 0 }.count
        }
    }

    func finished(partition: Int, events: Int) throws {
        try update {
            $0.events += UInt64(events)
            $0.partitions += 1
        }
    }

    func enter(_ phase: RebuildProgress.Phase) throws {
        try update { $0.phase = phase }
    }

    func check() throws {
        try update { _ in }
    }

    func goesOn() throws -> Bool {
        try check()
        return true
    }

    private func update(_ change: (inout RebuildProgress) -> Void) throws {
        let goesOn = state.withLock { state in
            change(&state)
            return progress(state)
        }
        if !goesOn {
            throw ProjectionError(.cancelled, "stopped; what is done is kept, run `touchline rebuild` again to go on")
        }
    }
}
