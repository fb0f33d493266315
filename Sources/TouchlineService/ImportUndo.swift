import CRM
public import EventLog

/// Takes an import back: one retraction for each of its events, then a system event that says so.
///
/// Retractions have ids made from the import and the event, so an undo that was stopped goes on where it was.
public struct ImportUndo: Sendable {
    /// What an undo did.
    public struct Summary: Sendable, Encodable {
        /// The import.
        public var `import`: String
        /// Its events in the log.
        public var events: Int
        /// Retractions appended by this run; the others were there from an earlier one.
        public var retracted: Int
        /// The last sequence it wrote or found.
        public var sequence: UInt64
    }

    /// The source of retractions and of the closing event.
    public static let source = Limits.reservedSourcePrefix + "undo"
    /// The extension attribute that names an event's import.
    public static let attribute = "importid"

    private let reader: LogReader
    private let sequencer: any Sequencer

    /// An undo on a log.
    public init(reader: LogReader, sequencer: any Sequencer) {
        self.reader = reader
        self.sequencer = sequencer
    }

    /// Retracts every event of an import.
    ///
    /// - Throws: `NotFound` if the log holds no event of it.
    public func run(_ identifier: String, progress: (UInt64, UInt64) throws -> Void) async throws -> Summary {
        let head = reader.head
        var imports: Set<String> = []
        var summary = Summary(import: identifier, events: 0, retracted: 0, sequence: 0)
        var pending: [EventDraft] = []
        var cursor = reader.cursor(from: reader.firstSequence, to: head, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                guard let named = event.json[Self.attribute]?.string else { continue }
                imports.insert(named)
                guard named == identifier else { continue }
                pending.append(retraction(of: event, import: identifier))
                summary.events += 1
                if pending.count >= EventStream.requestEvents { try await append(&pending, &summary) }
            }
            try progress(min(batch.firstSequence, head), head)
        }
        guard summary.events > 0 else {
            throw NotFound(
                kind: "import", name: identifier, nearMatches: NearMatches.rank(identifier, among: imports.sorted()))
        }
        try await append(&pending, &summary)
        let done = EventDraft(
            id: identifier, source: Self.source, type: "import.undone", subject: nil,
            data: Array(#"{"import":\#(quoted(identifier)),"rows":\#(summary.events)}"#.utf8))
        let acknowledgements = try await sequencer.append(AppendRequest(events: [done]))
        summary.sequence = acknowledgements.first?.sequence ?? summary.sequence
        return summary
    }

    private func append(_ pending: inout [EventDraft], _ summary: inout Summary) async throws {
        guard !pending.isEmpty else { return }
        for acknowledgement in try await sequencer.append(AppendRequest(events: pending)) {
            if !acknowledgement.isDuplicate { summary.retracted += 1 }
            summary.sequence = max(summary.sequence, acknowledgement.sequence)
        }
        pending = []
    }

    private func retraction(of event: StoredEvent, import identifier: String) -> EventDraft {
        let target = #"{"source":\#(quoted(event.source)),"id":\#(quoted(event.id))}"#
        return EventDraft(
            id: "\(identifier):\(event.sequence)", source: Self.source, type: "event.retracted",
            subject: event.subject,
            data: Array(#"{"event":\#(target),"reason":\#(quoted("import \(identifier) undone"))}"#.utf8))
    }

    private func quoted(_ text: String) -> String { String(decoding: JSONText.string(text), as: UTF8.self) }
}
