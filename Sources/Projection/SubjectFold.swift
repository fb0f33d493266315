public import EventLog

/// The rows that one projector holds of one subject.
public struct ProjectedRows: Sendable {
    let collected: RowCollector
    /// What did not fit.
    public let anomalies: [Anomaly]

    /// The rows, per table in the order of the projector's `tables`.
    public var rows: [[[SQLValue]]] { collected.rows }
}

/// The fold of one subject by every projector of a set: state in, rows out.
///
/// Confined to the worker that made it. `restart` reuses it for the next subject, so that a rebuild makes a few of
/// these rather than one a subject.
final class SubjectFold {
    private let folds: [ErasedFold]
    private(set) var subject: String?

    init(_ set: ProjectorSet, subject: String?) {
        self.subject = subject
        folds = set.projectors.map { makeFold($0, subject: subject) }
    }

    func restart(subject: String?) {
        self.subject = subject
        for fold in folds { fold.restart(subject: subject) }
    }

    /// Applies an event to the projectors in `mask`.
    func apply(_ event: StoredEvent, mask: UInt64) {
        var rest = mask
        while rest != 0 {
            folds[rest.trailingZeroBitCount].apply(event)
            rest &= rest - 1
        }
    }

    /// The rows that projector number `index` would write now.
    func rows(projector index: Int) -> ProjectedRows { folds[index].rows() }

    /// Adds what every projector would write now to the rows of other subjects.
    func emit(into rows: inout SubjectRows) {
        for (index, fold) in folds.enumerated() {
            let anomalies = fold.emit(into: &rows.projectors[index])
            rows.append(anomalies, of: subject, projector: index)
        }
    }
}

private func makeFold<P: Projector>(_ projector: P, subject: String?) -> ErasedFold {
    Fold(projector, subject: subject)
}

private class ErasedFold {
    func restart(subject: String?) {}
    func apply(_ event: StoredEvent) {}
    func rows() -> ProjectedRows { ProjectedRows(collected: RowCollector(tableCount: 0), anomalies: []) }
    func emit(into rows: inout RowCollector) -> [Anomaly] { [] }
}

private final class Fold<P: Projector>: ErasedFold {
    private let projector: P
    private let tableCount: Int
    // A fold is one thread's, and no projector can reach its own fold: nothing to check at every event.
    @exclusivity(unchecked) private var state: P.State
    @exclusivity(unchecked) private var anomalies = AnomalyCollector()

    init(_ projector: P, subject: String?) {
        self.projector = projector
        tableCount = projector.tables.count
        state = projector.makeState(subject: subject)
    }

    override func restart(subject: String?) {
        state = projector.makeState(subject: subject)
        anomalies = AnomalyCollector()
    }

    override func apply(_ event: StoredEvent) {
        projector.apply(event, to: &state, anomalies: &anomalies)
    }

    override func rows() -> ProjectedRows {
        var collector = RowCollector(tableCount: tableCount)
        projector.emit(state, into: &collector)
        return ProjectedRows(collected: collector, anomalies: anomalies.anomalies)
    }

    override func emit(into rows: inout RowCollector) -> [Anomaly] {
        projector.emit(state, into: &rows)
        return anomalies.anomalies
    }
}

/// The rows of one subject as every projector of a set folds them.
public struct FoldedSubject: Sendable {
    /// The subject; `nil` for the system events.
    public var subject: String?
    /// The rows and anomalies, per projector in the set's order.
    public var projectors: [ProjectedRows]
    /// Retractions that name nothing.
    public var corrections: [Anomaly]
}

/// Folds subject after subject into rows, the same as `ProjectorSet.fold` gives.
///
/// One thread's at a time.
struct RowFold {
    private let policy: FoldPolicy
    private let fold: SubjectFold
    private var dispatch: TypeDispatch
    /// The rows of the subjects so far.
    private(set) var rows: SubjectRows

    init(_ set: ProjectorSet) {
        policy = set.policy
        fold = SubjectFold(set, subject: nil)
        dispatch = TypeDispatch(set)
        rows = SubjectRows(set)
    }

    /// Adds the rows of a subject whose known events, in any order, are these; `nil` for the system events.
    mutating func add(_ subject: String?, known: [StoredEvent], asOf: Instant? = nil) {
        let history = EffectiveHistory(known, policy: policy, asOf: asOf)
        fold.restart(subject: subject)
        for event in history.events { fold.apply(event, mask: dispatch.mask(of: event.type)) }
        fold.emit(into: &rows)
        rows.append(corrections: history.anomalies, of: subject)
    }

    /// Adds the rows of a subject whose events are held in memory.
    mutating func add(_ subject: inout HeldSubject, asOf: Instant? = nil) {
        guard !subject.hasRetraction, asOf == nil else {
            return add(subject.name, known: subject.known, asOf: asOf)
        }
        fold.restart(subject: subject.name)
        subject.forEachConsumed { event, mask in fold.apply(event, mask: mask) }
        fold.emit(into: &rows)
        rows.append(corrections: [], of: subject.name)
    }

    /// Forgets the rows.
    mutating func removeAll() { rows.removeAll() }
}

extension ProjectorSet {
    /// Folds the known events of one subject, given in any order, into rows.
    ///
    /// This is the definition of a view: everything else in this target is a faster way to the same rows.
    public func fold(subject: String?, known events: [StoredEvent], asOf: Instant? = nil) -> FoldedSubject {
        let history = EffectiveHistory(events, policy: policy, asOf: asOf)
        let fold = SubjectFold(self, subject: subject)
        var dispatch = TypeDispatch(self)
        for event in history.events { fold.apply(event, mask: dispatch.mask(of: event.type)) }
        return FoldedSubject(
            subject: subject, projectors: projectors.indices.map { fold.rows(projector: $0) },
            corrections: history.anomalies)
    }
}
