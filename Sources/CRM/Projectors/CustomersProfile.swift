import EventLog
import Projection

/// The fields of one customer, as the last event that set each of them left it, and how they got there.
struct CustomersProfile: Sendable {
    /// A field's value: the text of a JSON string, or the JSON text of anything else.
    struct Value: Sendable, Equatable {
        var text: String
        var isString: Bool

        /// `nil` for JSON null, which clears a field.
        init?(_ json: JSONView) {
            switch json.kind {
            case .null: return nil
            case .string:
                text = json.string ?? ""
                isString = true
            default:
                text = json.jsonText
                isString = false
            }
        }

        /// The value as JSON text.
        var json: String { isString ? stringText(text) : text }
    }

    /// A field with the event that last set it.
    struct Field: Sendable {
        var name: String
        var value: Value?
        var time: Instant
        var sequence: UInt64
    }

    /// A change of a field.
    struct Change: Sendable {
        var field: String
        var before: Value?
        var after: Value?
        var time: Instant
        var sequence: UInt64
    }

    /// The fields that have a column of their own, in the order of the columns.
    static let columns = [
        "name", "phone", "email", "birthday", "kind", "company", "origin", "owner", "team", "tier",
    ]

    /// All fields that were ever set.
    private(set) var fields: [Field] = []
    /// All changes but what the first registration gave.
    private(set) var changes: [Change] = []
    private var registration: UInt64?

    /// `customer.registered`: every member of `data` is a field; null clears it.
    mutating func register(_ event: StoredEvent) {
        registration = registration ?? event.sequence
        for (key, value) in event.data.members { set(key, to: Value(value), event) }
    }

    /// `customer.updated`: every member of `set` is a field; null clears it.
    mutating func update(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        guard let set = event.data["set"], set.kind == .object else {
            return anomalies.report(event, "missing_field", "customer.updated has no object \"set\"")
        }
        for (key, value) in set.members { self.set(key, to: Value(value), event) }
    }

    /// Sets one field.
    mutating func set(_ name: String, to value: Value?, _ event: StoredEvent) {
        guard let place = fields.firstIndex(where: { $0.name == name }) else {
            fields.append(Field(name: name, value: value, time: event.time, sequence: event.sequence))
            if value != nil { note(name, before: nil, after: value, event) }
            return
        }
        let before = fields[place].value
        fields[place].value = value
        fields[place].time = event.time
        fields[place].sequence = event.sequence
        if before != value { note(name, before: before, after: value, event) }
    }

    private mutating func note(_ name: String, before: Value?, after: Value?, _ event: StoredEvent) {
        // The first values are the registration's own and would only repeat it.
        if before == nil, event.sequence == registration { return }
        // A field named twice by one event changed once, from what was there before it.
        if let last = changes.lastIndex(where: { $0.sequence == event.sequence && $0.field == name }) {
            changes[last].after = after
            return
        }
        changes.append(
            Change(field: name, before: before, after: after, time: event.time, sequence: event.sequence))
    }

    /// The text of a field with a column of its own.
    func text(_ name: String) -> String? {
        fields.first { $0.name == name }?.value?.text
    }

    /// The fields without a column, as a JSON object with sorted keys; `nil` if there are none.
    var otherFields: String? {
        var members: [(key: String, json: String)] = []
        for field in fields where !Self.columns.contains(field.name) {
            if let value = field.value { members.append((field.name, value.json)) }
        }
        return objectText(members)
    }

    /// When each field was last set, as a JSON object: field → [time, sequence].
    var fieldTimes: String? {
        objectText(
            fields.filter { $0.value != nil }.map { ($0.name, "[\"\($0.time.rfc3339)\",\($0.sequence)]") })
    }
}

/// JSON text of a small object that a row holds.
private func objectText(_ members: [(key: String, json: String)]) -> String? {
    if members.isEmpty { return nil }
    let sorted = members.sorted { $0.key < $1.key }
    return "{" + sorted.map { "\(stringText($0.key)):\($0.json)" }.joined(separator: ",") + "}"
}

private func stringText(_ text: String) -> String {
    String(decoding: JSONText.string(text), as: UTF8.self)
}
