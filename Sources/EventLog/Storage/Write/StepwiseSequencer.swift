package import SystemPackage

/// The sequencer of this process without its threads: whoever holds it says when it commits and when it does a piece
/// of what is else done in the background.
///
/// The same code as behind `LocalSequencer`, for simulations that must run the same way each time. Used by one thread;
/// calls may be nested by a file layer that calls back, but not a call within one of the same kind.
package final class StepwiseSequencer {
    private let committer: Committer

    private init(_ committer: Committer) { self.committer = committer }

    /// Opens a log for appending.
    ///
    /// - Throws: `LogError`, as `LocalSequencer.open`.
    package static func open(
        _ directory: FilePath, options: LogOptions, files: any FileLayer, clock: @escaping @Sendable () -> Instant
    ) throws -> StepwiseSequencer {
        StepwiseSequencer(try Committer.open(directory, options: options, files: files, clock: clock))
    }

    /// Commits the requests as one batch, and answers each by its place: exactly once, in no order.
    package func commit(
        _ requests: [AppendRequest], answer: (Int, Result<[Acknowledgement], AppendError>) -> Void
    ) {
        committer.commit(requests.map { PreparedRequest($0, committer.store.hash) }, answer: answer)
        committer.store.rollIfFull()
    }

    /// What waits to be done in the background.
    package var nextJob: BackgroundJob? { committer.store.maintenance.nextJob }

    /// Does that.
    package func maintain() {
        if let job = nextJob { committer.store.maintenance.step(job) }
    }

    /// What went wrong in the background, the last few.
    package var backgroundProblems: [String] { committer.store.maintenance.problems }

    /// Lets go of the log.
    package func close() {
        committer.store.close()
        committer.store.lock.release()
    }
}

/// What is done behind a writer's back.
package enum BackgroundJob: String, Sendable {
    /// Making the index run of a closed segment.
    case index
    /// Joining runs.
    case merge
    /// Repacking a closed segment.
    case repack
}
