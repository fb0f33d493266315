import Dispatch
import Synchronization

/// Threads that share out a list of tasks, in its order.
struct Workers: Sendable {
    let count: Int

    /// Runs the tasks, each on some thread.
    ///
    /// - Parameters:
    ///   - tasks: taken in this order, though the later may be done before the earlier.
    ///   - start: what a thread begins with, for itself alone.
    ///   - body: one task.
    ///   - finish: what becomes of the thread's state when there is no task left for it.
    /// - Throws: the first error that a task threw; no thread takes another task then.
    func run<Task: Sendable, State>(
        _ tasks: [Task], start: @Sendable () -> State, body: @Sendable (inout State, Task) throws -> Void,
        finish: @Sendable (State) -> Void = { _ in }
    ) throws {
        let queue = Mutex(tasks[...])
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: max(1, min(count, tasks.count))) { _ in
            var state = start()
            while failure.withLock({ $0 == nil }), let task = queue.withLock({ $0.popFirst() }) {
                do {
                    try body(&state, task)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            finish(state)
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
