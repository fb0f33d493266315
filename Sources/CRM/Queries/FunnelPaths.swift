/// The ways of opportunities, or leads, through one pipeline, ready to be counted.
struct FunnelPaths {
    enum Outcome { case open, won, lost, moved }

    struct Visit {
        /// Index into `stages`.
        var stage: Int
        /// The length of the stay in microseconds; `nil` while in it, and for a stage passed without a stay.
        var length: Int64?
    }

    struct Path {
        var visits: [Visit] = []
        var outcome: Outcome
        /// The stage an open one is in, and for how many microseconds.
        var current: Int?
        var age: Int64 = 0
        var amount: DecimalAmount?
        var currency: String?
        var group: String?
        var reason: String?
    }

    /// The stages in the order in which they were first met.
    private(set) var stages: [String] = []
    /// The first event that entered each.
    private(set) var firstSequences: [Int64] = []
    private var indexes: [String: Int] = [:]
    var paths: [Path] = []

    /// The index of a stage, which `sequence` entered.
    mutating func stage(_ name: String, _ sequence: Int64) -> Int {
        if let index = indexes[name] {
            firstSequences[index] = min(firstSequences[index], sequence)
            return index
        }
        indexes[name] = stages.count
        stages.append(name)
        firstSequences.append(sequence)
        return stages.count - 1
    }

    /// The indexes of all stages in order: the defined ones as defined, then the others as observed.
    ///
    /// Observed means: X stands before Y if, of the paths through both, more entered X first. A stage's place is by how
    /// many others it stands before, less how many stand before it; ties go to the lower average place among the
    /// stages of a path, then to the stage that was entered first, then to the name.
    mutating func order(defined: [String]?) -> [Int] {
        for name in defined ?? [] { _ = stage(name, .max) }
        let observed = StagePrecedence(stageCount: stages.count, paths: paths.lazy.map(\.visits))
        let places = (defined ?? []).enumerated().reduce(into: [String: Int]()) { $0[$1.element] = $1.offset }
        return stages.indices.sorted { left, right in
            let (leftPlace, rightPlace) = (places[stages[left]] ?? .max, places[stages[right]] ?? .max)
            if leftPlace != rightPlace { return leftPlace < rightPlace }
            if observed.scores[left] != observed.scores[right] { return observed.scores[left] > observed.scores[right] }
            let (leftMean, rightMean) = (observed.meanPlace(left), observed.meanPlace(right))
            if leftMean != rightMean { return leftMean < rightMean }
            if firstSequences[left] != firstSequences[right] { return firstSequences[left] < firstSequences[right] }
            return stages[left] < stages[right]
        }
    }
}

/// Which stage usually comes before which.
struct StagePrecedence {
    /// Beyond this many stages pairs are not counted; the average place decides alone.
    static let pairedStagesMax = 256

    /// Per stage: how many others it stands before, less how many stand before it.
    private(set) var scores: [Int]
    private var placeSums: [Int]
    private var counts: [Int]

    init(stageCount: Int, paths: some Sequence<[FunnelPaths.Visit]>) {
        scores = Array(repeating: 0, count: stageCount)
        placeSums = scores
        counts = scores
        let isPaired = stageCount <= Self.pairedStagesMax
        var before = Array(repeating: 0, count: isPaired ? stageCount * stageCount : 0)
        var isMet = Array(repeating: false, count: stageCount)
        var met: [Int] = []
        for visits in paths {
            for visit in visits where !isMet[visit.stage] {
                if isPaired { for earlier in met { before[earlier * stageCount + visit.stage] += 1 } }
                placeSums[visit.stage] += met.count
                counts[visit.stage] += 1
                isMet[visit.stage] = true
                met.append(visit.stage)
            }
            for stage in met { isMet[stage] = false }
            met.removeAll(keepingCapacity: true)
        }
        guard isPaired else { return }
        for left in 0..<stageCount {
            for right in 0..<stageCount {
                let balance = before[left * stageCount + right] - before[right * stageCount + left]
                scores[left] += balance.signum()
            }
        }
    }

