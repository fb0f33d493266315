import SystemPackage

/// Commits groups of requests: decides each, writes what is new as one batch, answers.
///
/// Everything in it belongs to one thread at a time: hence `@unchecked Sendable`.
final class Committer: @unchecked Sendable {
    let store: LogStore
    private let reader: LogReader
    private let clock: @Sendable () -> Instant

    private init(store: LogStore, reader: LogReader, clock: @escaping @Sendable () -> Instant) {
        self.store = store
        self.reader = reader
        self.clock = clock
    }

    /// Opens the log for its one writer.
    ///
    /// - Throws: `LogError`.
    static func open(
        _ directory: FilePath, options: LogOptions, files: any FileLayer, clock: @escaping @Sendable () -> Instant
    ) throws -> Committer {
        let opening = LogOpening(paths: LogPaths(directory: directory), files: files, options: options)
        let store = LogStore(try opening.open(), options: options)
        return Committer(store: store, reader: try LogReader.open(directory, files: files), clock: clock)
    }

    /// Commits what comes until the queue is closed and empty, then lets go of the log.
    func run(_ queue: CommitQueue) {
        while let tickets = queue.take() {
            commit(tickets.map(\.request)) { tickets[$0].answer($1) }
            store.rollIfFull()
            queue.endTurn()
        }
        store.close()
        store.maintenance.stop(finishing: queue.finishesRepacking)
        store.lock.release()
        queue.ended()
    }

    /// Commits the requests as one batch, and answers each by its place: exactly once, in no order.
    ///
    /// The segment may be full then: `rollIfFull` comes next, when nobody waits for it.
    func commit(
        _ requests: [PreparedRequest], answer: (Int, Result<[Acknowledgement], AppendError>) -> Void
    ) {
        if let obstacle = store.obstacle() {
            for place in requests.indices { answer(place, .failure(obstacle)) }
            return
        }
        var planner = BatchPlanner(store: store, reader: reader, now: clock())
        var planned: [(place: Int, acknowledgements: [Acknowledgement])] = []
        // Refused perhaps because of events of this very batch: true only once the batch is stored.
        var refused: [(place: Int, error: AppendError)] = []
        planned.reserveCapacity(requests.count)
        for (place, request) in requests.enumerated() {
            do throws(AppendError) {
                planned.append((place, try planner.add(request)))
            } catch {
                if planner.batch.isEmpty { answer(place, .failure(error)) } else { refused.append((place, error)) }
            }
        }
        let durable = store.nextSequence
        do throws(AppendError) {
            if !planner.batch.isEmpty { try store.commit(planner.batch) }
            for (place, acknowledgements) in planned { answer(place, .success(acknowledgements)) }
            for (place, error) in refused { answer(place, .failure(error)) }
        } catch {
            for (place, _) in refused { answer(place, .failure(error)) }
            for (place, acknowledgements) in planned {
                // Only repeats of what was durable before: nothing about them is unknown.
                let isOld = acknowledgements.allSatisfy { $0.isDuplicate && $0.sequence < durable }
                answer(place, isOld ? .success(acknowledgements) : .failure(error))
            }
        }
    }

    /// Commits one request for its caller, who has the turn; the segment is not closed meanwhile.
    func commit(_ request: PreparedRequest) throws(AppendError) -> [Acknowledgement] {
        var result: Result<[Acknowledgement], AppendError>?
        commit([request]) { result = $1 }
        guard let result else {
            throw AppendError(code: .outcomeUnknown, message: "the request was not answered; open the log again")
        }
        return try result.get()
    }
}
