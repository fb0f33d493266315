/// One complaint or ticket.
package struct ReferenceCase: Sendable {
    /// How it stands.
    package enum State: String, Sendable { case open, resolved, closed }

    package var state = State.open
    /// The first event that names it as a case.
    package var opened: Int64
    /// Whether that is its opening; if not, nobody knows how long anything took.
    package var hasOpening: Bool
    /// The earliest answer, if any.
    package var firstResponse: Int64?
    /// The first time it was resolved.
    package var firstResolved: Int64?
    /// The resolution that stands, if it does.
    package var resolved: Int64?
    package var reopenings = 0
    package var isEscalated = false
    package var agent: String?

    /// The cases of one subject and family (`complaint` or `ticket`), by id.
    package static func all(_ events: [ReferenceEvent], family: String) -> [String: ReferenceCase] {
        var all: [String: ReferenceCase] = [:]
        var answers: [String: Int64] = [:]
        for event in events {
            guard let id = event.text(family) else { continue }
            if event.family == family {
                var this = all[id] ?? ReferenceCase(opened: event.time, hasOpening: event.type == family + ".opened")
                this.apply(event)
                this.agent = event.text("agent") ?? this.agent
                all[id] = this
            }
            // What names a case that is not there yet is no answer to it.
            if event.type == family + ".responded" || (Self.isOutbound(event) && all[id] != nil) {
                answers[id] = answers[id] ?? event.time
            }
        }
        for (id, time) in answers { all[id]?.firstResponse = time }
        return all
    }

    static func isOutbound(_ event: ReferenceEvent) -> Bool {
        switch event.type {
        case "message.sent": return true
        case "call.completed": return event.text("direction") == "outbound"
        default: return false
        }
    }

    mutating func apply(_ event: ReferenceEvent) {
        let state = String(event.type.dropFirst(event.family.count + 1))
        switch state {
        case "resolved":
            self.state = .resolved
            firstResolved = firstResolved ?? event.time
            resolved = resolved ?? event.time
        case "closed":
            self.state = .closed
        case "reopened":
            // Of a case that is open: a reopening of which nothing else was told, or one that was told already.
            if self.state != .open || reopenings == 0 { reopen() }
        case "assigned", "waiting", "escalated":
            if state == "escalated" { isEscalated = true }
            if self.state != .open { reopen() }
        default:
            break
        }
    }

    mutating func reopen() {
        state = .open
        resolved = nil
        reopenings += 1
    }
}

/// What the service view says of one family.
package struct ReferenceServiceSummary: Sendable, Equatable {
    package var opened = 0
    package var open = 0
    package var resolved = 0
    package var reopened = 0

    /// Counts distinct cases.
    package init(_ cases: [ReferenceCase]) {
        opened = cases.count
        open = cases.filter { $0.state == .open }.count
        resolved = cases.filter { $0.firstResolved != nil }.count
        reopened = cases.filter { $0.reopenings > 0 }.count
    }
}
