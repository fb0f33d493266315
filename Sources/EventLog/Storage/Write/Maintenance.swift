import Synchronization

/// What is done behind the writer's back: indexing closed segments, joining index runs, repacking.
///
/// One thread of low priority; everything it makes is derived from lines, so it may be cut off at any moment.
final class Maintenance: Sendable {
    private struct State {
        var toIndex: [RecentEvents] = []
        var toRepack: [UInt64] = []
        var isBusy = false
        var stops = false
        /// Once stopping: whether what is queued is still done.
        var finishes = false
        var hasEnded = false
        var problems: [String] = []
    }

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
        state.withLock { $0.toRepack = options.repacks ? opened.unpacked : [] }
    }

    /// Starts the thread; it holds this object until `stop`.
    func start() {
        DedicatedThread.start(nice: 10) { self.run() }
    }

    /// Takes up a segment that was closed.
    func segmentClosed(_ events: RecentEvents) {
        state.withLock(wakes: true) { state in
            state.toIndex.append(events)
            if options.repacks { state.toRepack.append(events.segment) }
        }
    }

    /// Returns once few enough closed segments wait: appends must not run away from repacking.
    func waitForRoom() {
        state.wait { state in
            let waiting = max(state.toRepack.count, state.toIndex.count)
            return waiting <= options.closedSegmentsMax || state.hasEnded ? () : nil
        }
    }

    /// Ends the thread, after what is queued if `finishing`, and returns once it has ended.
    func stop(finishing: Bool) {
        state.withLock(wakes: true) { state in
            state.stops = true
            state.finishes = finishing
        }
        state.wait { $0.hasEnded ? () : nil }
    }

    /// What went wrong behind the scenes, for `statistics`.
    var problems: [String] { state.withLock { $0.problems } }

    private enum Job {
        case index(RecentEvents)
        case repack(UInt64)
        case end
    }

    private func run() {
        joinRuns()
        while true {
            let job = state.wait { (state: inout State) -> Job? in
                if state.stops && !state.finishes { return .end }
                if let events = state.toIndex.first { return .index(events) }
                if options.repacks, let first = state.toRepack.first { return .repack(first) }
                return state.stops ? .end : nil
            }
            switch job {
            case .index(let events):
                add(events)
                state.withLock(wakes: true) { _ = $0.toIndex.removeFirst() }
                joinRuns()
            case .repack(let first):
                repack(first)
                state.withLock(wakes: true) { _ = $0.toRepack.removeFirst() }
            case .end:
                state.withLock(wakes: true) { $0.hasEnded = true }
                return
            }
        }
    }

    private var isCancelled: Bool { state.withLock { $0.stops && !$0.finishes } }

    private func report(_ problem: String) { state.withLock { $0.problems.append(problem) } }

    /// Without its run a segment's keys stay in memory, and the next opening makes the run; nothing is lost.
    private func add(_ events: RecentEvents) {
        do throws(IndexError) {
            try index.addRun(
                from: events.firstSequence, to: events.endSequence, ids: events.ids, subjects: events.subjectEntries)
            events.isIndexed.store(true, ordering: .releasing)
        } catch {
            report(error.description)
        }
    }

    private func joinRuns() {
        do throws(IndexError) {
            while try index.mergeIfNeeded(cancelled: { self.isCancelled }) {}
        } catch {
            if error.code != .cancelled { report(error.description) }
        }
    }

    private func repack(_ first: UInt64) {
        do {
            try repacker.repack(first, isCancelled: { self.isCancelled })
        } catch {
            report("\(error)")
        }
    }
}
