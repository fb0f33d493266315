public import EventLog
import GRDB
import SystemPackage

/// Makes the views anew beside those in use, and takes them into use in one step.
///
/// The steps: fix a target sequence; fold partitions of the subjects in parallel, each committed with its mark;
/// indexes; copy what is not rebuilt; check; catch up with what came in meanwhile; take the projection lock, catch up
/// for the last time, replace the link. Queries answer from the old file throughout. Interrupted at any point, it is
/// started again and goes on.
public struct Rebuild {
    private let store: ViewStore
    private let reader: LogReader
    private let all: ProjectorSet
    private let rebuilt: ProjectorSet
    private let options: RebuildOptions
    private let path: FilePath

    /// Prepares a rebuild; nothing is written yet.
    ///
    /// - Throws: `ProjectionError` with code `unknownProjector`.
    public init(store: ViewStore, reader: LogReader, projectors: ProjectorSet, options: RebuildOptions) throws {
        self.store = store
        self.reader = reader
        self.all = projectors
        self.options = options
        if let names = options.names {
            let known = projectors.projectors.map(\.name)
            if let unknown = names.first(where: { !known.contains($0) }) {
                throw ProjectionError(
                    .unknownProjector, "no projector is named \(unknown); there are \(known.joined(separator: ", "))")
            }
        }
        rebuilt = projectors.filter { options.names?.contains($0.name) ?? true }
        path = store.path(generation: try store.generation() + 1)
    }

    /// What `run` would do, as things stand.
    public func plan() throws -> RebuildPlan {
        try reader.checkStart()
        let header = try unfinishedHeader()
        let target = header?.target ?? reader.head
        let partitions = header?.partitions ?? Self.partitionCount(target, of: reader)
        let done = try header == nil ? [:] : unfinishedDone()
        return RebuildPlan(
            projectors: rebuilt.projectors.map(\.name), copied: copied.projectors.map(\.name), target: target,
            partitions: partitions, partitions_done: done.keys.filter { $0 >= 0 }.count,
            passes: try passes(partitions: partitions, done: done).count, workers: options.workers,
            file: path.lastComponent?.string ?? path.string)
    }

    /// Rebuilds.
    ///
    /// - Parameter progress: called from the folding threads, one at a time; return `false` to stop. What is done
    ///   by then is kept for the next run.
    /// - Throws: `ProjectionError`, `LogError`, or a database error; the views in use are untouched then.
    public func run(progress: @escaping @Sendable (RebuildProgress) -> Bool) throws -> RebuildSummary {
        guard let lock = try store.rebuildLock() else {
            throw ProjectionError(.locked, "another process is rebuilding these views; wait for it to finish")
        }
        defer { withExtendedLifetime(lock) {} }
        let plan = try plan()
        return try ViewFile(path).explaining { try make(plan, progress) }
    }

    private func make(
        _ plan: RebuildPlan, _ progress: @escaping @Sendable (RebuildProgress) -> Bool
    ) throws -> RebuildSummary {
        let database = try openUnfinished(plan)
        let logCheck = options.verifies ? LogCheck(reader) : nil
        defer { logCheck?.stop() }
        let monitor = RebuildMonitor(
            partitions: plan.partitions, total: plan.target - reader.firstSequence, progress: progress)
        let bounds = try database.read { try RebuildLedger.bounds($0) }
        let folder = PartitionFolder(
            reader: reader, set: rebuilt, bounds: bounds, target: plan.target,
            workers: Workers(count: options.workers), monitor: monitor,
            commit: PartitionFolder.storing(in: database, rebuilt))
        try folder.foldSystemEvents()
        let done = try database.read { try RebuildLedger.done($0) }
        monitor.resume(done)
        for pass in try passes(partitions: plan.partitions, done: done) { try folder.fold(pass) }
        try finishTables(database, plan: plan, monitor: monitor)
        try check(database, plan: plan, monitor: monitor, logCheck)
        return try takeIntoUse(database, plan: plan, monitor: monitor)
    }

    // MARK: - The half-built file

    private var copied: ProjectorSet {
        let names = Set(rebuilt.projectors.map(\.name))
        return all.filter { !names.contains($0.name) }
    }

    private func header(target: UInt64, partitions: Int) throws -> RebuildLedger.Header {
        let fingerprint =
            all.projectors.map { "\($0.name) \($0.version) \($0.configuration)" }
            .joined(separator: "; ") + " / " + rebuilt.projectors.map(\.name).joined(separator: " ")
        return RebuildLedger.Header(
            target: target, partitions: partitions, fingerprint: fingerprint, log: hex(reader.identity.bytes),
            lineage: hex(try reader.lineHash(before: target)))
    }

    /// The header of a half-built file that this rebuild can go on with.
    private func unfinishedHeader() throws -> RebuildLedger.Header? {
        guard FileSystem.exists(path) else { return nil }
        guard let found = try? unfinishedReader().read({ try RebuildLedger.header($0) }),
            found.target <= reader.head,
            found == (try header(target: found.target, partitions: found.partitions)),
            // What is damaged is not gone on with.
            (try? ViewFile(path).findFault()) == .some(nil)
        else { return nil }
        return found
    }

