/// Exact sums of money per currency; amounts of different currencies are never added.
public struct MoneySums: Encodable, Sendable, Equatable {
    /// The sum per ISO 4217 currency; `XXX` stands for amounts that name none, `nil` for a sum that does not fit.
    public private(set) var sums: [String: DecimalAmount?] = [:]

    /// Nothing.
    public init() {}

    /// Adds an amount.
    public mutating func add(_ amount: DecimalAmount, _ currency: String?) { add(sum: amount, currency) }

    /// Adds a sum, which may be one that does not fit.
    mutating func add(sum: DecimalAmount?, _ currency: String?) {
        let currency = currency ?? PurchasesLedger.noCurrency
        guard let known = sums[currency] else {
            sums[currency] = .some(sum)
            return
        }
        sums[currency] = .some(known.flatMap { known in sum.flatMap { known.adding($0) } })
    }

    /// Every sum times a share, exactly.
    func weighted(by share: Double) -> MoneySums {
        let factor = DecimalAmount("\(share)")
        var result = MoneySums()
        for (currency, sum) in sums {
            result.add(sum: sum.flatMap { sum in factor.flatMap { sum.multiplied(by: $0) } }, currency)
        }
        return result
    }

    /// The sums of sums.
    static func total(_ parts: [MoneySums]) -> MoneySums {
        var result = MoneySums()
        for part in parts { for (currency, sum) in part.sums { result.add(sum: sum, currency) } }
        return result
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
        count = lengths.count
        guard count > 0 else { return }
        var numbers = lengths
        // What is below the ninetieth place holds the median.
        let place = Self.place(9, of: 10, count: count)
        p90 = Self.seconds(Self.select(place, of: &numbers, below: count))
        median = Self.seconds(Self.select(Self.place(1, of: 2, count: count), of: &numbers, below: place + 1))
        mean = Double(numbers.reduce(into: Int128(0)) { $0 += Int128($1) }) / Double(count) / 1e6
    }

    private static func place(_ part: Int, of whole: Int, count: Int) -> Int {
        max((count * part + whole - 1) / whole, 1) - 1
    }

    /// The number at a place among the first `end` in order, which are put in such an order that all before the place
    /// are at most as large (Hoare, "Algorithm 65: find", 1961).
    private static func select(_ place: Int, of numbers: inout [Int64], below end: Int) -> Int64 {
        var (low, high) = (0, end - 1)
        var rounds = 0
        while low < high {
            rounds += 1
            guard rounds < 64 else {
                // Hardly ever: numbers in an order made to be slow.
                numbers[low...high].sort()
                break
            }
            let (first, middle, last) = (numbers[low], numbers[(low + high) / 2], numbers[high])
            let pivot = max(min(first, middle), min(max(first, middle), last))
            var (left, right) = (low, high)
            while left <= right {
                while numbers[left] < pivot { left += 1 }
                while numbers[right] > pivot { right -= 1 }
                guard left <= right else { break }
                numbers.swapAt(left, right)
                left += 1
                right -= 1
            }
            if place <= right { high = right } else if place >= left { low = left } else { break }
        }
        return numbers[place]
    }

    static func nearestRank(_ sorted: [Int64], _ part: Int, of whole: Int) -> Int64? {
        sorted.isEmpty ? nil : sorted[place(part, of: whole, count: sorted.count)]
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
