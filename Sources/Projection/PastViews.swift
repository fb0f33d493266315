public import EventLog
public import GRDB

/// The views of any moment, made by replay into a database in memory.
public enum PastViews {
    /// Subjects whose rows are held before they are written.
    private static let subjectsPerWrite = 1_000

    /// Folds what was known and had happened into fresh tables.
    ///
    /// - Parameters:
    ///   - set: the projectors whose tables are wanted.
    ///   - reader: the log.
    ///   - known: how many of the log's events are known.
    ///   - asOf: business time up to which events count; `nil` = any.
    ///   - subjects: only these subjects, read through the index; `nil` = all, in one pass over the log.
    ///   - progress: called now and then with the number of events read; throw to stop.
    /// - Throws: `LogError` if the log cannot be read.
    public static func make(
        _ set: ProjectorSet, from reader: LogReader, known: UInt64, asOf: Instant? = nil, subjects: [String]? = nil,
        progress: (UInt64) throws -> Void = { _ in }
    ) throws -> DatabaseQueue {
        try reader.checkStart()
        let database = try DatabaseQueue()
        let history = HistorySource(reader: reader, policy: set.policy)
        let system = set.wantsSystemEvents ? try history.systemEvents(before: known) : []
        try database.inDatabase { db in
            // No other connection can see it and nothing survives it, so neither journal nor sync is of use.
            try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            try ViewSchema.createTables(db, set)
            try db.inTransaction {
                let writer = try ViewWriter(db, set)
                if let subjects {
                    for subject in Set(subjects.map { ByteText($0) }).sorted().map(\.text) {
                        let events = try reader.history(of: subject, before: known, passingGaps: true)
                        try writer.replace(set.fold(subject: subject, known: events, asOf: asOf), isFresh: true)
                    }
                } else {
                    try replay(set, from: reader, known: known, asOf: asOf, writer, progress)
                }
                try writer.replace(set.fold(subject: nil, known: system, asOf: asOf), isFresh: true)
                return .commit
            }
            try ViewSchema.createIndexesAndViews(db, set)
        }
        return database
    }

    private static func replay(
        _ set: ProjectorSet, from reader: LogReader, known: UInt64, asOf: Instant?, _ writer: ViewWriter,
        _ progress: (UInt64) throws -> Void
    ) throws {
        var buffer = SubjectBuffer()
        var cursor = reader.cursor(
            from: reader.firstSequence, to: known, types: set.types, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            buffer.add(batch)
            try progress(batch.firstSequence)
        }
        var fold = RowFold(set)
        buffer.arrange()
        let events = HeldEvents([buffer], for: set)
        for start in stride(from: 0, to: events.indices.upperBound, by: subjectsPerWrite) {
            // In one buffer a subject is at one place.
            events.forEachSubject(start..<min(events.indices.upperBound, start + subjectsPerWrite)) { subject in
                fold.add(&subject, asOf: asOf)
            }
            try writer.insert(fold.rows)
            fold.removeAll()
        }
    }
}
