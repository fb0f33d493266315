public import EventLog

/// The fold of one subject as its events become known, one after the other: what an audit steps through.
///
/// An event that is the newest so far is applied to the state at hand; a late one, or a retraction, has the subject
/// folded anew. Not thread-safe.
public final class HistoryFold {
    private let set: ProjectorSet
    private let subject: String?
    private var known: [StoredEvent] = []
    private var fold: SubjectFold
    private var dispatch: TypeDispatch
    private var newest: StoredEvent?
    private var corrections: [Anomaly] = []
    private var hasRetractions = false

    /// A fold that knows no event yet.
    public init(_ set: ProjectorSet, subject: String?) {
        self.set = set
        self.subject = subject
        fold = SubjectFold(set, subject: subject)
        dispatch = TypeDispatch(set)
    }

    /// Takes note of the next known event, in sequence order, and gives the rows as they are from then on.
    public func append(_ event: StoredEvent) -> FoldedSubject {
        known.append(event)
        hasRetractions = hasRetractions || event.type == set.policy.retractionType
        if !hasRetractions, newest.map({ $0.precedes(event) }) ?? true {
            fold.apply(event, mask: dispatch.mask(of: event.type))
            newest = event
        } else {
            refold()
        }
        return FoldedSubject(
            subject: subject, projectors: set.projectors.indices.map { fold.rows(projector: $0) },
            corrections: corrections)
    }

    private func refold() {
        let history = EffectiveHistory(known, policy: set.policy)
        fold.restart(subject: subject)
        for event in history.events { fold.apply(event, mask: dispatch.mask(of: event.type)) }
        newest = history.events.last
        corrections = history.anomalies
    }
}

extension FoldPolicy {
    /// The events that hold among those known of one subject, in business order, retractions left out.
    public func effective(_ known: [StoredEvent]) -> [StoredEvent] {
        EffectiveHistory(known, policy: self).events
    }
}

extension FoldPolicy {
    /// The retractions that hold among the known events of one subject: those that none in force takes back.
    public func retractionsInForce(_ known: [StoredEvent]) -> [StoredEvent] {
        let withdrawn = EffectiveHistory(known, policy: self).withdrawn
        return known.filter { $0.type == retractionType && !withdrawn.contains(EventKey($0)) }
    }
}
