/// A request on its way to the committing thread, and the caller who waits for it.
final class Ticket: Sendable {
    let request: AppendRequest
    let bytes: Int
    private let continuation: CheckedContinuation<[Acknowledgement], any Error>

    init(request: AppendRequest, bytes: Int, continuation: CheckedContinuation<[Acknowledgement], any Error>) {
        self.request = request
        self.bytes = bytes
        self.continuation = continuation
    }

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

/// Requests that wait for the committing thread, first come first served.
final class CommitQueue: Sendable {
    private struct State {
        var waiting: [(number: UInt64, ticket: Ticket)] = []
        var nextNumber: UInt64 = 0
        /// Numbers that were given out but are not queued yet, with whether they were withdrawn since.
        var arriving: [UInt64: Bool] = [:]
        var isClosed = false
        var finishes = false
        var hasEnded = false
        var enders: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Monitor(State())
    private let batchBytesMax: Int
    /// Events of one batch at most, so that type numbers fit.
    private static let batchEventsMax = 60_000

    init(batchBytesMax: Int) {
        self.batchBytesMax = batchBytesMax
    }

    /// Queues a request and waits for its answer.
    ///
    /// Cancelling withdraws it as long as it was not taken into a batch.
    func submit(_ request: AppendRequest) async throws -> [Acknowledgement] {
        let bytes = request.events.reduce(0) { $0 + $1.byteCount }
        let number = state.withLock { state in
            state.nextNumber += 1
            state.arriving[state.nextNumber] = false
            return state.nextNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ticket = Ticket(request: request, bytes: bytes, continuation: continuation)
                let (isClosed, isCancelled) = state.withLock(wakes: true) { state in
                    let isCancelled = state.arriving.removeValue(forKey: number) ?? false
                    if !state.isClosed && !isCancelled { state.waiting.append((number, ticket)) }
                    return (state.isClosed, isCancelled)
                }
                if isCancelled {
                    ticket.withdraw()
                } else if isClosed {
                    ticket.answer(.failure(AppendError(code: .closed, message: "the writer is closed")))
                }
            }
        } onCancel: {
            withdraw(number)
        }
    }

    private func withdraw(_ number: UInt64) {
        let ticket: Ticket? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                // What was taken into a batch goes its way.
                if state.arriving[number] != nil { state.arriving[number] = true }
                return nil
            }
            return state.waiting.remove(at: index).ticket
        }
        ticket?.withdraw()
    }

    /// Waits for requests and takes as many as one batch may hold; nil once the queue is closed and empty.
    func take() -> [Ticket]? {
        state.wait { (state: inout State) -> [Ticket]?? in
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
            return .some(taken)
        }
    }

    /// Takes no more requests.
    func close(finishing: Bool) {
        state.withLock(wakes: true) { state in
            state.finishes = state.finishes || finishing
            state.isClosed = true
        }
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
