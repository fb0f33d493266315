import EventLog

/// Finds events of one import that have one id and differ: of these only the first could be stored.
public struct IDClashes {
    private struct Known {
        var line: Int
        var rule: Int
        var content: Int
    }

    private var known: [Int: Known] = [:]

    /// Nothing seen yet.
    public init() {}

    /// What is wrong with the event's id, in one line; `nil` if no earlier event has it, or only an equal one.
    ///
    /// Ids are held as hashes, some fifty bytes each.
    public mutating func clash(of event: ImportedEvent) -> String? {
        guard let id = event.draft.id else { return nil }
        // Bytes, as the log compares: texts may be equal to Swift and yet differ.
        let key = Array(id.utf8).hashValue
        var hasher = Hasher()
        for text in [event.draft.type, event.draft.subject, event.draft.time] {
            hasher.combine(text.map { Array($0.utf8) })
        }
        hasher.combine(event.draft.data)
        let content = hasher.finalize()
        guard let first = known[key] else {
            known[key] = Known(line: event.line, rule: event.rule, content: content)
            return nil
        }
        guard first.content != content else { return nil }
        let rules = first.rule == event.rule ? "" : " (rule \(first.rule))"
        let mend =
            first.rule == event.rule
            ? "name columns in `id` that tell these rows apart"
            : "make the rules' ids differ, as in `id: \"\(event.rule):{column}\"`"
        return "rule \(event.rule): the id \"\(LineError.printable(id))\" is that of line \(first.line)\(rules), "
            + "with other content; \(mend)"
    }
}
