/// The runs of an index at one moment, and what of them is in memory.
///
/// It never changes; a new one takes its place.
final class IndexSnapshot: Sendable {
    /// How many lines of a run's filters are read from disk before it is worth having them in memory.
    static let filterReadsMax = 64

    /// One run in use.
    struct Slot: Sendable {
        let run: IndexRun
        /// Whether its filters fit into the memory that the index may take.
        let mayHoldFilters: Bool
        fileprivate(set) var ids: FilterMemory?
        fileprivate(set) var subjects: FilterMemory?
    }

    /// Which ranges are in use.
    let cover: RunCover
    /// The runs to look things up in, ascending; those past a hole too, for what they say is true.
    let active: [Slot]
    /// The filters of `active` that are in memory, in the same order; valid while this object lives.
    let idFilters: [FilterView?]
    /// The same for subjects.
    let subjectFilters: [FilterView?]
    /// Runs that say nothing that those in use do not say.
    let redundant: [IndexRun]

    /// Chooses from `runs`.
    ///
    /// Filters that `previous` held are kept as far as `memoryMax` bytes allow; those of small runs first, because a
    /// run costs a lookup the same whatever its size.
    init(
        runs: [IndexRun], firstSequence: UInt64, filtersOf previous: IndexSnapshot? = nil, memoryMax: Int = 0
    ) {
        let cover = RunCover(runs.map(\.range), firstSequence: firstSequence)
        let byRange = Dictionary(runs.map { ($0.range, $0) }) { _, last in last }
        let active = (cover.active + cover.detached).compactMap { byRange[$0] }
        let used = Set(active.map(ObjectIdentifier.init))
        var left = memoryMax
        var fitting: Set<ObjectIdentifier> = []
        for run in active.sorted(by: { $0.filterBytes < $1.filterBytes }) where run.filterBytes <= left {
            left -= run.filterBytes
            fitting.insert(ObjectIdentifier(run))
        }
        self.cover = cover
        redundant = runs.filter { !used.contains(ObjectIdentifier($0)) }
        let slots = active.map { run in
            let fits = fitting.contains(ObjectIdentifier(run))
            let held = fits ? previous?.active.first { $0.run === run } : nil
            return Slot(run: run, mayHoldFilters: fits, ids: held?.ids, subjects: held?.subjects)
        }
        self.active = slots
        idFilters = slots.map { $0.ids?.view }
        subjectFilters = slots.map { $0.subjects?.view }
    }

    private init(_ other: IndexSnapshot, active: [Slot]) {
        cover = other.cover
        redundant = other.redundant
        self.active = active
        idFilters = active.map { $0.ids?.view }
        subjectFilters = active.map { $0.subjects?.view }
    }

    /// All runs that are open.
    var runs: [IndexRun] { inUse + redundant }

    /// The runs that are in use.
    var inUse: [IndexRun] { active.map(\.run) }

    /// The same with the filters of `run` in memory, if it is in use and may.
    func holding(ids: FilterMemory, subjects: FilterMemory, of run: IndexRun) -> IndexSnapshot {
        var active = active
        for index in active.indices where active[index].run === run && active[index].mayHoldFilters {
            active[index].ids = ids
            active[index].subjects = subjects
        }
        return IndexSnapshot(self, active: active)
    }

    /// Neighbouring runs that are worth joining; `nil`: none.
    func runsToMerge() -> [IndexRun]? {
        var group: [IndexRun] = []
        var best: [IndexRun]?
        for run in active.map(\.run) {
            if let last = group.last, run.range.lowerBound > last.range.upperBound { group = [] }
            group.append(run)
            let sizes = group.map { $0.header.section(.ids).rows + $0.header.section(.subjects).rows + 1 }
            guard let choice = RunMerge.choice(sizes: sizes), choice.count >= best?.count ?? 0 else { continue }
            best = Array(group[choice])
        }
        return best
    }
}
