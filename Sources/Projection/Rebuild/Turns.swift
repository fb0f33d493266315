import Dispatch
import Synchronization

/// Lets threads do a part of their tasks in the tasks' order.
///
/// Threads must begin the tasks in their order and take every turn, as tasks of `Workers` do: then the thread whose
/// turn is next is never one that is still to come.
final class Turns: Sendable {
    private let gates: [DispatchSemaphore]
    private let isBroken = Mutex(false)

    init(count: Int) {
        gates = (0...count).map { _ in DispatchSemaphore(value: 0) }
        gates[0].signal()
    }

    /// Waits until task number `index` has its turn, runs `body` and hands the turn on.
    ///
    /// Once a turn has thrown, the later ones do nothing.
    func take(_ index: Int, _ body: () throws -> Void) throws {
        gates[index].wait()
        defer { gates[index + 1].signal() }
        guard !isBroken.withLock({ $0 }) else { return }
        do {
            try body()
        } catch {
            isBroken.withLock { $0 = true }
            throw error
        }
    }
}
