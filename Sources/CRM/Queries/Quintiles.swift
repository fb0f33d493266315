/// Fifths of a population by one value.
enum Quintiles {
    /// The fifth of each value, 1 for the least to 5 for the greatest.
    ///
    /// Values in order take the places ½, 1½, 2½ … of n; equal values share the middle of their places, and the fifth
    /// is where that place lies in n. So equal customers are never told apart, with fewer than five distinct values
    /// some fifths stay empty, and where all are equal everyone is in the third.
    static func of<Value>(_ values: [Value], by precedes: (Value, Value) -> Bool) -> [Int] {
        let order = values.indices.sorted { precedes(values[$0], values[$1]) }
        var fifths = Array(repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, !precedes(values[order[start]], values[order[end]]) { end += 1 }
            // The middle of the places start + ½ … end − ½ is (start + end) / 2.
            let fifth = 1 + 5 * (start + end) / (2 * order.count)
            for place in start..<end { fifths[order[place]] = min(5, fifth) }
            start = end
        }
        return fifths
    }
}

/// Recency, frequency and monetary value of a customer, each as a fifth of all customers of the currency: 5 is best.
public struct RFM: Encodable, Sendable, Equatable {
    /// How recent the last purchase day is.
    public var recency: Int
    /// How many purchase days there are.
    public var frequency: Int
    /// How much was spent.
    public var monetary: Int
    /// The three digits, as in `545`.
    public var code: String { "\(recency)\(frequency)\(monetary)" }

    enum CodingKeys: String, CodingKey { case recency, frequency, monetary, code }

    /// Encodes the three fifths and the code.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(recency, forKey: .recency)
        try container.encode(frequency, forKey: .frequency)
        try container.encode(monetary, forKey: .monetary)
        try container.encode(code, forKey: .code)
    }
}

/// Figures over the days between purchases.
///
/// A quantile is the nearest rank, as in `DurationFigures`: one that occurred.
public struct GapFigures: Encodable, Sendable, Equatable {
    /// How many gaps.
    public var count: Int
    /// Half of them have at most as many days.
    @OrNull public var median: Int64?
    /// Nine in ten have at most as many days.
    @OrNull public var p90: Int64?
    /// Their mean in days.
    @OrNull public var mean: Double?

    enum CodingKeys: String, CodingKey {
        case count
        case median = "median_days"
        case p90 = "p90_days"
        case mean = "mean_days"
    }

    init(_ gaps: [Int64]) {
        let sorted = gaps.sorted()
        count = sorted.count
        median = DurationFigures.nearestRank(sorted, 1, of: 2)
        p90 = DurationFigures.nearestRank(sorted, 9, of: 10)
        mean = sorted.isEmpty ? nil : Double(sorted.reduce(0, +)) / Double(sorted.count)
    }
}
