/// A request on its way to the committing thread, and the caller who waits for it.
final class Ticket: Sendable {
    let request: PreparedRequest
    private let continuation: CheckedContinuation<[Acknowledgement], any Error>

    init(request: PreparedRequest, continuation: CheckedContinuation<[Acknowledgement], any Error>) {
        self.request = request
        self.continuation = continuation
    }

    /// What the request counts in the queue.
    var bytes: Int { request.byteCount }

    /// Wakes the caller.
    ///
    /// Called exactly once.
    func answer(_ result: Result<[Acknowledgement], AppendError>) {
        switch result {
        case .success(let acknowledgements): continuation.resume(returning: acknowledgements)
        case .failure(let error): continuation.resume(throwing: error)
        }
    }

    func withdraw() { continuation.resume(throwing: CancellationError()) }
}

/// Requests that wait for the committing thread, first come first served, and whose turn it is to commit.
///
/// Only so many bytes are queued; whoever comes then waits in front of the queue, and is let in in the order of coming.
/// One thread commits at a time: it has the turn. Mostly that is the committing thread; a caller who is alone may take
/// the turn instead and commit for himself.
final class CommitQueue: Sendable {
    private struct State {
        var waiting: [(number: UInt64, ticket: Ticket)] = []
        /// The bytes of `waiting`.
        var waitingBytes = 0
        /// Callers that wait until the queue has room, oldest first, with what they bring.
        var outside: [Outside] = []
        /// Whether somebody has the turn.
        var isCommitting = false
        /// How many requests were taken the last time.
        var lastCount = 1
        /// Whether the committing thread is to do what comes after a commit for a caller who had the turn.
        var isFollowUpDue = false
        var nextNumber: UInt64 = 0
        /// Numbers that were given out but are not queued yet, with whether they were withdrawn since.
        var arriving: [UInt64: Bool] = [:]
        var isClosed = false
        var finishes = false
        var hasEnded = false
        var enders: [CheckedContinuation<Void, Never>] = []
    }

    private struct Outside {
        var number: UInt64
        var bytes: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let state = Monitor(State())
    private let batchBytesMax: Int
    private let waitingBytesMax: Int
    /// Events of one batch at most, so that type numbers fit.
    private static let batchEventsMax = 60_000

    init(batchBytesMax: Int, waitingBytesMax: Int) {
        self.batchBytesMax = batchBytesMax
        self.waitingBytesMax = waitingBytesMax
    }

    /// Queues a request and waits for its answer.
    ///
    /// Cancelling withdraws it as long as it was not taken into a batch.
    func submit(_ request: PreparedRequest) async throws -> [Acknowledgement] {
        let bytes = request.byteCount
        let (number, hasRoom) = state.withLock { state in
            state.nextNumber += 1
            state.arriving[state.nextNumber] = false
            let hasRoom = state.outside.isEmpty && fits(bytes, state)
            // Room is taken at once, so that nobody who comes later gets it.
            if hasRoom { state.waitingBytes += bytes }
            return (state.nextNumber, hasRoom)
        }
        return try await withTaskCancellationHandler {
            if !hasRoom { try await room(for: bytes, number) }
            return try await enqueue(request, number)
        } onCancel: {
            withdraw(number)
        }
    }

    /// Whether so many bytes more may be queued; an empty queue takes any request.
    private func fits(_ bytes: Int, _ state: State) -> Bool {
        state.waitingBytes == 0 || state.waitingBytes + bytes <= waitingBytesMax
    }

