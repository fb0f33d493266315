import CRM
public import CSVImport
public import EventLog

/// One import of a CSV file: rows become events, checked against the catalogue and appended in requests.
///
/// Every event has an id that the file and the mapping settle, so an import that was stopped is simply run again:
/// what is in the log already is acknowledged as such, and the rest follows.
public struct ImportRun: Sendable {
    /// What an import did.
    public struct Summary: Sendable, Encodable, Equatable {
        /// The import's id: the same for the same file and mapping.
        public var `import`: String
        /// The file's name.
        public var file: String
        /// Rows read.
        public var rows = 0
        /// Events that the rows gave.
        public var events = 0
        /// Of these, appended by this run.
        public var appended = 0
        /// Of these, in the log before.
        public var duplicates = 0
        /// Rows rejected.
        public var rejected = 0
        /// Rows skipped by a rule of the mapping.
        public var skipped = 0
        /// Rows skipped, by the reason that the mapping gives.
        public var skipped_by_reason: [String: Int] = [:]
        /// Events by rule, in the order of `emit`.
        public var events_by_rule: [Int] = []
        /// An import that was undone and whose events are in the way: they hold the ids of this import's, and stay
        /// retracted.
        public var undone_import: String?
        /// The `--attempt` that gives this import ids of its own, if an undone one is in the way.
        public var next_attempt: Int?

        /// The undone import that is in the way, if one is.
        public var undone: UndoneImport? { undone_import.map { UndoneImport(identifier: $0) } }
    }

    /// The source of the closing event.
    public static let source = Limits.reservedSourcePrefix + "import"

    private let reader: LogReader
    private let sequencer: any Sequencer
    private let rejected: @Sendable (RejectedRow) -> Void

    /// A run into a log.
    ///
    /// The importer must have been made with `Ingest.eventCheck`: nothing is checked here.
    ///
    /// - Parameter rejected: called for each row that gives no event, with its line and the cause.
    public init(
        reader: LogReader, sequencer: any Sequencer, rejected: @escaping @Sendable (RejectedRow) -> Void
    ) {
        self.reader = reader
        self.sequencer = sequencer
        self.rejected = rejected
    }

    /// Imports everything the importer gives.
    ///
    /// - Parameter check: called before each request; throw to stop there.
    /// - Throws: `ServiceError` if an event conflicts with one in the log, `ImportError` if the file fails.
    public func run(_ importer: CSVImporter, check: () throws -> Void) async throws -> Summary {
        var summary = Summary(import: importer.importID, file: importer.fileName)
        summary.events_by_rule = importer.counts.eventsByRule
        var pending: [ImportedEvent] = []
        var bytes = 0
        while let item = try importer.next() {
            switch item {
            case .skipped: continue
            case .rejected(let row): reject(row, &summary)
            case .event(let event):
                summary.events += 1
                summary.events_by_rule[event.rule - 1] += 1
                pending.append(event)
                bytes += event.draft.byteCount
                if pending.count >= EventStream.requestEvents || bytes >= EventStream.requestBytes {
                    try check()
                    try await append(&pending, &summary)
                    bytes = 0
                }
            }
        }
        try check()
        try await append(&pending, &summary)
        summary.rows = importer.counts.rows
        summary.skipped = importer.counts.skipped
        summary.skipped_by_reason = importer.counts.skippedByReason
        try await close(&summary)
        return summary
    }

    private func reject(_ row: RejectedRow, _ summary: inout Summary) {
        summary.rejected += 1
        rejected(row)
    }

    private func append(_ pending: inout [ImportedEvent], _ summary: inout Summary) async throws {
        guard !pending.isEmpty else { return }
        let events = pending
        pending = []
        do {
            let acknowledgements = try await sequencer.append(AppendRequest(events: events.map(\.draft)))
            let duplicates = acknowledgements.count { $0.isDuplicate }
            summary.duplicates += duplicates
            summary.appended += acknowledgements.count - duplicates
            // One look a request is enough: what was undone was undone as a whole.
            if let known = acknowledgements.first(where: \.isDuplicate) { try findUndone(known.sequence, &summary) }
        } catch let error as AppendError where error.isInput {
            guard let index = error.eventIndex, events.indices.contains(index) else { throw error }
            let rest = Array(events[(index + 1)...])
            if index > 0 {
                pending = Array(events[..<index])
                try await append(&pending, &summary)
            }
            // One row's conflict is that row's, not the file's.
            summary.events -= 1
            summary.events_by_rule[events[index].rule - 1] -= 1
            if case .idConflict(let sequence) = error.code { try findUndone(sequence, &summary) }
            reject(RejectedRow(line: events[index].line, row: events[index].row, cause: error.message), &summary)
            pending = rest
            try await append(&pending, &summary)
        }
    }

    /// Notes the import that the event at `sequence` came with, if that import was undone.
    private func findUndone(_ sequence: UInt64, _ summary: inout Summary) throws {
        guard summary.undone_import == nil, let undone = try UndoneImport.holding(sequence, in: reader) else { return }
        summary.undone_import = undone.identifier
        summary.next_attempt = undone.nextAttempt
    }

    /// Appends the event that says the import is complete, unless an earlier run did.
    private func close(_ summary: inout Summary) async throws {
        let identifier = summary.import
        // Rows that only met what was undone make no import.
        guard summary.events > 0, summary.undone_import == nil || summary.appended > 0,
            try reader.sequence(source: Self.source, id: identifier) == nil
        else { return }
        let name = String(decoding: JSONText.string(summary.file), as: UTF8.self)
        let data = """
            {"import":"\(identifier)","file":\(name),"rows":\(summary.rows),"events":\(summary.events),\
            "rejected":\(summary.rejected),"skipped":\(summary.skipped)}
            """
        let event = EventDraft(
            id: identifier, source: Self.source, type: "import.completed", subject: nil, data: Array(data.utf8))
        _ = try await sequencer.append(AppendRequest(events: [event]))
    }
}
