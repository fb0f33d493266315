public import EventLog
public import GRDB

/// Brings a view database up to the log, transaction by transaction.
///
/// One transaction holds the rows of some thousand events and the cursor after them, so a view is exactly at its
/// cursor, whatever crashes. An event that is the newest of its subject is applied to the state kept in memory; any
/// other one, and any retraction, has its subject folded again from the log.
///
/// Not thread-safe: confined to the process and task that hold the views' lock.
public final class LiveRunner {
    /// Events of one transaction at most.
    public static let transactionEventsMax = 100_000
    /// Subjects whose state is kept between transactions; past it all are dropped and read again when touched.
    static let cachedSubjectsMax = 200_000

    private struct Cached {
        let fold: SubjectFold
        var newest: StoredEvent?
    }

    private let reader: LogReader
    private let database: any DatabaseWriter
    private let history: HistorySource
    private var cache: [ByteText: Cached] = [:]

    /// A runner for a database whose schema `ViewStore` has made.
    public init(reader: LogReader, database: any DatabaseWriter, policy: FoldPolicy) {
        self.reader = reader
        self.database = database
        self.history = HistorySource(reader: reader, policy: policy)
    }

    /// Projects every event below `target` that the set's projectors have not seen.
    ///
    /// - Parameters:
    ///   - set: the projectors to bring up; all must be in the database.
    ///   - target: the sequence to reach, at most the log's head.
    ///   - progress: called after each transaction with the cursor; return `false` to stop there.
    /// - Throws: `LogError` if the log cannot be read, `ProjectionError` if the database is of another history.
    public func catchUp(
        _ set: ProjectorSet, to target: UInt64, progress: (UInt64) throws -> Bool = { _ in true }
    ) throws {
        let cursors = try database.read { try Cursor.fetchAll($0) }
        // Of those, too, that have nothing to do: views ahead of the log are none of this log.
        try checkLineage(cursors, names: Set(set.projectors.map(\.name)))
        // Projectors at the same place run together; after a partial rebuild all are at the same place again.
        let groups = Dictionary(grouping: set.projectors) { cursors[$0.name]?.next ?? reader.firstSequence }
        if target == reader.firstSequence { try storeStart(set, cursors: cursors) }
        for start in groups.keys.sorted() where start < target {
            if groups[start]?.contains(where: { cursors[$0.name] == nil }) ?? false { try reader.checkStart() }
            let names = Set((groups[start] ?? []).map(\.name))
            let group = set.filter { names.contains($0.name) }
            cache.removeAll()
            var next = start
            while next < target {
                do {
                    next = try runTransaction(group, from: next, to: target)
                } catch {
                    // The transaction is gone but the states in memory have moved on with it.
                    cache.removeAll()
                    throw error
                }
                if try !progress(next) { return }
            }
        }
    }

    /// Notes versions and cursors in the views of an empty log.
    private func storeStart(_ set: ProjectorSet, cursors: [String: Cursor]) throws {
        let start = Cursor(
            next: reader.firstSequence, lineage: try reader.lineHash(before: reader.firstSequence),
            log: reader.identity)
        try database.write { db in
            for projector in set.projectors where cursors[projector.name] == nil {
                try start.store(db, projector: projector)
            }
        }
    }

    private func checkLineage(_ cursors: [String: Cursor], names: Set<String>) throws {
        for name in names {
            guard let cursor = cursors[name] else { continue }
            try cursor.check(against: reader, projector: name)
        }
    }

