/// Which of the runs in a folder are in use.
///
/// A merge that was interrupted leaves both its result and the runs it joined. So of runs that cover the same
/// sequences the widest is used. What is used forms *chains* without a hole; a hole is what a dropped run leaves.
struct RunCover: Equatable {
    /// Runs to look things up in, ascending: all chains that start at or before the log's first sequence.
    ///
    /// (Ids are looked up for the log's whole life, even those whose segments were archived.)
    var active: [Range<UInt64>] = []
    /// Runs past a hole, ascending.
    ///
    /// What they say is true, but the hole hides what is in it.
    var detached: [Range<UInt64>] = []
    /// The end of the chain that holds the log's first sequence.
    var coveredTo: UInt64

    /// Chooses among `ranges`, none of them empty, for a log that starts at `firstSequence`.
    init(_ ranges: [Range<UInt64>], firstSequence: UInt64) {
        coveredTo = firstSequence
        let sorted = ranges.sorted {
            ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound)
        }
        var chain: [Range<UInt64>] = []
        var index = 0
        while index < sorted.count {
            chain = [sorted[index]]
            var end = sorted[index].upperBound
            index += 1
            while true {
                // Of all runs that start inside the chain or at its end, the one that reaches furthest.
                var widest: Range<UInt64>?
                while index < sorted.count, sorted[index].lowerBound <= end {
                    if sorted[index].upperBound > widest?.upperBound ?? end { widest = sorted[index] }
                    index += 1
                }
                guard let widest else { break }
                chain.append(widest)
                end = widest.upperBound
            }
            take(chain, end: end, firstSequence: firstSequence)
        }
    }

    private mutating func take(_ chain: [Range<UInt64>], end: UInt64, firstSequence: UInt64) {
        guard let start = chain.first?.lowerBound, start <= firstSequence else {
            detached += chain
            return
        }
        active += chain
        coveredTo = max(coveredTo, end)
    }

    /// The ranges below `end` that no run in use covers, from `coveredTo` on.
    func missing(upTo end: UInt64) -> [Range<UInt64>] {
        var missing: [Range<UInt64>] = []
        var next = coveredTo
        for range in detached where range.upperBound > next {
            if range.lowerBound > next, next < end { missing.append(next..<min(range.lowerBound, end)) }
            next = range.upperBound
        }
        if next < end { missing.append(next..<end) }
        return missing
    }

    /// Whether every sequence of `range` is covered by runs in use, so that a run of that range says nothing new.
    func covers(_ range: Range<UInt64>) -> Bool {
        var next = range.lowerBound
        for used in active + detached where used.lowerBound <= next && used.upperBound > next {
            next = used.upperBound
        }
        return next >= range.upperBound
    }
}
