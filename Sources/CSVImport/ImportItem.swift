public import EventLog

/// What the importer makes of one row, or says of one line.
public enum ImportItem: Sendable {
    /// An event, ready to be checked against the catalogue and appended.
    case event(ImportedEvent)
    /// A line that gives no events, because it is wrong.
    case rejected(RejectedRow)
    /// A row that a skip rule takes out.
    case skipped(SkippedRow)
}

/// An event and where it comes from.
public struct ImportedEvent: Sendable {
    /// The event.
    ///
    /// Its extension `importid` names the import.
    public var draft: EventDraft
    /// The number of the row, from 1, as `{#row}` has it.
    public var row: Int
    /// The physical line on which the row starts, from 1.
    public var line: Int
    /// The number of the rule under `emit`, from 1.
    public var rule: Int

    /// The event in short form, as `append` would take it: one JSON line.
    public var json: String {
        var line: [UInt8] = []
        func add(_ key: String, _ value: [UInt8]) {
            line += (line.isEmpty ? "{" : ",").utf8
            line += JSONText.string(key) + [UInt8(ascii: ":")] + value
        }
        if let id = draft.id { add("id", JSONText.string(id)) }
        if let source = draft.source { add("source", JSONText.string(source)) }
        add("type", JSONText.string(draft.type))
        if let subject = draft.subject { add("subject", JSONText.string(subject)) }
        if let time = draft.time { add("time", JSONText.string(time)) }
        for attribute in draft.extensions { add(attribute.name, attribute.value) }
        if let data = draft.data { add("data", data) }
        line.append(UInt8(ascii: "}"))
        return String(decoding: line, as: UTF8.self)
    }
}

/// A line of the file that gives no events.
public struct RejectedRow: Sendable, Equatable {
    /// The physical line, from 1.
    public var line: Int
    /// The number of the row, from 1; `nil` if the line is no row at all.
    public var row: Int?
    /// What is wrong and, where that is not plain, how to mend it.
    public var cause: String

    /// Makes a rejected row.
    public init(line: Int, row: Int?, cause: String) {
        self.line = line
        self.row = row
        self.cause = cause
    }
}

/// A row that a skip rule takes out.
public struct SkippedRow: Sendable, Equatable {
    /// The physical line, from 1.
    public var line: Int
    /// The number of the row, from 1.
    public var row: Int
    /// The reason that the mapping gives.
    public var reason: String
}

/// What came of the rows so far.
public struct ImportCounts: Sendable, Equatable {
    /// Rows read, wrong ones and skipped ones included; the header and blank lines are none.
    public var rows = 0
    /// Events made.
    public var events = 0
    /// Events made by each rule, in the order of `emit`.
    public var eventsByRule: [Int]
    /// Rows rejected.
    public var rejected = 0
    /// Rows skipped.
    public var skipped = 0
    /// Rows skipped, by reason.
    public var skippedByReason: [String: Int] = [:]
    /// Rows that only added to the group of an earlier row.
    public var grouped = 0

    /// Nothing yet, for this many rules.
    public init(rules: Int) {
        eventsByRule = Array(repeating: 0, count: rules)
    }
}
