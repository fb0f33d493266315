public import CRM
public import EventLog
public import Projection

/// One field of a view that an event changed.
public struct FieldChange: Sendable, Encodable, Equatable {
    /// The view's table.
    public var table: String
    /// The row: the values of its primary key after the subject, joined by ` / `; empty if the subject is all of it.
    public var row: String
    /// The column.
    public var field: String
    /// Its value before; `nil` if there was none.
    public var before: String?
    /// Its value after; `nil` if there is none.
    public var after: String?

    /// Encodes every key, null where there is nothing.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(table, forKey: .table)
        try container.encode(row, forKey: .row)
        try container.encode(field, forKey: .field)
        try container.encode(before, forKey: .before)
        try container.encode(after, forKey: .after)
    }

    enum CodingKeys: String, CodingKey { case table, row, field, before, after }
}

/// One event of a customer, with what it changed.
public struct AuditStep: Sendable, Encodable {
    /// The event's place in the log.
    public var sequence: UInt64
    /// The customer the event names.
    public var subject: String
    /// What happened.
    public var type: String
    /// When it happened.
    public var time: String
    /// When the log took it.
    public var recordedtime: String
    /// The sender.
    public var source: String
    /// The sender's id.
    public var id: String
    /// The event's data, as JSON text.
    public var data: String
    /// What it changed in the views.
    public var changes: [FieldChange]
}

/// What the record says of one customer, step by step, in the order in which it became known.
public struct AuditTrail: Sendable, Encodable {
    /// The customer asked for.
    public var subject: String
    /// The customer that answers for it: the survivor after merges, else itself.
    public var customer: String
    /// The subjects whose events are listed: the customer and whoever is merged with it.
    public var subjects: [String]
    /// The last sequence that is known; `nil` if none is.
    public var at: UInt64?
    /// The events.
    public var events: [AuditStep]
}

extension AuditTrail {
    /// Steps through the events of a customer's group.
    static func make(
        subject: String, group: [History.Member], set: ProjectorSet, context: AnswerContext
    ) -> AuditTrail {
        var steps: [AuditStep] = []
        for member in group {
            let fold = HistoryFold(set, subject: member.subject)
            var rows = RowIndex(set)
            for event in member.events where set.policy.counts(event, asOf: context.asOf) {
                let changes = rows.update(fold.append(event))
                steps.append(AuditStep(event, changes: changes))
            }
        }
        steps.sort { $0.sequence < $1.sequence }
        return AuditTrail(
            subject: subject, customer: group.first?.subject ?? subject, subjects: group.map(\.subject),
            at: context.lastSequence, events: steps)
    }
}

extension AuditStep {
    init(_ event: StoredEvent, changes: [FieldChange]) {
        self.init(
            sequence: event.sequence, subject: event.subject ?? "", type: event.type, time: event.time.rfc3339,
            recordedtime: event.recordedTime.rfc3339, source: event.source, id: event.id, data: event.data.jsonText,
            changes: changes)
    }
}

/// The rows of one subject by key, to tell what an event changed.
private struct RowIndex {
    private struct Key: Hashable, Comparable {
        var table: Int
        var key: [String]

        static func < (left: Key, right: Key) -> Bool {
            left.table != right.table ? left.table < right.table : left.key.lexicographicallyPrecedes(right.key)
        }
    }

    private let tables: [TableDefinition]
    private let keyColumns: [[Int]]
    private var rows: [Key: [SQLValue]] = [:]

    init(_ set: ProjectorSet) {
        tables = set.projectors.flatMap(\.tables)
        keyColumns = tables.map { table in
            table.primaryKey.filter { $0 != "subject" }.compactMap { name in
                table.columns.firstIndex { $0.name == name }
            }
        }
    }

    /// Takes the rows as they are now and tells the differences.
    mutating func update(_ folded: FoldedSubject) -> [FieldChange] {
        var now: [Key: [SQLValue]] = [:]
        for (table, rows) in folded.projectors.flatMap(\.rows).enumerated() where !tables[table].isDerived {
            for row in rows { now[Key(table: table, key: keyColumns[table].map { text(row[$0]) ?? "" })] = row }
        }
        defer { rows = now }
        var changes: [FieldChange] = []
        for key in Set(rows.keys).union(now.keys).sorted() {
            changes += differences(key, before: rows[key], after: now[key])
        }
        return changes
    }

    private func differences(_ key: Key, before: [SQLValue]?, after: [SQLValue]?) -> [FieldChange] {
        guard before != after else { return [] }
        let table = tables[key.table]
        return table.columns.indices.compactMap { column in
            let name = table.columns[column].name
            // The key says which row it is; only a row that comes or goes is told by its other fields.
            guard !table.primaryKey.contains(name) || table.columns.count == table.primaryKey.count else { return nil }
            let old = before.flatMap { text($0[column]) }
            let new = after.flatMap { text($0[column]) }
            guard old != new else { return nil }
            return FieldChange(
                table: table.name, row: key.key.joined(separator: " / "), field: name, before: old, after: new)
        }
    }

    private func text(_ value: SQLValue) -> String? {
        switch value {
        case .null: nil
        case .integer(let integer): String(integer)
        case .real(let real): String(real)
        case .text(let text): text
        case .instant(let instant): instant.rfc3339
        }
    }
}
