/// Counts paths into the figures of an answer.
struct FunnelTally {
    private struct StageTally {
        var reached = 0
        var current = 0
        var converted = 0
        var undecided = 0
        var overLimit = 0
        var value = MoneyTally()
        var lengths: [Int64] = []
        var ages: [Int64] = []
    }

    /// The place of each stage in the order.
    private let ranks: [Int]
    /// Per stage, in microseconds.
    private let limits: [Int64?]
    private var tallies: [StageTally]
    private var counts = (open: 0, won: 0, lost: 0, moved: 0)
    private var reasons: [Int32: Int] = [:]
    private var openValue = MoneyTally()
    private var wonValue = MoneyTally()
    private var lostValue = MoneyTally()
    private var wonCycles: [Int64] = []
    private var lostCycles: [Int64] = []
    /// The first visits of one path; kept so that it is one piece of memory for all of them.
    private var firstVisits: [(stage: Int, isConverted: Bool)] = []

    init(order: [Int], limits: [Int64?]) {
        var ranks = Array(repeating: 0, count: order.count)
        for (rank, stage) in order.enumerated() { ranks[stage] = rank }
        self.ranks = ranks
        self.limits = limits
        tallies = Array(repeating: StageTally(), count: order.count)
    }

    mutating func add(_ path: FunnelPaths.Path, of paths: FunnelPaths) {
        addVisits(path, of: paths)
        if path.outcome == .open, let current = path.current {
            tallies[current].current += 1
            tallies[current].ages.append(max(0, path.age))
            if let limit = limits[current], path.age > limit { tallies[current].overLimit += 1 }
            if let amount = path.amount { tallies[current].value.add(amount, path.currency) }
        }
        switch path.outcome {
        case .open:
            counts.open += 1
            if let amount = path.amount { openValue.add(amount, path.currency) }
        case .won:
            counts.won += 1
            if let cycle = path.cycle { wonCycles.append(cycle) }
            if let amount = path.amount { wonValue.add(amount, path.currency) }
        case .lost:
            counts.lost += 1
            reasons[path.reason, default: 0] += 1
            if let cycle = path.cycle { lostCycles.append(cycle) }
            if let amount = path.amount { lostValue.add(amount, path.currency) }
        case .moved:
            counts.moved += 1
        case .passed:
            break
        }
    }

    private mutating func addVisits(_ path: FunnelPaths.Path, of paths: FunnelPaths) {
        // Backwards, so that what came later than a visit is known; a stage counts by its first visit, so later ones
        // are overwritten by earlier ones.
        var furthest = -1
        firstVisits.removeAll(keepingCapacity: true)
        for index in path.visits.reversed() {
            let visit = paths.visits[index]
            if visit.length >= 0 { tallies[visit.stage].lengths.append(visit.length) }
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

    /// The figures; `definitions` are per place in the order.
    func figures(
        _ paths: FunnelPaths, order: [Int], definitions: [FunnelPipelines.Stage?], names: FunnelNames
    ) -> FunnelAnswer.Figures {
        let stages = zip(order, definitions).map { index, definition in
            stage(tallies[index], paths.stages[index], definition, names)
        }
        let lostByReason = reasons.map {
            FunnelAnswer.Reason(reason: names.text($0.key) ?? FunnelPipelines.noStage, count: $0.value)
        }.sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        let decided = counts.won + counts.lost
        let weighted = stages.compactMap(\.weightedValue)
        return FunnelAnswer.Figures(
            stages: stages, opportunities: counts.open + counts.won + counts.lost + counts.moved, open: counts.open,
            won: counts.won, lost: counts.lost, moved: counts.moved,
            winRate: decided > 0 ? Double(counts.won) / Double(decided) : nil, lostByReason: lostByReason,
            overLimit: tallies.reduce(0) { $0 + $1.overLimit },
            cycleWon: DurationFigures(microseconds: wonCycles), cycleLost: DurationFigures(microseconds: lostCycles),
            openValue: openValue.sums(names), weightedValue: weighted.isEmpty ? nil : MoneySums.total(weighted),
            wonValue: wonValue.sums(names), lostValue: lostValue.sums(names))
    }

    private func stage(
        _ tally: StageTally, _ name: String, _ definition: FunnelPipelines.Stage?, _ names: FunnelNames
    ) -> FunnelAnswer.Stage {
        let decided = tally.reached - tally.undecided
        let value = tally.value.sums(names)
        return FunnelAnswer.Stage(
            stage: name, reached: tally.reached, current: tally.current, converted: tally.converted,
            undecided: tally.undecided, conversion: decided > 0 ? Double(tally.converted) / Double(decided) : nil,
            value: value, probability: definition?.probability,
            weightedValue: definition?.probability.map { value.weighted(by: $0) }, limitDays: definition?.limitDays,
            overLimit: tally.overLimit, timeInStage: DurationFigures(microseconds: tally.lengths),
            age: DurationFigures(microseconds: tally.ages))
    }
}

/// Sums of money on their way: per number of a currency.
struct MoneyTally {
    // A funnel has one currency, or a handful: looking through them beats hashing.
    private var sums: [(currency: Int32, sum: DecimalAmount?)] = []

    mutating func add(_ amount: DecimalAmount, _ currency: Int32) {
        guard let known = sums.firstIndex(where: { $0.currency == currency }) else {
            return sums.append((currency, amount))
        }
        sums[known].sum = sums[known].sum.flatMap { $0.adding(amount) }
    }

    func sums(_ names: FunnelNames) -> MoneySums {
        var result = MoneySums()
        for (currency, sum) in sums { result.add(sum: sum, names.text(currency)) }
        return result
    }
}
