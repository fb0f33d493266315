package import Foundation

/// What is known of one subject, apart from deals and cases.
package struct ReferenceCustomer: Sendable {
    /// A value, and when it was set.
    package struct Field: Sendable, Equatable {
        package var value: ReferenceJSON
        package var time: Int64
        package var sequence: UInt64
    }

    /// Since when something holds.
    package struct Mark: Sendable, Equatable {
        package var time: Int64
        package var sequence: UInt64
    }

    /// A field that took another value.
    package struct Change: Sendable, Equatable {
        package var field: String
        package var before: ReferenceJSON?
        package var after: ReferenceJSON?
        package var time: Int64
        package var sequence: UInt64
    }

    /// Touches over one channel.
    package struct Touches: Sendable, Equatable {
        package var count = 0
        package var first: Mark
        package var last: Mark
    }

    /// A consent's key.
    package struct ConsentKey: Hashable, Sendable {
        package var purpose: String
        package var channel: String
    }

    /// The last word on a consent.
    package struct Consent: Sendable, Equatable {
        package var isGiven: Bool
        package var time: Int64
        package var sequence: UInt64
    }

    /// The profile: a field's newest value.
    ///
    /// Owner, team and tier are in it.
    package var profile: [String: Field] = [:]
    /// Every change of a field, in business order; what the first registration is the first to set is no change.
    package var changes: [Change] = []
    /// How many events of each type.
    package var eventCounts: [String: Int] = [:]
    /// The first and the last event of each type.
    package var firstOfType: [String: Mark] = [:]
    package var lastOfType: [String: Mark] = [:]
    /// The first and the last event.
    package var first: Mark?
    package var last: Mark?
    package var tags: [String: Mark] = [:]
    package var touches: [String: Touches] = [:]
    package var points = 0
    package var consents: [ConsentKey: Consent] = [:]
    /// Kind and value of the identities linked now.
    package var identities: [[String]: Mark] = [:]
    package var purchases = ReferencePurchases()
    private var isRegistered = false

    /// Folds the events of one subject.
    package init(_ events: [ReferenceEvent], calendar: ReferenceCalendar) {
        for event in events {
            let mark = Mark(time: event.time, sequence: event.sequence)
            first = first ?? mark
            last = mark
            firstOfType[event.type] = firstOfType[event.type] ?? mark
            lastOfType[event.type] = mark
            eventCounts[event.type, default: 0] += 1
            if let channel = Self.channel(of: event) {
                touches[channel] = touches[channel] ?? Touches(first: mark, last: mark)
                touches[channel]?.count += 1
                touches[channel]?.last = mark
            }
            apply(event)
        }
        purchases = ReferencePurchases(events, calendar: calendar)
    }

    /// Over which channel an event touched the customer; nil: it is no touch.
    static func channel(of event: ReferenceEvent) -> String? {
        switch event.type {
        case "call.completed": return "phone"
        case "meeting.held": return "meeting"
        case "visit.made": return "visit"
        case "message.received", "message.sent", "purchase.completed", "product.viewed", "complaint.opened",
            "ticket.opened", "survey.sent", "campaign.sent", "campaign.delivered", "campaign.opened",
            "campaign.clicked", "campaign.redeemed", "campaign.unsubscribed":
            return event.text("channel")
        default: return nil
        }
    }

    mutating func set(_ key: String, _ value: ReferenceJSON, _ event: ReferenceEvent, isFirst: Bool = false) {
        let before = profile[key]?.value
        let after = value == .null ? nil : value
        profile[key] = after.map { Field(value: $0, time: event.time, sequence: event.sequence) }
        if before != after, !(isFirst && before == nil) {
            changes.append(
                Change(field: key, before: before, after: after, time: event.time, sequence: event.sequence))
        }
    }

    mutating func apply(_ event: ReferenceEvent) {
        let mark = Mark(time: event.time, sequence: event.sequence)
        let identity = [event.text("kind") ?? "", event.text("value") ?? ""]
        switch event.type {
        case "customer.registered":
            if case .object(let fields) = event.data {
                for (key, value) in fields { set(key, value, event, isFirst: !isRegistered) }
            }
            isRegistered = true
        case "customer.updated":
            if case .object(let fields)? = event.data["set"] {
                for (key, value) in fields { set(key, value, event) }
            }
        case "customer.assigned":
            for key in ["owner", "team"] {
                if let value = event.data[key] { set(key, value, event) }
            }
        case "customer.tier_changed":
            if let value = event.data["to"] { set("tier", value, event) }
        case "customer.tagged":
            if let tag = event.text("tag") { tags[tag] = tags[tag] ?? mark }
        case "customer.untagged":
            if let tag = event.text("tag") { tags[tag] = nil }
        case "identity.linked":
            identities[identity] = identities[identity] ?? mark
        case "identity.unlinked":
            identities[identity] = nil
        case "points.earned", "points.adjusted":
            points += event.data["points"]?.integer ?? 0
        case "points.redeemed", "points.expired":
            points -= event.data["points"]?.integer ?? 0
        case "consent.given", "consent.withdrawn":
            let key = ConsentKey(purpose: event.text("purpose") ?? "", channel: event.text("channel") ?? "")
            consents[key] = Consent(
                isGiven: event.type == "consent.given", time: event.time, sequence: event.sequence)
        default:
            break
        }
    }
}

/// One customer made of the subjects that were merged into it.
package struct ReferenceGroup: Sendable {
    package var profile: [String: ReferenceCustomer.Field] = [:]
    package var eventCounts: [String: Int] = [:]
    package var tags: Set<String> = []
    package var points = 0
    package var consents: [ReferenceCustomer.ConsentKey: ReferenceCustomer.Consent] = [:]
    package var identities: Set<[String]> = []
    package var orderCount = 0
    package var totals: [String: Decimal] = [:]
    package var purchaseDays: Set<Int> = []

    /// The survivor's field wins, else the newest; the rest is a union or a sum.
    package init(survivor: String, members: [String: ReferenceCustomer]) {
        for (subject, member) in members {
            for (key, field) in member.profile {
                if members[survivor]?.profile[key] != nil {
                    if subject == survivor { profile[key] = field }
                } else if let other = profile[key], (other.time, other.sequence) > (field.time, field.sequence) {
                    continue
                } else {
                    profile[key] = field
                }
            }
            for (type, count) in member.eventCounts { eventCounts[type, default: 0] += count }
            tags.formUnion(member.tags.keys)
            identities.formUnion(member.identities.keys)
            points += member.points
            for (key, consent) in member.consents {
                if let other = consents[key], (other.time, other.sequence) > (consent.time, consent.sequence) {
                    continue
                }
                consents[key] = consent
            }
            orderCount += member.purchases.count
            for (currency, total) in member.purchases.totals { totals[currency, default: 0] += total }
            purchaseDays.formUnion(member.purchases.days)
        }
    }
}
