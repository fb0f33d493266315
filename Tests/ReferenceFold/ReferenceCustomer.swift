public import Foundation

/// What is known of one subject, apart from deals and cases.
public struct ReferenceCustomer: Sendable {
    /// A value, and when it was set.
    public struct Field: Sendable, Equatable {
        public var value: ReferenceJSON
        public var time: Int64
        public var sequence: UInt64
    }

    /// A consent's key.
    public struct ConsentKey: Hashable, Sendable {
        public var purpose: String
        public var channel: String
    }

    /// The last word on a consent.
    public struct Consent: Sendable, Equatable {
        public var isGiven: Bool
        public var time: Int64
        public var sequence: UInt64
    }

    /// The profile: a field's newest value. Owner, team and tier are in it.
    public var profile: [String: Field] = [:]
    /// Every value that a field ever had, oldest first, as business order tells it.
    public var history: [String: [Field]] = [:]
    /// How many events of each type.
    public var eventCounts: [String: Int] = [:]
    /// The first and the last event's time.
    public var first: Int64 = 0
    public var last: Int64 = 0
    public var tags: Set<String> = []
    public var points = 0
    public var consents: [ConsentKey: Consent] = [:]
    /// Kind and value of the identities linked now.
    public var identities: Set<[String]> = []
    public var purchases = ReferencePurchases()

    /// Folds the events of one subject.
    public init(_ events: [ReferenceEvent], calendar: ReferenceCalendar) {
        first = events.first?.time ?? 0
        last = events.last?.time ?? 0
        for event in events {
            eventCounts[event.type, default: 0] += 1
            apply(event)
        }
        purchases = ReferencePurchases(events, calendar: calendar)
    }

    mutating func set(_ key: String, _ value: ReferenceJSON, _ event: ReferenceEvent) {
        if value == .null {
            profile[key] = nil
        } else {
            profile[key] = Field(value: value, time: event.time, sequence: event.sequence)
        }
        history[key, default: []].append(Field(value: value, time: event.time, sequence: event.sequence))
    }

    mutating func apply(_ event: ReferenceEvent) {
        switch event.type {
        case "customer.registered":
            if case .object(let fields) = event.data {
                for (key, value) in fields { set(key, value, event) }
            }
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
            if let tag = event.text("tag") { tags.insert(tag) }
        case "customer.untagged":
            if let tag = event.text("tag") { tags.remove(tag) }
        case "identity.linked":
            identities.insert([event.text("kind") ?? "", event.text("value") ?? ""])
        case "identity.unlinked":
            identities.remove([event.text("kind") ?? "", event.text("value") ?? ""])
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
public struct ReferenceGroup: Sendable {
    public var profile: [String: ReferenceCustomer.Field] = [:]
    public var eventCounts: [String: Int] = [:]
    public var tags: Set<String> = []
    public var points = 0
    public var consents: [ReferenceCustomer.ConsentKey: ReferenceCustomer.Consent] = [:]
    public var identities: Set<[String]> = []
    public var orderCount = 0
    public var totals: [String: Decimal] = [:]
    public var purchaseDays: Set<Int> = []

    /// The survivor's field wins, else the newest; the rest is a union or a sum.
    public init(survivor: String, members: [String: ReferenceCustomer]) {
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
            tags.formUnion(member.tags)
            identities.formUnion(member.identities)
            points += member.points
            for (key, consent) in member.consents {
                if let other = consents[key], (other.time, other.sequence) > (consent.time, consent.sequence) { continue }
                consents[key] = consent
            }
            orderCount += member.purchases.count
            for (currency, total) in member.purchases.totals { totals[currency, default: 0] += total }
            purchaseDays.formUnion(member.purchases.days)
        }
    }
}
