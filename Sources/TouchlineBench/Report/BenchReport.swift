/// What a benchmark found: rows of figures beside their limits.
package struct BenchReport: Sendable, Encodable {
    /// Which benchmark it was.
    package var benchmark: String
    /// Where it ran.
    package var machine: Machine
    /// What it ran on.
    package var data: BenchData
    /// How often each figure was taken.
    package var runs: Int
    /// The figures.
    package var rows: [BenchRow]
    /// What to know when reading them.
    package var notes: [String] = []
    /// Cores that others used meanwhile, on average.
    package var foreign_cores: Double
    /// Whether others were so busy, or a limit varied so much, that the figures say little.
    package var noisy: Bool

    /// Whether every budget was kept.
    package var isMet: Bool { rows.allSatisfy { $0.kept ?? true } }
}

/// The events a benchmark ran on.
package struct BenchData: Sendable, Encodable {
    /// `synthetic`, or where they came from.
    package var name: String
    /// What ids they have; nil if they came from somewhere.
    package var ids: SyntheticLife.IDs?
    /// How many there are; of a file that was not read to its end, as many as were read.
    package var events: UInt64
    /// Bytes of their lines as a sender writes them, where that is known.
    package var raw_bytes: UInt64?
}

/// One figure, the limit that was measured beside it, and its budget.
package struct BenchRow: Sendable, Encodable {
    /// A name that stays.
    package var name: String
    /// What the figure counts, as in `events/s`, `us`, `s`, `bytes` or `bytes/byte`.
    package var unit: String
    /// The figure, over all runs.
    package var figure: Spread
    /// The limit in the same unit, measured in the same process, in turn with the figure.
    package var limit: Spread?
    /// What the limit is.
    package var limit_is: String?
    /// The figure by the limit, run by run.
    package var ratio: Spread?
    /// What was set as a goal; kept or missed by the median.
    package var budget: BenchBudget?

    /// Whether the budget was kept; nil without one.
    package var kept: Bool? {
        guard let budget else { return nil }
        switch budget.of {
        case .figure: return budget.isKept(figure.median)
        case .ratio: return ratio.map { budget.isKept($0.median) } ?? false
        }
    }

    private enum Key: String, CodingKey { case name, unit, figure, limit, limit_is, ratio, budget, kept }

    package func encode(to encoder: any Encoder) throws {
        // What is not there is null: the keys are always the same.
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(unit, forKey: .unit)
        try container.encode(figure, forKey: .figure)
        try container.encode(limit, forKey: .limit)
        try container.encode(limit_is, forKey: .limit_is)
        try container.encode(ratio, forKey: .ratio)
        try container.encode(budget, forKey: .budget)
        try container.encode(kept, forKey: .kept)
    }
}

/// A goal: of the figure itself, or of its ratio to the limit.
package struct BenchBudget: Sendable, Encodable {
    /// What it is a goal of.
    package enum Subject: String, Sendable, Encodable { case figure, ratio }

    /// What it is a goal of.
    package var of: Subject
    /// No less than this.
    package var at_least: Double?
    /// No more than this.
    package var at_most: Double?

    /// No less than this.
    package static func atLeast(_ value: Double, _ of: Subject) -> BenchBudget { BenchBudget(of: of, at_least: value) }

    /// No more than this.
    package static func atMost(_ value: Double, _ of: Subject) -> BenchBudget { BenchBudget(of: of, at_most: value) }

    func isKept(_ value: Double) -> Bool { value >= at_least ?? -.infinity && value <= at_most ?? .infinity }
}
