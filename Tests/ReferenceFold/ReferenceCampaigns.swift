/// The customers that a campaign touched and that answered it.
package struct ReferenceCampaign: Sendable, Equatable {
    /// Survivors, per kind of touch (`sent`, `delivered`, `opened` …).
    package var customers: [String: Set<String>] = [:]
    /// The same per variant; no variant is "".
    package var byVariant: [String: [String: Set<String>]] = [:]
    /// How many events of each kind.
    package var events: [String: Int] = [:]

    /// Distinct customers of a kind.
    package func count(_ kind: String) -> Int { customers[kind]?.count ?? 0 }
    /// Customers that were sent it and redeemed it.
    package var sentAndRedeemed: Int {
        customers["sent", default: []].intersection(customers["redeemed", default: []]).count
    }

    /// The campaigns by id, also those that were only defined.
    package static func all(_ known: KnownEvents, _ merges: ReferenceMerges) -> [String: ReferenceCampaign] {
        var all: [String: ReferenceCampaign] = [:]
        for event in known.system where event.type == "campaign.defined" {
            if let id = event.text("campaign") {
                all[id, default: ReferenceCampaign()].events["defined", default: 0] += 1
            }
        }
        for (subject, events) in known.bySubject {
            let customer = merges.survivor(of: subject)
            for (place, event) in events.enumerated()
            where event.family == "campaign" && event.type != "campaign.defined" {
                guard let id = event.text("campaign") else { continue }
                let kind = String(event.type.dropFirst("campaign.".count))
                var campaign = all[id] ?? ReferenceCampaign()
                campaign.customers[kind, default: []].insert(customer)
                let variant = Self.variant(of: event, after: events[..<place])
                campaign.byVariant[variant, default: [:]][kind, default: []].insert(customer)
                campaign.events[kind, default: 0] += 1
                all[id] = campaign
            }
        }
        return all
    }

    /// Its own, else that of the sending it answers: the last with the same touch, else the last of the campaign.
    static func variant(of event: ReferenceEvent, after earlier: ArraySlice<ReferenceEvent>) -> String {
        if let variant = event.text("variant") { return variant }
        if event.type == "campaign.sent" { return "" }
        let sendings = earlier.filter {
            $0.type == "campaign.sent" && $0.text("campaign") == event.text("campaign")
        }
        let same = sendings.last { $0.text("touch") != nil && $0.text("touch") == event.text("touch") }
        return (same ?? sendings.last)?.text("variant") ?? ""
    }
}

/// One thing to do.
package struct ReferenceTask: Sendable, Equatable {
    /// How it stands.
    package enum State: String, Sendable { case open, completed, cancelled }

    package var state = State.open
    /// As sent, in microseconds since 1970-01-01T00:00:00Z.
    package var due: Int64?
    package var owner: String?
    package var about: String?

    /// The tasks of one subject, by id.
    package static func all(_ events: [ReferenceEvent]) -> [String: ReferenceTask] {
        var all: [String: ReferenceTask] = [:]
        for event in events where event.family == "task" {
            guard let id = event.text("task") else { continue }
            var task = all[id] ?? ReferenceTask()
            switch event.type {
            case "task.scheduled":
                task.state = .open
                task.due = event.text("due").flatMap(ReferenceEvent.microseconds)
                task.owner = event.text("owner") ?? task.owner
                task.about = event.text("about") ?? task.about
            case "task.completed": task.state = .completed
            case "task.cancelled": task.state = .cancelled
            default: break
            }
            all[id] = task
        }
        return all
    }
}

/// What the churn models want to know of one customer.
package struct ReferenceRecency: Sendable, Equatable {
    /// Repeat purchase days.
    package var x: Int
    /// Days from the first to the last purchase day; weeks are a seventh of it.
    package var lastAfter: Int
    /// Days from the first purchase day to the day asked for.
    package var age: Int

    /// From a customer's purchase days up to `day`; nil if there is none.
    package init?(days: Set<Int>, day: Int) {
        let past = days.filter { $0 <= day }
        guard let first = past.min(), let last = past.max() else { return nil }
        x = past.count - 1
        lastAfter = last - first
        age = day - first
    }
}
