/// A column of the row that a segment's condition is asked of.
public struct SegmentColumn: Sendable {
    /// The type that SQLite gives the values.
    public enum Kind: String, Sendable, Encodable {
        /// Text; instants are RFC 3339 in UTC, days yyyy-MM-dd.
        case text = "TEXT"
        /// A whole number.
        case integer = "INTEGER"
        /// Any number.
        case real = "REAL"
    }

    /// Its name, which stays.
    public var name: String
    /// The type.
    public var kind: Kind
    /// What it holds.
    public var summary: String

    init(_ name: String, _ kind: Kind, _ summary: String) {
        self.name = name
        self.kind = kind
        self.summary = summary
    }
}

/// A value of that row.
enum SegmentValue: Sendable {
    case null, integer(Int64), real(Double), text(String)

    init(_ text: String?) { self = text.map(SegmentValue.text) ?? .null }
    init(_ number: Int64?) { self = number.map(SegmentValue.integer) ?? .null }
    init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }
    init(_ number: Double?) { self = number.flatMap { $0.isFinite ? .real($0) : nil } ?? .null }
}

/// The columns, in groups that are read together and only if a condition names one of them.
public enum SegmentColumns {
    /// Every column in order.
    public static let all = profile + tags + touches + purchases + service + funnel + tasks + churn + value

    static let profile = [
        SegmentColumn("customer", .text, "The customer's id, the survivor after merges."),
        SegmentColumn("name", .text, "Name."),
        SegmentColumn("kind", .text, "person or company."),
        SegmentColumn("company", .text, "The company a person works for."),
        SegmentColumn("origin", .text, "Where the customer came from."),
        SegmentColumn("owner", .text, "Who looks after the customer."),
        SegmentColumn("team", .text, "The owner's team."),
        SegmentColumn("tier", .text, "Loyalty tier."),
        SegmentColumn("phone", .text, "Phone number, as sent."),
        SegmentColumn("email", .text, "E-mail address."),
        SegmentColumn("birthday", .text, "Date of birth."),
        SegmentColumn("fields", .text, "JSON object of all other fields; json_extract(fields, '$.NAME') is one."),
        SegmentColumn("points", .integer, "Loyalty points."),
        SegmentColumn("events", .integer, "Number of events."),
        SegmentColumn("first_event", .text, "When the first event happened."),
        SegmentColumn("last_event", .text, "When the last event happened."),
        SegmentColumn("purchases", .integer, "Orders completed and not cancelled."),
    ]

    static let tags = [
        SegmentColumn("registered", .text, "When the customer was first registered; NULL = never."),
        SegmentColumn("tags", .text, "JSON list of the tags, sorted: tags LIKE '%\"vip\"%'."),
    ]

    static let touches = [
        SegmentColumn("touches", .integer, "Calls, messages, meetings and visits."),
        SegmentColumn("last_touch", .text, "When the last of them happened."),
    ]

    static let purchases = [
        SegmentColumn("purchase_days", .integer, "Days with a purchase, neither cancelled nor wholly refunded."),
        SegmentColumn("first_purchase", .text, "The first such day, yyyy-MM-dd."),
        SegmentColumn("last_purchase", .text, "The last such day, yyyy-MM-dd."),
        SegmentColumn("days_since_purchase", .integer, "Days since then, in the folder's zone."),
        SegmentColumn("usual_gap", .real, "Mean number of days between purchases; NULL below two days."),
        SegmentColumn("currency", .text, "The currency of most purchase days; of several, the first by code."),
        SegmentColumn("total", .real, "Net spend in that currency."),
        SegmentColumn("spent", .text, "JSON object, currency to net spend: json_extract(spent, '$.CNY') > 1000."),
    ]

    static let service = [
        SegmentColumn("complaints", .integer, "Complaints."),
        SegmentColumn("open_complaints", .integer, "Complaints neither resolved nor closed."),
        SegmentColumn("tickets", .integer, "Tickets."),
        SegmentColumn("open_tickets", .integer, "Tickets neither resolved nor closed."),
    ]

    static let funnel = [
        SegmentColumn("open_leads", .integer, "Leads neither qualified nor disqualified."),
        SegmentColumn("open_opportunities", .integer, "Open opportunities."),
        SegmentColumn("won_opportunities", .integer, "Won opportunities."),
        SegmentColumn("lost_opportunities", .integer, "Lost opportunities."),
    ]

    static let tasks = [
        SegmentColumn("open_tasks", .integer, "Open tasks and follow-ups."),
        SegmentColumn("overdue_tasks", .integer, "Those that are overdue."),
    ]

    static let churn = [
        SegmentColumn("contract", .integer, "1 if bound by a contract today."),
        SegmentColumn("unsubscribed", .integer, "Channels and purposes the customer wants to hear no more of."),
        SegmentColumn("risk", .real, "Probability of no purchase within the churn model's horizon; NULL = no score."),
        SegmentColumn("risk_band", .text, "high, medium or low."),
        SegmentColumn("alive", .real, "Probability of still being a customer."),
        SegmentColumn("expected_purchases", .real, "Expected purchase days within the horizon."),
    ]

    static let value = [
        SegmentColumn("recency", .integer, "Fifth of recency, 5 = most recent, among customers of the main currency."),
        SegmentColumn("frequency", .integer, "Fifth of purchase days."),
        SegmentColumn("monetary", .integer, "Fifth of spend."),
        SegmentColumn("rfm", .text, "The three digits, as in 545."),
        SegmentColumn("expected_spend", .real, "Expected spend within the horizon, in the currency of most customers."),
    ]
}
