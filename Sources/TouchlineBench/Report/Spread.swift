/// What several runs of one measurement gave.
package struct Spread: Sendable, Equatable, Encodable {
    /// The middle one; of an even number of runs the mean of the middle two.
    package var median: Double
    /// The least.
    package var min: Double
    /// The greatest.
    package var max: Double

    /// The spread of one value.
    init(_ value: Double) {
        median = value
        min = value
        max = value
    }

    /// The spread of `values`; nil if there are none.
    package init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let half = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
        min = first
        max = last
    }
}