    /// Returns once room was taken for this caller.
    private func room(for bytes: Int, _ number: UInt64) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isCancelled = state.withLock { state in
                if state.arriving[number] ?? false {
                    state.arriving[number] = nil
                    return true
                }
                state.outside.append(Outside(number: number, bytes: bytes, continuation: continuation))
                return false
            }
            if isCancelled { continuation.resume(throwing: CancellationError()) }
            admit()
        }
    }

    /// Lets in those outside for whom there is room now; all, once the queue is closed: they are told so inside.
    private func admit() {
        let admitted = state.withLock { state in
            var count = 0
            while count < state.outside.count, state.isClosed || fits(state.outside[count].bytes, state) {
                state.waitingBytes += state.outside[count].bytes
                count += 1
            }
            defer { state.outside.removeSubrange(..<count) }
            return state.outside[..<count].map(\.continuation)
        }
        for continuation in admitted { continuation.resume() }
    }

    private func enqueue(_ request: PreparedRequest, _ number: UInt64) async throws -> [Acknowledgement] {
        try await withCheckedThrowingContinuation { continuation in
            let ticket = Ticket(request: request, continuation: continuation)
            let (isClosed, isCancelled) = state.withLock(wakes: true) { state in
                let isCancelled = state.arriving.removeValue(forKey: number) ?? false
                if !state.isClosed && !isCancelled {
                    state.waiting.append((number, ticket))
                } else {
                    state.waitingBytes -= ticket.bytes
                }
                return (state.isClosed, isCancelled)
            }
            if isCancelled {
                ticket.withdraw()
            } else if isClosed {
                ticket.answer(
                    .failure(AppendError(code: .closed, message: "the writer is closed; open the log again")))
            }
            if isCancelled || isClosed { admit() }
        }
    }

    private func withdraw(_ number: UInt64) {
        let resume: (() -> Void)? = state.withLock { state in
            if let index = state.waiting.firstIndex(where: { $0.number == number }) {
                let ticket = state.waiting.remove(at: index).ticket
                state.waitingBytes -= ticket.bytes
                return ticket.withdraw
            }
            if let index = state.outside.firstIndex(where: { $0.number == number }) {
                state.arriving[number] = nil
                let continuation = state.outside.remove(at: index).continuation
                return { continuation.resume(throwing: CancellationError()) }
            }
            // What was taken into a batch goes its way.
            if state.arriving[number] != nil { state.arriving[number] = true }
            return nil
        }
        resume?()
        admit()
    }

    /// The bytes that are queued, for tests.
    var waitingBytes: Int { state.withLock { $0.waitingBytes } }
    /// The callers in front of the queue, for tests.
    var callersOutside: Int { state.withLock { $0.outside.count } }

    /// Takes the turn for a caller who is alone, so that neither he nor the committing thread need be woken; false if
    /// there is anybody else, or if the last ones came together.
    func takeTurn() -> Bool {
        state.withLock { state in
            guard !state.isClosed, !state.isCommitting, !state.isFollowUpDue, state.lastCount <= 1,
                state.waitingBytes == 0, state.outside.isEmpty
            else { return false }
            state.isCommitting = true
            return true
        }
    }

    /// Gives the turn back.
    ///
    /// - Parameter leavingFollowUp: whether the committing thread takes the turn next, without requests if need be.
    func endTurn(leavingFollowUp: Bool = false) {
        let isAwaited = state.withLock { state in
            state.isCommitting = false
            state.isFollowUpDue = leavingFollowUp
            return leavingFollowUp || state.isClosed || !state.waiting.isEmpty
        }
        if isAwaited { state.withLock(wakes: true) { _ in } }
    }

    /// Waits for requests, takes the turn and as many of them as one batch may hold.
    ///
    /// None if there is only what a caller has left to do; nil once the queue is closed and empty.
    func take() -> [Ticket]? {
        defer { admit() }
        return state.wait { (state: inout State) -> [Ticket]?? in
            if state.isCommitting { return nil }
            if state.isFollowUpDue {
                state.isFollowUpDue = false
                state.isCommitting = true
                return .some([])
            }
            if state.waiting.isEmpty { return state.isClosed ? .some(nil) : nil }
            var bytes = 0
            var events = 0
            var count = 0
            for (_, ticket) in state.waiting {
                if count > 0,
                    bytes + ticket.bytes > batchBytesMax
                        || events + ticket.request.events.count > Self.batchEventsMax
                {
                    break
                }
                bytes += ticket.bytes
                events += ticket.request.events.count
                count += 1
            }
            let taken = state.waiting[..<count].map(\.ticket)
            state.waiting.removeSubrange(..<count)
            state.waitingBytes -= bytes
            state.lastCount = count
            state.isCommitting = true
            return .some(taken)
        }
    }

    /// Takes no more requests.
    func close(finishing: Bool) {
        state.withLock(wakes: true) { state in
            state.finishes = state.finishes || finishing
            state.isClosed = true
        }
        admit()
    }

    var finishesRepacking: Bool { state.withLock { $0.finishes } }

    /// The committing thread has let go of the log.
    func ended() {
        let enders = state.withLock { state in
            state.hasEnded = true
            defer { state.enders = [] }
            return state.enders
        }
        for ender in enders { ender.resume() }
    }

    /// Returns once the committing thread has let go of the log.
    func end() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.enders.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
