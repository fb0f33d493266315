import Dispatch
import EventLog
import Synchronization

/// The deep check of the log, on a thread of its own beside a rebuild: neither needs anything of the other.
final class LogCheck: Sendable {
    private struct State {
        var isCancelled = false
        var result: Result<[Finding], any Error>?
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log check")

    /// Begins.
    init(_ reader: LogReader) {
        queue.async { [self] in
            let result = Result {
                try reader.verify(deep: true) { _, _ in !state.withLock(\.isCancelled) }
            }
            state.withLock { $0.result = result }
        }
    }

    /// Waits for the end and gives what was found.
    ///
    /// - Throws: what the check threw.
    func findings() throws -> [Finding] {
        queue.sync {}
        return try state.withLock(\.result)?.get() ?? []
    }

    /// Stops the check if it is still going on, and waits until it has stopped.
    func stop() {
        state.withLock { $0.isCancelled = true }
        queue.sync {}
    }
}
