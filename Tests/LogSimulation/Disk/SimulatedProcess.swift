import EventLog
import SystemPackage

/// A process: what it may still do, and what is about to strike it.
package final class SimulatedProcess: @unchecked Sendable {
    /// For messages.
    package let name: String
    let disk: SimulatedDisk
    private var isKilled = false
    private var fault: Fault?
    /// Calls that the fault could have struck so far.
    private var candidates = 0
    private var noise: SeededRandom?

    /// A process that lives.
    package init(_ name: String, on disk: SimulatedDisk) {
        self.name = name
        self.disk = disk
    }

    /// Whether it was killed, or the power is off.
    package var isDead: Bool { isKilled || disk.isDown }

    /// Kills it: no call has any effect from here on.
    package func kill() { isKilled = true }

    /// Lets a fault strike one of the next calls.
    package func arm(_ fault: Fault?) {
        self.fault = fault
        candidates = 0
    }

    /// Whether a fault struck since this was last said to be over.
    package private(set) var wasStruck = false

    /// What went wrong is over: from here on every call must do its work again.
    package func recover() { wasStruck = false }

    /// From here on reads and writes are now and then short or interrupted; nil = no more.
    package func makeNoise(seed: UInt64?) { noise = seed.map { SeededRandom(seed: $0) } }

    /// What becomes of a call that is being done.
    struct Outcome {
        /// How much of a read or write is done; nil = all.
        var part: Int?
        /// The error once it is done.
        var error: FileError?

        func finish() throws(FileError) { if let error { throw error } }
    }

    /// Begins a call.
    ///
    /// - Throws: `FileError` if it has no effect at all.
    func begin(_ operation: FileCall.Operation, _ path: String, count: Int = 0) throws(FileError) -> Outcome {
        let dead = FileError(operation: "dead", path: FilePath(path), number: Errno.ioError.rawValue)
        if isDead { throw dead }
        let call = FileCall(operation: operation, path: path)
        disk.onCall(self, call)
        if isDead { throw dead }
        if let fault, fault.strikes(operation) {
            candidates += 1
            if candidates > fault.call {
                self.fault = nil
                wasStruck = true
                disk.onStrike(self, call, fault.kind)
                return try strike(fault, call, count)
            }
        }
        return try disturb(call, count)
    }

    private func strike(_ fault: Fault, _ call: FileCall, _ count: Int) throws(FileError) -> Outcome {
        var random = SeededRandom(seed: fault.seed)
        let moment = random.below(3)
        // Amid a write some of it is done; amid anything else is after it.
        let part = call.operation == .write && moment == 1 ? random.below(count) : nil
        func error(_ number: Errno) -> FileError {
            FileError(operation: call.operation.rawValue, path: FilePath(call.path), number: number.rawValue)
        }
        switch fault.kind {
        case .kill, .powerLoss:
            if fault.kind == .kill { kill() } else { disk.cutPower() }
            let dead = error(.ioError)
            if moment == 0 { throw dead }
            return Outcome(part: part, error: dead)
        case .ioError, .noSpace:
            let number: Errno = fault.kind == .ioError ? .ioError : .noSpace
            if call.operation == .write, let part { return Outcome(part: part, error: error(number)) }
            throw error(number)
        case .failedSync:
            if call.operation == .sync { disk.inode(call.path)?.failSync(&random) }
            throw error(.ioError)
        }
    }

    private func disturb(_ call: FileCall, _ count: Int) throws(FileError) -> Outcome {
        guard noise != nil, count > 0, call.operation == .read || call.operation == .write else { return Outcome() }
        if noise?.oneIn(8) ?? false {
            throw FileError(operation: "read", path: FilePath(call.path), number: Errno.interrupted.rawValue)
        }
        guard noise?.oneIn(4) ?? false else { return Outcome() }
        return Outcome(part: 1 + (noise?.below(count) ?? 0))
    }
}
