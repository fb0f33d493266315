import EventLog

/// What is left of one subject's known events once retractions have had their say, in the order of business.
struct EffectiveHistory {
    /// The events that hold, by (`time`, `sequence`), retractions left out.
    private(set) var events: [StoredEvent]
    /// Whether any retraction is among the known events.
    private(set) var hasRetractions: Bool
    /// Retractions that name no known event of the subject.
    private(set) var anomalies: [Anomaly] = []
    /// The events that a retraction in force takes back, retractions among them.
    private(set) var withdrawn: Set<EventKey> = []

    /// Resolves the known events of one subject, given in any order.
    ///
    /// - Parameter asOf: leave out what happened later; a retraction of such an event names a known one all the same.
    init(_ known: [StoredEvent], policy: FoldPolicy, asOf: Instant? = nil) {
        let retractions = known.filter { $0.type == policy.retractionType }
        hasRetractions = !retractions.isEmpty
        events = known
        if hasRetractions {
            withdrawn = withdrawnKeys(retractions, among: known, policy: policy)
            let taken = withdrawn
            events = known.filter { $0.type != policy.retractionType && !taken.contains(EventKey($0)) }
        }
        if asOf != nil { events = events.filter { policy.counts($0, asOf: asOf) } }
        sortIfNeeded()
    }

    private mutating func sortIfNeeded() {
        for index in events.indices.dropFirst() where !events[index - 1].precedes(events[index]) {
            events.sort { $0.precedes($1) }
            return
        }
    }

    /// The keys that a retraction in force names.
    ///
    /// A retraction is in force unless one in force names it; of retractions that name each other in a circle the
    /// latest is looked at first, so the answer is always the same.
    private mutating func withdrawnKeys(
        _ retractions: [StoredEvent], among known: [StoredEvent], policy: FoldPolicy
    ) -> Set<EventKey> {
        let latestFirst = retractions.sorted { $0.sequence > $1.sequence }
        let keys = latestFirst.map { EventKey($0) }
        let targets = latestFirst.map { policy.retractionTarget($0) }
        let knownKeys = Set(known.map { EventKey($0) })
        var namedBy: [EventKey: [Int]] = [:]
        for (index, target) in targets.enumerated() {
            guard let target, knownKeys.contains(target) else {
                let name = target.map { "(\($0.source), \($0.id))" } ?? "no event"
                anomalies.append(
                    Anomaly(
                        sequence: latestFirst[index].sequence, kind: "retraction_without_target",
                        detail: "names \(name), which this subject does not have"))
                continue
            }
            namedBy[target, default: []].append(index)
        }
        anomalies.sort { $0.sequence < $1.sequence }
        let inForce = retractionsInForce(keys: keys, namedBy: namedBy)
        return Set(targets.indices.compactMap { inForce[$0] ? targets[$0] : nil })
    }

    /// Decides each retraction without recursion, so that no chain of them can exhaust the stack.
    private func retractionsInForce(keys: [EventKey], namedBy: [EventKey: [Int]]) -> [Bool] {
        enum Mark { case unseen, open, inForce, withdrawn }
        var marks = [Mark](repeating: .unseen, count: keys.count)
        for start in keys.indices where marks[start] == .unseen {
            var stack = [start]
            while let index = stack.last {
                let namers = namedBy[keys[index]] ?? []
                marks[index] = marks[index] == .unseen ? .open : marks[index]
                if let next = namers.first(where: { marks[$0] == .unseen }) {
                    stack.append(next)
                    continue
                }
                // A namer still open belongs to a circle: it does not count against this one.
                if marks[index] == .open {
                    marks[index] = namers.contains { marks[$0] == .inForce } ? .withdrawn : .inForce
                }
                stack.removeLast()
            }
        }
        return marks.map { $0 == .inForce }
    }
}
