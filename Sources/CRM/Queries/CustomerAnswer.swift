/// The 360° view of one customer.
public struct CustomerAnswer: Encodable, Sendable {
    /// What a customer bought.
    public struct Purchases: Encodable, Sendable, Equatable {
        /// Orders completed and not cancelled.
        public var count: Int64
        /// Net per currency: orders not cancelled, less refunds.
        public var totals: [String: DecimalAmount]
        /// When the first of the counted orders was completed, an instant in UTC.
        public var first: String?
        /// When the last of the counted orders was completed, an instant in UTC.
        public var last: String?
        /// Calendar days with an order that was neither cancelled nor wholly refunded.
        public var days: Int64
        /// The first of these days.
        public var firstDay: String?
        /// The last of these days.
        public var lastDay: String?

        enum CodingKeys: String, CodingKey {
            case count, totals, first, last, days
            case firstDay = "first_day"
            case lastDay = "last_day"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .count)
            try container.encode(totals, forKey: .totals)
            try container.encode(first, forKey: .first)
            try container.encode(last, forKey: .last)
            try container.encode(days, forKey: .days)
            try container.encode(firstDay, forKey: .firstDay)
            try container.encode(lastDay, forKey: .lastDay)
        }
    }

    /// The newest word on a purpose and channel.
    public struct Consent: Encodable, Sendable, Equatable {
        /// What for.
        public var purpose: String
        /// The channel; `nil` = every channel.
        public var channel: String?
        /// `given` or `withdrawn`.
        public var state: String
        /// When that was said.
        public var time: String
        /// The event that says so.
        public var sequence: UInt64
        /// The legal basis.
        public var basis: String?
    }

    /// An identity linked to the customer.
    public struct Identity: Encodable, Sendable, Equatable {
        /// phone, wechat, email, device, erp and the like.
        public var kind: String
        /// The identity.
        public var value: String
        /// Since when.
        public var since: String
        /// The event that linked it.
        public var sequence: UInt64
    }

    /// First and last touch on a channel.
    public struct Touch: Encodable, Sendable, Equatable {
        /// phone, meeting, visit, or the channel that the events name.
        public var channel: String
        /// How many touches.
        public var count: Int64
        /// When the first happened.
        public var first: String
        /// The first touch's event.
        public var firstSequence: UInt64
        /// When the last happened.
        public var last: String
        /// The last touch's event.
        public var lastSequence: UInt64

        enum CodingKeys: String, CodingKey {
            case channel, count, first, last
            case firstSequence = "first_sequence"
            case lastSequence = "last_sequence"
        }
    }

    /// The customer: the survivor, if the one asked for was merged.
    public var subject: String
    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// The survivor, if another customer was asked for that was merged into it.
    public var mergedInto: String?
    /// The customer that was asked for, if it was merged into this one.
    public var asked: String?
    /// The customers that were merged into this one.
    public var mergedFrom: [String]
    /// Every field: name, phone, email, birthday, kind, company, origin, owner, team, tier, and whatever else was set.
    public var profile: [String: JSONValue]
    /// Number of events per type.
    public var events: [String: Int64]
    /// When the first event happened.
    public var firstEvent: String?
    /// When the last event happened.
    public var lastEvent: String?
    /// What was bought.
    public var purchases: Purchases
    /// Loyalty points.
    public var points: Int64
    /// The tags, sorted.
    public var tags: [String]
    /// The newest word per purpose and channel.
    public var consents: [Consent]
    /// The linked identities.
    public var identities: [Identity]
    /// First and last touch per channel.
    public var touches: [Touch]
    /// Open tasks, the most urgent first.
    public var tasks: [AgendaAnswer.Task]
    /// Opportunities and leads.
    public var funnel: AnswerPart
    /// Complaints and tickets.
    public var service: AnswerPart
    /// Purchase behaviour and risk.
    public var churn: AnswerPart
    /// How he buys, and what he is worth.
    public var value: AnswerPart

    enum CodingKeys: String, CodingKey {
        case subject, at, now, asked, profile, events, purchases, points, tags, consents, identities, touches, tasks
        case funnel, service, churn, value
        case mergedInto = "merged_into"
        case mergedFrom = "merged_from"
        case firstEvent = "first_event"
        case lastEvent = "last_event"
    }

    /// Encodes every key, null where there is nothing, so that the keys are the same for every customer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(subject, forKey: .subject)
        try container.encode(at, forKey: .at)
        try container.encode(now, forKey: .now)
        try container.encode(asked, forKey: .asked)
        try container.encode(mergedInto, forKey: .mergedInto)
        try container.encode(mergedFrom, forKey: .mergedFrom)
        try container.encode(profile, forKey: .profile)
        try container.encode(events, forKey: .events)
        try container.encode(firstEvent, forKey: .firstEvent)
        try container.encode(lastEvent, forKey: .lastEvent)
        try container.encode(purchases, forKey: .purchases)
        try container.encode(points, forKey: .points)
        try container.encode(tags, forKey: .tags)
        try container.encode(consents, forKey: .consents)
        try container.encode(identities, forKey: .identities)
        try container.encode(touches, forKey: .touches)
        try container.encode(tasks, forKey: .tasks)
        try container.encode(funnel, forKey: .funnel)
        try container.encode(service, forKey: .service)
        try container.encode(churn, forKey: .churn)
        try container.encode(value, forKey: .value)
    }
}

/// A part of an answer that another query gives, of whatever type it is.
public struct AnswerPart: Encodable, Sendable {
    /// The part; `nil` encodes as null.
    public var value: (any Encodable & Sendable)?

    /// Wraps a part.
    public init(_ value: (any Encodable & Sendable)?) { self.value = value }

    /// Encodes the part itself, without a wrapper.
    public func encode(to encoder: any Encoder) throws {
        if let value {
            try value.encode(to: encoder)
        } else {
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        }
    }
}
