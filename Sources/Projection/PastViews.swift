public import EventLog
public import GRDB

/// The views of any moment, made by replay into a database in memory.
public enum PastViews {
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
        let system = try history.systemEvents(before: known)
        try database.inDatabase { db in
            // No other connection can see it and nothing survives it, so neither journal nor sync is of use.
            try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            try ViewSchema.createTables(db, set)
            try db.inTransaction {
                let writer = try ViewWriter(db, set)
                if let subjects {
                    for subject in Set(subjects.map { ByteText($0) }).sorted().map(\.text) {
                        let events = try reader.history(of: subject, before: known, passingGaps: true)
                        try write(set.fold(subject: subject, known: events, asOf: asOf), writer)
                    }
                } else {
                    try replay(set, from: reader, known: known, asOf: asOf, writer, progress)
                }
                try write(set.fold(subject: nil, known: system, asOf: asOf), writer)
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
            for event in batch {
                if let subject = event.subject { buffer.add(event, subject: subject) }
            }
            try progress(batch.firstSequence)
        }
        let order = buffer.names.indices.sorted { buffer.names[$0] < buffer.names[$1] }
        for index in order {
            try write(set.fold(subject: buffer.names[index], known: buffer.events(at: index), asOf: asOf), writer)
        }
    }

    private static func write(_ folded: FoldedSubject, _ writer: ViewWriter) throws {
        for (index, rows) in folded.projectors.enumerated() {
            try writer.replace(subject: folded.subject, projector: index, with: rows, isFresh: true)
        }
        try writer.replaceAnomalies(
            subject: folded.subject, projector: ViewSchema.correctionsName, with: folded.corrections, isFresh: true)
    }
}
