/// What the models need to know of one customer: how often he came back, when last, and since when he is known.
///
/// The unit of time is free, but one and the same everywhere; Touchline uses weeks (days / 7). Several purchases on
/// one day are one.
public struct PurchaseHistory: Sendable, Hashable {
    /// x: the number of repeat purchases, the first not counted.
    public var repeats: Int
    /// t_x: time from the first purchase to the last; 0 without a repeat.
    public var recency: Double
    /// T: time from the first purchase to now.
    public var age: Double

    /// Makes a history; values that cannot be are brought to the nearest that can (0 ≤ t_x ≤ T, x ≥ 0).
    public init(repeats: Int, recency: Double, age: Double) {
        let age = age > 0 && age.isFinite ? age : 0
        self.repeats = max(0, repeats)
        self.age = age
        self.recency = repeats > 0 && recency > 0 ? min(recency, age) : 0
    }
}

/// The sufficient statistics of many customers: each distinct (x, t_x, T) once, with how many have it.
///
/// Sorted, so that sums over them do not depend on the order in which customers came.
public struct PurchaseStatistics: Sendable {
    /// One distinct history.
    public struct Group: Sendable, Equatable {
        /// The history.
        public var history: PurchaseHistory
        /// How many customers have it.
        public var count: Int
        /// Indexes into `repeatCounts` and `times`, so that what depends on one value is computed once.
        var repeatsIndex: Int
        var recencyIndex: Int
        var ageIndex: Int
        /// Indexes into `recencyPairs` and `agePairs`.
        var recencyPairIndex = 0
        var agePairIndex = 0
    }

    /// A number of repeats with a time, as indexes into `repeatCounts` and `times`.
    struct Pair: Sendable, Hashable {
        var repeatsIndex: Int
        var timeIndex: Int
    }

    /// The distinct histories, by x, then t_x, then T.
    public let groups: [Group]
    /// All customers.
    public let customers: Int
    /// Customers with a repeat purchase.
    public let repeatBuyers: Int
    /// Mean of x and of T over the customers; 0 if there are none.
    public let meanRepeats: Double
    /// Mean of T over the customers; 0 if there are none.
    public let meanAge: Double
    /// The distinct x, ascending.
    let repeatCounts: [Int]
    /// The distinct t_x and T, ascending.
    let times: [Double]
    /// The distinct (x, t_x), in the order of the groups: far fewer than groups, as are the next.
    let recencyPairs: [Pair]
    /// The distinct (x, T), likewise.
    let agePairs: [Pair]

    /// Groups `histories`.
    public init(_ histories: some Sequence<PurchaseHistory>) {
        var sorted = Array(histories)
        sorted.sort { ($0.repeats, $0.recency, $0.age) < ($1.repeats, $1.recency, $1.age) }
        let repeatCounts = Self.distinct(sorted.map(\.repeats))
        let times = Self.distinct((sorted.map(\.recency) + sorted.map(\.age)).sorted())
        var groups: [Group] = []
        for history in sorted {
            if let last = groups.last, last.history == history {
                groups[groups.count - 1].count += 1
            } else {
                groups.append(
                    Group(
                        history: history, count: 1, repeatsIndex: Self.index(of: history.repeats, in: repeatCounts),
                        recencyIndex: Self.index(of: history.recency, in: times),
                        ageIndex: Self.index(of: history.age, in: times)))
            }
        }
        recencyPairs = Self.pair(&groups, \.recencyIndex, \.recencyPairIndex)
        agePairs = Self.pair(&groups, \.ageIndex, \.agePairIndex)
        self.groups = groups
        self.repeatCounts = repeatCounts
        self.times = times
        customers = sorted.count
        repeatBuyers = sorted.reduce(0) { $0 + ($1.repeats > 0 ? 1 : 0) }
        let total = Double(max(1, sorted.count))
        meanRepeats = Double(sorted.reduce(0) { $0 + $1.repeats }) / total
        meanAge = sorted.reduce(0.0) { $0 + $1.age } / total
    }

    /// Numbers the distinct pairs of repeats and one time, and tells each group its number.
    private static func pair(
        _ groups: inout [Group], _ time: KeyPath<Group, Int>, _ place: WritableKeyPath<Group, Int>
    ) -> [Pair] {
        var pairs: [Pair] = []
        var places: [Pair: Int] = [:]
        for index in groups.indices {
            let pair = Pair(repeatsIndex: groups[index].repeatsIndex, timeIndex: groups[index][keyPath: time])
            let known = places[pair]
            groups[index][keyPath: place] = known ?? pairs.count
            guard known == nil else { continue }
            places[pair] = pairs.count
            pairs.append(pair)
        }
        return pairs
    }

    private static func distinct<Value: Equatable>(_ sorted: [Value]) -> [Value] {
        sorted.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    private static func index<Value: Comparable>(of value: Value, in sorted: [Value]) -> Int {
        var (low, high) = (0, sorted.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