    private func unfinishedDone() throws -> [Int: UInt64] {
        try unfinishedReader().read { try RebuildLedger.done($0) }
    }

    private func unfinishedReader() throws -> DatabaseQueue {
        try ViewFile(path).openReader()
    }

    private func openUnfinished(_ plan: RebuildPlan) throws -> DatabaseQueue {
        if try unfinishedHeader() != nil { return try ViewFile(path).openWriter() }
        try store.removeFiles(of: path)
        let bounds = try PartitionBounds.estimate(from: reader, before: plan.target, partitions: plan.partitions)
        let database = try ViewFile(path).create()
        try database.write { db in
            try ViewSchema.createTables(db, all)
            try RebuildLedger.create(db, header(target: plan.target, partitions: plan.partitions), bounds)
        }
        return database
    }

    // MARK: - Partitions and passes

    /// Some twenty thousand events a partition: small enough to commit often, large enough that commits cost little.
    static func partitionCount(_ target: UInt64, of reader: LogReader) -> Int {
        let events = Int(clamping: target - min(target, reader.firstSequence))
        return max(16, min(4096, events / 20_000))
    }

    /// The unfinished partitions, divided into passes whose events fit in memory.
    private func passes(partitions: Int, done: [Int: UInt64]) throws -> [Range<Int>] {
        // They are committed in their order.
        let finished = min(partitions, done.keys.count { $0 >= 0 })
        return try Self.passes(finished..<partitions, of: partitions, reader: reader, options: options)
    }

    static func passes(
        _ open: Range<Int>, of partitions: Int, reader: LogReader, options: RebuildOptions
    ) throws -> [Range<Int>] {
        let statistics = try reader.statistics()
        // Besides its line an event has a record, its place in a list, and room to grow.
        let bytes = Double(statistics.lineBytes) * 1.1 + Double(statistics.events) * 120
        let size = max(1, Int(Double(options.memoryBytes) / max(1, bytes / Double(partitions))))
        return stride(from: open.lowerBound, to: open.upperBound, by: size).map { $0..<min($0 + size, open.upperBound) }
    }

    // MARK: - After the fold

    private func finishTables(_ database: DatabaseQueue, plan: RebuildPlan, monitor: RebuildMonitor) throws {
        let isFinished = try database.read { db in
            try Cursor.fetchAll(db).count == all.projectors.count
        }
        guard !isFinished else { return }
        try monitor.enter(.copy)
        if !copied.projectors.isEmpty { try ViewCopy(projectors: copied, from: store.current()).run(into: database) }
        try monitor.enter(.index)
        let lineage = try reader.lineHash(before: plan.target)
        try database.write { db in
            try ViewSchema.createIndexesAndViews(db, all)
            for projector in rebuilt.projectors {
                try Cursor(next: plan.target, lineage: lineage, log: reader.identity).store(db, projector: projector)
            }
        }
    }

    /// Every event of the log below the target must have been folded by exactly one partition.
    private func check(
        _ database: DatabaseQueue, plan: RebuildPlan, monitor: RebuildMonitor, _ logCheck: LogCheck?
    ) throws {
        try monitor.enter(.verify)
        let folded = try database.read { try RebuildLedger.done($0).values.reduce(0, +) }
        // What was given up is not there to be folded.
        let gaps = try reader.acceptedGaps().map { $0.sequences.clamped(to: reader.firstSequence..<plan.target).count }
        let expected = plan.target - reader.firstSequence - UInt64(gaps.reduce(0, +))
        guard folded == expected else {
            throw ProjectionError(
                .verification, "\(folded) events were folded where the log has \(expected); the views in use are kept")
        }
        guard logCheck != nil else { return }
        let state = try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(1)") }
        guard state == ["ok"] else {
            throw ProjectionError(.verification, "\(path): \(state.first ?? "damaged"); remove the file and rebuild")
        }
        // What is derived (an index) the views do not depend on.
        if let finding = try logCheck?.findings().first(where: { !$0.isDerived }) {
            throw ProjectionError(.verification, "the log is damaged: \(finding); see `touchline verify --deep`")
        }
    }

    private func takeIntoUse(
        _ database: DatabaseQueue, plan: RebuildPlan, monitor: RebuildMonitor
    ) throws -> RebuildSummary {
        try monitor.enter(.catchUp)
        let runner = LiveRunner(reader: reader, database: database, policy: all.policy)
        try runner.catchUp(all, to: reader.head) { _ in try monitor.goesOn() }
        try monitor.enter(.swap)
        guard let lock = try store.lock(wait: true) else {
            throw ProjectionError(.locked, "another process holds the views")
        }
        defer { withExtendedLifetime(lock) {} }
        let head = reader.head
        try runner.catchUp(all, to: head)
        try database.write { try RebuildLedger.drop($0) }
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try database.close()
        try store.switchLink(to: path)
        return RebuildSummary(
            plan: plan, events: plan.target - reader.firstSequence, cursor: head, caught_up: head - plan.target,
            file: plan.file)
    }
}
