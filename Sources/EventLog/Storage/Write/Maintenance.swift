import CKernel
import Synchronization

/// What is done behind the writer's back: indexing closed segments, joining index runs, repacking.
///
/// One thread of low priority; everything it makes is derived from lines, so it may be cut off at any moment.
final class Maintenance: Sendable {
    private struct State {
        var toIndex: [RecentEvents] = []
        var toRepack: [UInt64] = []
        /// Whether the thread was started; else the work is done in steps.
        var hasThread = false
        /// Whether a step is being done.
        var isStepping = false
        var stops = false
        /// Once stopping: whether what is queued is still done.
        var finishes = false
        var hasEnded = false
        /// The last few.
        var problems: [String] = []
        /// Why the oldest of `toIndex` could not be indexed, and when that is tried again.
        var indexFailure: IndexError?
        var nextAttempt: ContinuousClock.Instant?

        /// What is to be indexed now; nil while nothing is, or what failed is not tried again yet.
        var dueToIndex: RecentEvents? { nextAttempt.map { $0 <= .now } ?? true ? toIndex.first : nil }
    }

    private static let problemsMax = 20
    /// Closed segments that may wait for their index run before appends wait for it: what a writer that is killed
    /// leaves to the next is then read in a moment.
    static let unindexedMax = 1
    private static let secondsBetweenAttempts = 60

    private let state: Monitor<State>
    private let index: LogIndex
    private let repacker: Repacker
    private let options: LogOptions

    init(_ opened: OpenedLog, options: LogOptions) {
        state = Monitor(State())
        index = opened.index
        repacker = Repacker(
            paths: opened.paths, files: opened.files, identity: opened.identity, options: options)
        self.options = options
        state.withLock {
            $0.toRepack = options.repacks ? opened.unpacked : []
            $0.toIndex = opened.unindexed
        }
    }

    /// Starts the thread; it holds this object until `stop`.
    func start() throws(FileError) {
        state.withLock { $0.hasThread = true }
        try DedicatedThread.start(nice: 10) { self.run() }
    }

    /// Takes up a segment that was closed.
    func segmentClosed(_ events: RecentEvents) {
        state.withLock(wakes: true) { state in
            state.toIndex.append(events)
            state.nextAttempt = nil
            if options.repacks { state.toRepack.append(events.segment) }
        }
    }

    /// Returns once few enough closed segments wait: appends must not run away from repacking.
    ///
    /// An index that cannot be written is not waited for: appends are refused then, and say why.
    func waitForRoom() {
        // Without a thread the work is done here.
        while state.withLock({ !$0.hasThread && !$0.isStepping && !hasRoom($0) }), let job = nextQueued { step(job) }
        state.wait { state in hasRoom(state) || state.hasEnded || !state.hasThread ? () : nil }
    }

    private func hasRoom(_ state: State) -> Bool {
        let hasIndexed = state.toIndex.count <= Self.unindexedMax || state.indexFailure != nil
        return hasIndexed && state.toRepack.count <= options.closedSegmentsMax
    }

    /// What is to be done next; nil if nothing.
    var nextJob: BackgroundJob? { nextQueued != .index && index.needsMerge ? .merge : nextQueued }

    private var nextQueued: BackgroundJob? {
        state.withLock { state in
            let repacks = options.repacks && !state.toRepack.isEmpty
            // What just failed must not keep the other from being done.
            if !state.toIndex.isEmpty, state.indexFailure == nil || !repacks { return .index }
            return repacks ? .repack : nil
        }
    }

    /// Does one job on the calling thread, whatever the time; only where no thread was started.
    func step(_ job: BackgroundJob) {
        guard state.withLock({ !$0.isStepping && !$0.hasThread }) else { return }
        state.withLock { $0.isStepping = true }
        defer { state.withLock { $0.isStepping = false } }
        switch job {
        case .index: if let events = state.withLock({ $0.toIndex.first }) { _ = add(events) }
        case .merge: joinRuns(once: true)
        case .repack: repackFirst()
        }
    }

    /// Why the oldest segment that waits could not be indexed; nil if none failed.
    var indexFailure: IndexError? { state.withLock { $0.indexFailure } }

    /// Tries at once what failed.
    func tryAgain() { state.withLock(wakes: true) { $0.nextAttempt = nil } }

    /// Ends the thread, after what is queued if `finishing`, and returns once it has ended.
    func stop(finishing: Bool) {
        state.withLock(wakes: true) { state in
            state.stops = true
            state.finishes = finishing
            state.nextAttempt = nil
        }
        state.wait { $0.hasEnded ? () : nil }
    }

    /// What went wrong behind the scenes, for `statistics`.
    var problems: [String] { state.withLock { $0.problems } }

    private enum Job {
        case index(RecentEvents)
        case repack
        case end
    }

    private func run() {
        joinRuns()
        while true {
            let job = state.wait(seconds: Self.secondsBetweenAttempts) { (state: inout State) -> Job? in
                // Also when stopping: it is quick, and the next writer would have to read the segment again.
                if let events = state.dueToIndex { return .index(events) }
                if state.stops && !state.finishes { return .end }
                if options.repacks, !state.toRepack.isEmpty { return .repack }
                return state.stops ? .end : nil
            }
            switch job {
            case nil: continue
            case .index(let events):
                if add(events) { joinRuns() }
                kernel_give_back_memory()
            case .repack:
                repackFirst()
                joinRuns()
                kernel_give_back_memory()
            case .end:
                state.withLock(wakes: true) { $0.hasEnded = true }
                return
            }
        }
    }

    private var isCancelled: Bool { state.withLock { $0.stops && !$0.finishes } }

    /// Asked by long work again and again: whether to give it up.
    ///
    /// A segment that was closed meanwhile is indexed here.
    private func pause() -> Bool {
        while let events = state.withLock({ $0.dueToIndex }), add(events) {}
        return isCancelled
    }

    private func report(_ problem: String) {
        state.withLock { state in
            if state.problems.count >= Self.problemsMax { state.problems.removeFirst() }
            state.problems.append(problem)
        }
    }

    /// Without its run a segment's keys stay in memory; it is tried again, and no later segment goes before it, for
    /// lookups take what is in memory for newer than the index.
    private func add(_ events: RecentEvents) -> Bool {
        let isLastAttempt = state.withLock { $0.stops }
        do throws(IndexError) {
            try index.addRun(
                from: events.firstSequence, to: events.endSequence, ids: events.idEntries,
                subjects: events.subjectEntries)
            events.isIndexed.store(true, ordering: .releasing)
            state.withLock(wakes: true) { state in
                state.toIndex.removeFirst()
                state.indexFailure = nil
            }
            return true
        } catch {
            report(error.description)
            state.withLock(wakes: true) { state in
                state.indexFailure = error
                // Asked to stop meanwhile: it is tried once more.
                let isTriedAgain = state.stops && !isLastAttempt
                state.nextAttempt = isTriedAgain ? nil : .now + .seconds(Self.secondsBetweenAttempts)
            }
            return false
        }
    }

    private func joinRuns(once: Bool = false) {
        do throws(IndexError) {
            while try index.mergeIfNeeded(cancelled: pause), !once {}
        } catch {
            if error.code != .cancelled { report(error.description) }
        }
    }

    private func repackFirst() {
        guard let first = state.withLock({ $0.toRepack.first }) else { return }
        // Out of the queue in any case: what failed is for the next writer.
        defer { state.withLock(wakes: true) { _ = $0.toRepack.removeFirst() } }
        do {
            try repacker.repack(first, isCancelled: pause)
        } catch {
            report("\(error)")
        }
    }
}
