import EventLog

/// Where the partitions of a rebuild begin: each is a range of subjects, in the order of their bytes.
///
/// As the rows of every table are in that order too, partitions that are committed one after the other add to the ends
/// of the tables, where SQLite is quickest, and every page is written once. Which subjects there are is estimated
/// from events taken evenly out of the log; the bounds are kept in the half-built file, so that a rebuild that goes on
/// has the same ones.
struct PartitionBounds: Sendable {
    /// The first subject of each partition after the first one, ascending; equal ones have nothing between them.
    let starts: [ByteText]

    /// The partition that a subject is in: the number of starts that are not after it.
    func partition(of subject: ByteText) -> Int {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if subject < starts[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The subjects of consecutive partitions.
    func subjects(of partitions: Range<Int>) -> SubjectRange {
        // Without a bound the first partition has them all.
        if starts.isEmpty, partitions.lowerBound > 0 { return SubjectRange(lower: ByteText(""), upper: ByteText("")) }
        return SubjectRange(
            lower: partitions.lowerBound > 0 ? starts[min(partitions.lowerBound, starts.count) - 1] : nil,
            upper: partitions.upperBound <= starts.count ? starts[partitions.upperBound - 1] : nil)
    }

    // MARK: - The estimate

    /// Places of the log that are looked at, at least.
    private static let placesMin = 64
    /// Events taken from each.
    private static let eventsPerPlace: UInt64 = 256

    /// Bounds between which about as many events lie each.
    static func estimate(from reader: LogReader, before target: UInt64, partitions: Int) throws -> PartitionBounds {
        let events = target - min(target, reader.firstSequence)
        let places = UInt64(max(placesMin, partitions))
        var subjects: [ByteText] = []
        for place in 0..<min(places, events) {
            let (product, low) = place.multipliedFullWidth(by: events)
            let start = reader.firstSequence + places.dividingFullWidth((product, low)).quotient
            let end = min(target, start + min(eventsPerPlace, events / places + 1))
            var cursor = reader.cursor(from: start, to: end, passingGaps: true)
            while let batch = try cursor.nextBatch() { subjects += batch.compactMap { $0.subject.map(ByteText.init) } }
        }
        subjects.sort()
        guard !subjects.isEmpty else { return PartitionBounds(starts: []) }
        return PartitionBounds(starts: (1..<partitions).map { subjects[$0 * subjects.count / partitions] })
    }
}

/// A range of subjects in the order of their bytes.
struct SubjectRange: Sendable {
    /// The first subject inside; nil = there is none before it.
    let lower: ByteText?
    /// The first subject outside; nil = there is none.
    let upper: ByteText?

    func contains(_ subject: ByteText) -> Bool {
        if let lower, subject < lower { return false }
        if let upper, !(subject < upper) { return false }
        return true
    }

    /// Tells subjects inside by their bytes; nil if all subjects are.
    var filter: ((Span<UInt8>) -> Bool)? {
        if lower == nil, upper == nil { return nil }
        let lower = lower.map { Array($0.text.utf8) } ?? []
        let upper = upper.map { Array($0.text.utf8) }
        return { subject in
            if SubjectOrder.compare(subject, lower.span) < 0 { return false }
            guard let upper else { return true }
            return SubjectOrder.compare(subject, upper.span) < 0
        }
    }
}
