/// Takes keys out of batches on a second thread, while the caller reads and checks the batches that follow.
///
/// All file calls stay the caller's. So little is in flight (`waitingBytesMax`) that memory does not grow with the
/// segment, and a segment that is all but empty costs no thread. Used by one thread; `finish` hands out the tables.
final class KeyPipeline {
    private let worker: Worker
    private var pending: [Piece] = []
    private var pendingBytes = 0
    private var hasThread = false
    private var next: UInt64

    /// A batch, and the place in it of the first event that is wanted.
    fileprivate struct Piece: Sendable {
        let content: BatchContent
        let first: Int
    }

    /// Lines that go to the other thread at once: many batches, while these are small.
    private static let chunkBytes = 512 << 10

    init(_ events: RecentEvents, _ hash: KeyedHash) {
        worker = Worker(events: events, hash: hash)
        next = events.endSequence
    }

    /// Nobody waits for what is left: the tables are given up.
    deinit { worker.close() }

    /// Adds the events of a batch that the tables do not have yet; one that starts past the next event must not come.
    func add(_ content: BatchContent) {
        guard content.endSequence > next else { return }
        pending.append(Piece(content: content, first: Int(next - content.firstSequence)))
        pendingBytes += content.lines.count
        next = content.endSequence
        if pendingBytes >= Self.chunkBytes { hand() }
    }

    private func hand() {
        if !hasThread { hasThread = worker.start() }
        guard hasThread else { return workHere() }
        worker.take(pending, bytes: pendingBytes)
        pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
    }

    private func workHere() {
        for piece in pending { worker.add(piece) }
        pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
    }

    /// The tables, once all is in them.
    func finish() -> RecentEvents {
        if hasThread {
            hand()
            worker.close()
            worker.waitForEnd()
        } else {
            workHere()
        }
        return worker.events
    }
}

/// The second thread.
///
/// Nobody else touches `events` between `start` and the return of `waitForEnd`.
private final class Worker: Sendable {
    private struct State {
        var waiting: [[KeyPipeline.Piece]] = []
        var waitingBytes = 0
        var isClosed = false
        var hasEnded = false
    }

    let events: RecentEvents
    private let hash: KeyedHash
    private let state = Monitor(State())

    /// Lines that wait; the caller then waits too.
    private static let waitingBytesMax = 4 << 20

    init(events: RecentEvents, hash: KeyedHash) {
        self.events = events
        self.hash = hash
    }

    /// Whether there is a thread now.
    func start() -> Bool {
        do throws(FileError) {
            try DedicatedThread.start { self.run() }
            return true
        } catch {
            return false
        }
    }

    func take(_ pieces: [KeyPipeline.Piece], bytes: Int) {
        state.wait { $0.waitingBytes <= Self.waitingBytesMax ? () : nil }
        state.withLock(wakes: true) { state in
            state.waiting.append(pieces)
            state.waitingBytes += bytes
        }
    }

    func close() { state.withLock(wakes: true) { $0.isClosed = true } }

    func waitForEnd() { state.wait { $0.hasEnded ? () : nil } }

    func add(_ piece: KeyPipeline.Piece) { events.add(piece.content, from: piece.first, hash) }

    private func run() {
        while true {
            let pieces = state.wait { (state: inout State) -> [KeyPipeline.Piece]?? in
                if state.waiting.isEmpty { return state.isClosed ? .some(nil) : nil }
                return state.waiting.removeFirst()
            }
            guard let pieces else { break }
            for piece in pieces { add(piece) }
            let bytes = pieces.reduce(0) { $0 + $1.content.lines.count }
            state.withLock(wakes: true) { $0.waitingBytes -= bytes }
        }
        state.withLock(wakes: true) { $0.hasEnded = true }
    }
}
