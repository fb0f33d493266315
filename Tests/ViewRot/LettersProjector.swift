import EventLog
import Projection

/// A row for each letter, some of them longer than a page: so all kinds of pages come up.
struct LettersProjector: Projector {
    struct State {
        var subject: String?
        var texts: [String] = []
    }

    let name = "letters"
    let version = 1
    let consumes = ["letter.*"]
    let tables = [
        TableDefinition(
            "letters", "The letters of a subject, in business order.",
            columns: [
                ColumnDefinition("subject", .text, "The subject."),
                ColumnDefinition("ordinal", .integer, "From 0."),
                ColumnDefinition("text", .text, "The text."),
                ColumnDefinition("size", .integer, "Bytes of the text."),
            ], primaryKey: ["subject", "ordinal"], indexes: [["size"]])
    ]

    func makeState(subject: String?) -> State { State(subject: subject) }

    func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        let text = event.data["text"]?.string ?? ""
        state.texts.append(text)
        if text.utf8.count > 5_000 { anomalies.report(event, "long", "a long letter") }
    }

    func emit(_ state: State, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        for (ordinal, text) in state.texts.enumerated() {
            rows.insert(
                [.text(subject), .integer(Int64(ordinal)), .text(text), .integer(Int64(text.utf8.count))], table: 0)
        }
    }
}

/// The letters of the sample: the same for the same count.
///
/// Subjects come one after the other, so that a transaction touches few of the pages and leaves the others older.
func letters(_ count: Int) -> [EventDraft] {
    (0..<count).map { number in
        // A text that does not repeat within a page, as real ones do not.
        let words = (0..<(number % 37 == 5 ? 1_200 : 30)).map { String((number + 1) * 7_919 + $0 * 104_729, radix: 36) }
        return EventDraft(
            id: "l\(number)", source: "/rot", type: "letter.sent", subject: "S-\(number / 7 % 23)",
            time: Instant(microseconds: 1_600_000_000_000_000 + Int64(number) * 1_000_000).rfc3339,
            data: Array(#"{"text":"\#(words.joined(separator: " "))"}"#.utf8))
    }
}
