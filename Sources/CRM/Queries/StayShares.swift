/// What became of the stays in one stage that are over and done with: of those that lasted at least so long, how many
/// led to a win, and how soon.
struct StayShares {
    /// A stay of an opportunity that was closed, or moved to another pipeline, in the end.
    struct Sample {
        /// How long it lasted, in microseconds.
        var length: Int64
        /// From its beginning until the opportunity was won; nil if it was not.
        var untilWon: Int64?
    }

    /// What history says to one open opportunity.
    struct Outlook {
        /// How many stays it is compared with.
        var comparables: Int
        /// Per horizon, how many of these were won within it.
        var won: [Int]
    }

    /// Fewer stays than this say little.
    static let comparablesMin = 10

    private var samples: [Sample] = []

    /// How many stays there are.
    var count: Int { samples.count }
    /// How many of them led to a win.
    var wonCount: Int { samples.count { $0.untilWon != nil } }

    mutating func add(_ sample: Sample) { samples.append(sample) }

    /// The outlook of opportunities that have been in the stage for these times, in microseconds.
    ///
    /// - Parameter horizons: from now on, ascending.
    func outlooks(ages: [Int64], horizons: [Int64]) -> [Outlook] {
        let longestFirst = samples.sorted { ($1.length, $1.untilWon ?? .max) < ($0.length, $0.untilWon ?? .max) }
        let wins = longestFirst.compactMap(\.untilWon).sorted()
        var counted = CountTree(wins.count)
        var result = [Outlook](
            repeating: Outlook(comparables: 0, won: Array(repeating: 0, count: horizons.count)), count: ages.count)
        var added = 0
        for index in ages.indices.sorted(by: { ages[$0] > ages[$1] }) {
            let age = ages[index]
            while added < longestFirst.count, longestFirst[added].length >= age {
                if let won = longestFirst[added].untilWon { counted.add(Self.place(after: won, in: wins) - 1) }
                added += 1
            }
            result[index].comparables = added
            for (number, horizon) in horizons.enumerated() {
                let (latest, overflow) = age.addingReportingOverflow(horizon)
                let place = overflow ? wins.count : Self.place(after: latest, in: wins)
                result[index].won[number] = counted.count(below: place)
            }
        }
        return result
    }

    /// How many of the ascending numbers are at most this one.
    private static func place(after number: Int64, in ascending: [Int64]) -> Int {
        var (low, high) = (0, ascending.count)
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Counts at places, and how many there are below a place (Fenwick, "A new data structure for cumulative frequency
/// tables", 1994).
private struct CountTree {
    private var sums: [Int]

    init(_ count: Int) { sums = Array(repeating: 0, count: count + 1) }

    mutating func add(_ place: Int) {
        var index = place + 1
        while index < sums.count {
            sums[index] += 1
            index += index & -index
        }
    }

    func count(below place: Int) -> Int {
        var index = place
        var total = 0
        while index > 0 {
            total += sums[index]
            index -= index & -index
        }
        return total
    }
}
