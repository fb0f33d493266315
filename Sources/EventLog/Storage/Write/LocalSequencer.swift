public import SystemPackage

/// The sequencer of this process: all writers waiting share one batch, one write, one sync.
///
/// One dedicated thread takes whole requests in the order they came, decides each, and hands the batch to the log's
/// store; then it acknowledges them. A caller of `append` is suspended until its events are durable. So many bytes are
/// queued at most (`LogOptions.waitingBytesMax`); who comes then waits in front of the queue.
///
/// A caller who is alone, with a small request, commits on his own thread: waking the committing thread and being woken
/// by it would take half as long as the sync itself. So at most one thread of the shared pool waits for the disk.
public final class LocalSequencer: Sequencer, Sendable {
    private let queue: CommitQueue
    private let committer: Committer
    private let options: LogOptions
    private let maintenance: Maintenance
    private let hash: KeyedHash
    /// What opening had to read.
    package let opening: OpeningWork

    /// Bytes of a request that its caller may commit on his own thread.
    private static let ownBytesMax = 64 << 10

    private init(queue: CommitQueue, options: LogOptions, committer: Committer) {
        self.queue = queue
        self.options = options
        self.committer = committer
        maintenance = committer.store.maintenance
        hash = committer.store.hash
        opening = committer.store.opening
    }

    /// Opens a log for appending.
    ///
    /// One process can at a time.
    ///
    /// - Parameters:
    /// - directory: the log's folder, as it was made by `EventLog.create`.
    /// - clock: where `recordedtime` comes from. If it is behind the log's last, that one is used again.
    /// - Throws: `LogError`: `notALog`, `otherVersion`, `locked`, `readOnly`, `damaged` …. Rot in the active segment
    /// does not stop opening: `append` then throws `damaged`.
    public static func open(
        _ directory: FilePath, options: LogOptions = LogOptions(), clock: @escaping @Sendable () -> Instant
    ) throws -> LocalSequencer {
        try open(directory, options: options, files: SystemFiles(), clock: clock)
    }

    package static func open(
        _ directory: FilePath, options: LogOptions, files: any FileLayer, clock: @escaping @Sendable () -> Instant
    ) throws -> LocalSequencer {
        let committer = try Committer.open(directory, options: options, files: files, clock: clock)
        let maintenance = committer.store.maintenance
        let queue = CommitQueue(batchBytesMax: options.batchBytesMax, waitingBytesMax: options.waitingBytesMax)
        do throws(FileError) {
            try maintenance.start()
            do throws(FileError) {
                try DedicatedThread.start { committer.run(queue) }
            } catch {
                maintenance.stop(finishing: false)
                throw error
            }
        } catch {
            throw LogError(error)
        }
        return LocalSequencer(queue: queue, options: options, committer: committer)
    }

    deinit { queue.close(finishing: false) }

    /// Appends the events of one request, all or none; returns once they are durable.
    ///
    /// - Throws: `AppendError`, or `CancellationError` if the task was cancelled before a batch took the request.
    public func append(_ request: AppendRequest) async throws -> [Acknowledgement] {
        try check(request)
        let prepared = PreparedRequest(request, hash)
        if prepared.byteCount <= Self.ownBytesMax, !Task.isCancelled, queue.takeTurn() {
            defer { queue.endTurn(leavingFollowUp: committer.store.isFull) }
            return try committer.commit(prepared)
        }
        return try await queue.submit(prepared)
    }

    /// Stops taking requests, answers those that wait, and lets go of the log.
    ///
    /// - Parameter finishRepacking: whether closed segments that wait for it are repacked first; otherwise the next
    ///   writer does it.
    public func close(finishRepacking: Bool = false) async {
        queue.close(finishing: finishRepacking)
        await queue.end()
    }

    /// What went wrong behind the scenes since the log was opened (repacking, indexing); none of it loses events.
    public var backgroundProblems: [String] { maintenance.problems }

    /// All that can be checked without knowing the log, on the caller's own time.
    private func check(_ request: AppendRequest) throws(AppendError) {
        guard !request.events.isEmpty else {
            throw AppendError(code: .requestSize, message: "the request holds no event; send at least one")
        }
        guard request.events.count <= Limits.requestEventsMax else {
            throw AppendError(
                code: .requestSize,
                message: "the request holds \(request.events.count) events, over the limit of "
                    + "\(Limits.requestEventsMax); send it in parts")
        }
        var bytes = 0
        for (index, draft) in request.events.enumerated() {
            bytes += draft.byteCount
            do throws(LineError) {
                try draft.check(eventBytesMax: options.eventBytesMax)
            } catch {
                throw AppendError(code: .invalidEvent, eventIndex: index, message: error.description)
            }
            guard draft.byteCount <= options.eventBytesMax else {
                throw AppendError(
                    code: .invalidEvent, eventIndex: index,
                    message: "the event has \(draft.byteCount) bytes, over the limit of \(options.eventBytesMax); "
                        + "move large content elsewhere and send its address")
            }
        }
        guard bytes <= Limits.requestBytesMax else {
            throw AppendError(
                code: .requestSize,
                message: "the request has \(bytes) bytes, over the limit of \(Limits.requestBytesMax); send it in parts"
            )
        }
    }
}