    func meanPlace(_ stage: Int) -> Double {
        counts[stage] == 0 ? .infinity : Double(placeSums[stage]) / Double(counts[stage])
    }
}

/// Counts paths into the figures of an answer.
struct FunnelTally {
    private struct StageTally {
        var reached = 0
        var current = 0
        var converted = 0
        var undecided = 0
        var value = MoneySums()
        var lengths: [Int64] = []
        var ages: [Int64] = []
    }

    /// The place of each stage in the order.
    private let ranks: [Int]
    private var tallies: [StageTally]
    private var counts = (open: 0, won: 0, lost: 0, moved: 0)
    private var reasons: [String: Int] = [:]
    private var openValue = MoneySums()
    private var wonValue = MoneySums()
    private var lostValue = MoneySums()

    init(order: [Int]) {
        var ranks = Array(repeating: 0, count: order.count)
        for (rank, stage) in order.enumerated() { ranks[stage] = rank }
        self.ranks = ranks
        tallies = Array(repeating: StageTally(), count: order.count)
    }

    mutating func add(_ path: FunnelPaths.Path) {
        addVisits(path)
        if path.outcome == .open, let current = path.current {
            tallies[current].current += 1
            tallies[current].ages.append(max(0, path.age))
            if let amount = path.amount { tallies[current].value.add(amount, path.currency) }
        }
        switch path.outcome {
        case .open:
            counts.open += 1
            if let amount = path.amount { openValue.add(amount, path.currency) }
        case .won:
            counts.won += 1
            if let amount = path.amount { wonValue.add(amount, path.currency) }
        case .lost:
            counts.lost += 1
            reasons[path.reason ?? FunnelPipelines.noStage, default: 0] += 1
            if let amount = path.amount { lostValue.add(amount, path.currency) }
        case .moved:
            counts.moved += 1
        }
    }

    private mutating func addVisits(_ path: FunnelPaths.Path) {
        // Backwards, so that what came later than a visit is known; a stage counts by its first visit, so later ones
        // are overwritten by earlier ones.
        var furthest = -1
        var firstVisits: [(stage: Int, isConverted: Bool)] = []
        for visit in path.visits.reversed() {
            if let length = visit.length { tallies[visit.stage].lengths.append(length) }
            let rank = ranks[visit.stage]
            let isConverted = path.outcome == .won || furthest > rank
            if let known = firstVisits.firstIndex(where: { $0.stage == visit.stage }) {
                firstVisits[known].isConverted = isConverted
            } else {
                firstVisits.append((visit.stage, isConverted))
            }
            furthest = max(furthest, rank)
        }
        for (stage, isConverted) in firstVisits {
            tallies[stage].reached += 1
            if isConverted {
                tallies[stage].converted += 1
            } else if path.outcome == .open {
                tallies[stage].undecided += 1
            }
        }
    }

    func figures(_ paths: FunnelPaths, order: [Int]) -> FunnelAnswer.Figures {
        let stages = order.map { index in
            let tally = tallies[index]
            let decided = tally.reached - tally.undecided
            return FunnelAnswer.Stage(
                stage: paths.stages[index], reached: tally.reached, current: tally.current,
                converted: tally.converted, undecided: tally.undecided,
                conversion: decided > 0 ? Double(tally.converted) / Double(decided) : nil, value: tally.value,
                timeInStage: DurationFigures(microseconds: tally.lengths),
                age: DurationFigures(microseconds: tally.ages))
        }
        let lostByReason = reasons.map { FunnelAnswer.Reason(reason: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        let decided = counts.won + counts.lost
        return FunnelAnswer.Figures(
            stages: stages, opportunities: counts.open + counts.won + counts.lost + counts.moved, open: counts.open,
            won: counts.won, lost: counts.lost, moved: counts.moved,
            winRate: decided > 0 ? Double(counts.won) / Double(decided) : nil, lostByReason: lostByReason,
            openValue: openValue, wonValue: wonValue, lostValue: lostValue)
    }
}