    private func runTransaction(_ set: ProjectorSet, from start: UInt64, to target: UInt64) throws -> UInt64 {
        let (touched, system, next) = try readEvents(from: start, to: target)
        // A fixed order, so that the same events make the same file.
        let order = touched.keys.sorted()
        let cold = Set(order.filter { needsHistory($0, touched[$0] ?? [], set) })
        let groups = try history.groups(of: order.filter { cold.contains($0) }, before: start)
        let systemHistory = system.isEmpty ? [] : try history.systemEvents(before: start) + system
        let lineage = try reader.lineHash(before: next)
        try database.writeWithoutTransaction { db in
            try db.inTransaction {
                let writer = try ViewWriter(db, set)
                var dispatch = TypeDispatch(set)
                for group in [order.filter { !cold.contains($0) }] + groups {
                    let earlier = try history.histories(of: group.filter { cold.contains($0) }, before: start)
                    for subject in group {
                        try project(
                            subject, events: touched[subject] ?? [], earlier: earlier[subject], set: set,
                            dispatch: &dispatch, writer: writer)
                    }
                }
                if !system.isEmpty { try refold(nil, known: systemHistory, set: set, writer: writer) }
                for projector in set.projectors {
                    try Cursor(next: next, lineage: lineage, log: reader.identity)
                        .store(db, projector: projector)
                }
                return .commit
            }
        }
        if cache.count > Self.cachedSubjectsMax { cache.removeAll() }
        return next
    }

    private func readEvents(
        from start: UInt64, to target: UInt64
    ) throws -> (touched: [ByteText: [StoredEvent]], system: [StoredEvent], next: UInt64) {
        var touched: [ByteText: [StoredEvent]] = [:]
        var system: [StoredEvent] = []
        let end = min(target, start + UInt64(Self.transactionEventsMax))
        var cursor = reader.cursor(from: start, to: end, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                if let subject = event.subject {
                    touched[ByteText(subject), default: []].append(event)
                } else {
                    system.append(event)
                }
            }
        }
        return (touched, system, end)
    }

    /// Whether a subject's earlier events must be read: its state is not at hand, or cannot simply go on.
    private func needsHistory(_ subject: ByteText, _ events: [StoredEvent], _ set: ProjectorSet) -> Bool {
        guard let cached = cache[subject] else { return true }
        return !goesOn(events, after: cached.newest, set)
    }

    /// Whether events (in sequence order) are all newer in business order than what came before, each than the last.
    private func goesOn(_ events: [StoredEvent], after newest: StoredEvent?, _ set: ProjectorSet) -> Bool {
        var last = newest
        for event in events {
            if event.type == set.policy.retractionType { return false }
            if let last, !last.precedes(event) { return false }
            last = event
        }
        return true
    }

    private func project(
        _ subject: ByteText, events: [StoredEvent], earlier: [StoredEvent]?, set: ProjectorSet,
        dispatch: inout TypeDispatch, writer: ViewWriter
    ) throws {
        if var cached = cache[subject], goesOn(events, after: cached.newest, set) {
            var changed: UInt64 = 0
            for event in events {
                let mask = dispatch.mask(of: event.type)
                cached.fold.apply(event, mask: mask)
                changed |= mask
            }
            cached.newest = events.last
            cache[subject] = cached
            try write(subject.text, cached.fold, changed: changed, set: set, writer: writer, isFresh: false)
        } else {
            try refold(subject.text, known: (earlier ?? []) + events, set: set, writer: writer)
        }
    }

    private func refold(_ subject: String?, known: [StoredEvent], set: ProjectorSet, writer: ViewWriter) throws {
        let resolved = EffectiveHistory(known, policy: set.policy)
        let fold = SubjectFold(set, subject: subject)
        var dispatch = TypeDispatch(set)
        for event in resolved.events { fold.apply(event, mask: dispatch.mask(of: event.type)) }
        try write(subject, fold, changed: set.fullMask, set: set, writer: writer, isFresh: false)
        try writer.replaceAnomalies(
            subject: subject, projector: ViewSchema.correctionsName, with: resolved.anomalies, isFresh: false)
        guard let subject else { return }
        // A retraction may name an event still to come, so such a subject is always folded anew.
        cache[ByteText(subject)] = resolved.hasRetractions ? nil : Cached(fold: fold, newest: resolved.events.last)
    }

    private func write(
        _ subject: String?, _ fold: SubjectFold, changed: UInt64, set: ProjectorSet, writer: ViewWriter, isFresh: Bool
    ) throws {
        for index in set.projectors.indices where changed & (1 << UInt64(index)) != 0 {
            try writer.replace(subject: subject, projector: index, with: fold.rows(projector: index), isFresh: isFresh)
        }
    }
}
