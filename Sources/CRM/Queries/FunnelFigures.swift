/// Exact sums of money per currency; amounts of different currencies are never added.
public struct MoneySums: Encodable, Sendable, Equatable {
    /// The sum per ISO 4217 currency; `XXX` stands for amounts that name none, `nil` for a sum that does not fit.
    public private(set) var sums: [String: DecimalAmount?] = [:]

    /// Nothing.
    public init() {}

    /// Adds an amount.
    public mutating func add(_ amount: DecimalAmount, _ currency: String?) {
        let currency = currency ?? PurchasesLedger.noCurrency
        guard let known = sums[currency] else {
            sums[currency] = .some(amount)
            return
        }
        sums[currency] = .some(known.flatMap { $0.adding(amount) })
    }

    /// Encodes an object: currency → decimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(sums)
    }
}

/// Figures over lengths of time, in seconds.
///
/// A quantile is the nearest rank: of n lengths in order, the one at place ⌈q·n⌉. So it is always one that occurred.
public struct DurationFigures: Encodable, Sendable, Equatable {
    /// How many lengths.
    public var count: Int
    /// Half of them are at most this long.
    public var median: Double?
    /// Nine in ten are at most this long.
    public var p90: Double?
    /// Their mean.
    public var mean: Double?

    enum CodingKeys: String, CodingKey {
        case count
        case median = "median_seconds"
        case p90 = "p90_seconds"
        case mean = "mean_seconds"
    }

    /// The figures over these lengths, in microseconds and any order.
    public init(microseconds lengths: [Int64]) {
        let sorted = lengths.sorted()
        count = sorted.count
        median = Self.nearestRank(sorted, 1, of: 2).map(Self.seconds)
        p90 = Self.nearestRank(sorted, 9, of: 10).map(Self.seconds)
        let total = sorted.reduce(into: Int128(0)) { $0 += Int128($1) }
        mean = sorted.isEmpty ? nil : Double(total) / Double(sorted.count) / 1e6
    }

    static func nearestRank(_ sorted: [Int64], _ part: Int, of whole: Int) -> Int64? {
        guard !sorted.isEmpty else { return nil }
        let place = (sorted.count * part + whole - 1) / whole
        return sorted[max(place, 1) - 1]
    }

    private static func seconds(_ microseconds: Int64) -> Double { Double(microseconds) / 1e6 }

    /// Encodes every key, null where there is nothing.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(median, forKey: .median)
        try container.encode(p90, forKey: .p90)
        try container.encode(mean, forKey: .mean)
    }
}
