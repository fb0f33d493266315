import EventLog
import Projection

/// All that a new projector is: this file, and a line in a list of projectors.
struct CountingProjector: Projector {
    struct State {
        var subject: String?
        var order: [UInt64] = []
        var texts: [String] = []
    }

    var name = "counting"
    var version = 1
    let consumes = ["note.*", "oddity"]

    var tables = [
        TableDefinition(
            "notes", "The texts of a subject, in business order.",
            columns: [
                ColumnDefinition("subject", .text, "The subject."),
                ColumnDefinition("texts", .text, "All texts, joined."),
                ColumnDefinition("last", .integer, "The last event's sequence."),
            ], primaryKey: ["subject"], indexes: [["last"]]),
        TableDefinition(
            "system_notes", "The texts of system events.",
            columns: [ColumnDefinition("ordinal", .integer, "From 0."), ColumnDefinition("text", .text, "The text.")],
            primaryKey: ["ordinal"]),
    ]

    func makeState(subject: String?) -> State { State(subject: subject) }

    func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        if event.type == "oddity" { anomalies.report(event, "odd", "an oddity") }
        state.order.append(event.sequence)
        state.texts.append(event.data["text"]?.string ?? "?")
    }

    func emit(_ state: State, into rows: inout RowCollector) {
        guard let last = state.order.last else { return }
        if let subject = state.subject {
            rows.insert(
                [.text(subject), .text(state.texts.joined(separator: " ")), SQLValue(sequence: last)], table: 0)
        } else {
            for (ordinal, text) in state.texts.enumerated() {
                rows.insert([.integer(Int64(ordinal)), .text(text)], table: 1)
            }
        }
    }
}

/// The catalogue line.
let testProjectors: [any Projector] = [CountingProjector()]

/// Retractions named as in the events' own language, without knowing a CRM.
let testPolicy = FoldPolicy(retractionType: "retracted", systemTypes: ["note.*", "retracted"]) { event in
    guard let id = event.data["id"]?.string else { return nil }
    return EventKey(source: "/t", id: id)
}
