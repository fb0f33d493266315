/// The ways of opportunities, or leads, through one pipeline, ready to be counted.
///
/// All visits stand in one array, so that a hundred thousand ways are a few pieces of memory.
struct FunnelPaths {
    enum Outcome {
        case open, won, lost
        /// It went on to another pipeline.
        case moved
        /// It was told to be in a stage of this one after it was closed in another: it never stayed here.
        case passed
    }

    struct Visit {
        /// Index into `stages`.
        var stage: Int
        /// The length of the stay in microseconds; -1 while in it, and for a stage passed without a stay.
        var length: Int64
    }

    struct Path {
        /// Where its visits stand.
        var visits = 0..<0
        var outcome: Outcome
        /// The stage an open one is in, and for how many microseconds.
        var current: Int?
        var age: Int64 = 0
        /// From opening to closing in microseconds, less the time it was closed before.
        var cycle: Int64?
        var amount: DecimalAmount?
        /// Numbers of `names`.
        var currency = FunnelNames.none
        var group = FunnelNames.none
        var reason = FunnelNames.none
    }

    /// A length that is not known.
    static let noLength: Int64 = -1

    /// The stages in the order in which they were first met.
    private(set) var stages: [String] = []
    private var indexes: [String: Int] = [:]
    private(set) var visits: [Visit] = []
    private(set) var paths: [Path] = []

    /// The index of a stage.
    mutating func stage(_ name: String) -> Int {
        if let index = indexes[name] { return index }
        indexes[name] = stages.count
        stages.append(name)
        return stages.count - 1
    }

    /// Adds a visit to the path that is added next.
    mutating func visit(_ stage: Int, length: Int64) {
        visits.append(Visit(stage: stage, length: length))
    }

    /// Adds a path with the visits since the last one.
    mutating func add(_ path: Path) {
        var path = path
        path.visits = (paths.last?.visits.upperBound ?? 0)..<visits.count
        paths.append(path)
    }

    /// The indexes of all stages in order: the defined ones as defined, then the others as observed.
    ///
    /// Observed means: X stands before Y if, of the paths through both, more entered X first. A stage's place is by how
    /// many others it stands before, less how many stand before it; ties go to the lower average place among the
    /// stages of a path, then to the stage that was entered first, then to the name.
    ///
    /// - Parameter firstSequences: the event that first entered each stage, asked for only where it decides.
    mutating func order(defined: [String]?, firstSequences: () throws -> [String: Int64]) rethrows -> [Int] {
        for name in defined ?? [] { _ = stage(name) }
        let places = (defined ?? []).enumerated().reduce(into: [String: Int]()) { $0[$1.element] = $1.offset }
        if stages.allSatisfy({ places[$0] != nil }) {
            return stages.indices.sorted { places[stages[$0], default: 0] < places[stages[$1], default: 0] }
        }
        let observed = StagePrecedence(self)
        let keys = stages.indices.map { index in
            (place: places[stages[index]] ?? .max, score: -observed.scores[index], mean: observed.meanPlace(index))
        }
        var isTied = false
        let sorted = stages.indices.sorted { keys[$0] < keys[$1] }
        for (left, right) in zip(sorted, sorted.dropFirst()) where keys[left] == keys[right] { isTied = true }
        guard isTied else { return sorted }
        let sequences = try firstSequences()
        return sorted.sorted { left, right in
            if keys[left] != keys[right] { return keys[left] < keys[right] }
            let (first, second) = (sequences[stages[left]] ?? .max, sequences[stages[right]] ?? .max)
            return (first, stages[left]) < (second, stages[right])
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

    init(_ paths: FunnelPaths) {
        let stageCount = paths.stages.count
        scores = Array(repeating: 0, count: stageCount)
        placeSums = scores
        counts = scores
        let isPaired = stageCount <= Self.pairedStagesMax
        var before = Array(repeating: 0, count: isPaired ? stageCount * stageCount : 0)
        var isMet = Array(repeating: false, count: stageCount)
        var met: [Int] = []
        for path in paths.paths {
            for visit in paths.visits[path.visits] where !isMet[visit.stage] {
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
