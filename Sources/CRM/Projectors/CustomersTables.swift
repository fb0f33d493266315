import Projection

/// The tables of the customers' view.
enum CustomersTables {
    /// The places of the tables in the projector's list.
    enum Place: Int {
        case customers, history, eventCounts, touches, tags, identities, consents, purchases, totals
    }

    static let all = [
        customers, history, eventCounts, touches, tags, identities, consents, purchases, totals,
    ]

    private static let subject = ColumnDefinition("subject", .text, "The customer, as sent.")

    static let customers = TableDefinition(
        "customers", "A customer: profile and counters.",
        columns: [
            subject,
            ColumnDefinition("name", .text, "Name."),
            ColumnDefinition("phone", .text, "Phone number, as sent."),
            ColumnDefinition("email", .text, "E-mail address."),
            ColumnDefinition("birthday", .text, "Date of birth."),
            ColumnDefinition("kind", .text, "person or company."),
            ColumnDefinition("company", .text, "The company a person works for."),
            ColumnDefinition("origin", .text, "Where the customer came from."),
            ColumnDefinition("owner", .text, "Who looks after the customer."),
            ColumnDefinition("team", .text, "The owner's team."),
            ColumnDefinition("tier", .text, "Loyalty tier."),
            ColumnDefinition("other_fields", .text, "JSON object of every other field; none is NULL."),
            ColumnDefinition("points", .integer, "Loyalty points: earned, less redeemed and expired, adjusted."),
            ColumnDefinition("events", .integer, "Number of events."),
            ColumnDefinition("first_event", .text, "When the first event happened, an instant in UTC."),
            ColumnDefinition("last_event", .text, "When the last event happened, an instant in UTC."),
            ColumnDefinition("last_sequence", .integer, "The last event in order of time."),
            ColumnDefinition("purchases", .integer, "Orders that were completed and not cancelled."),
            ColumnDefinition("first_purchase", .text, "When the first of these was completed, an instant in UTC."),
            ColumnDefinition("last_purchase", .text, "When the last of these was completed, an instant in UTC."),
            ColumnDefinition(
                "field_times", .text,
                "Of a customer merged into another: JSON object, field to [time, sequence] of the event that set it."),
        ],
        primaryKey: ["subject"])

    static let history = TableDefinition(
        "customer_field_history", "A change of a field; what the first registration gave is not repeated.",
        columns: [
            subject,
            ColumnDefinition("sequence", .integer, "The event that changed it."),
            ColumnDefinition("field", .text, "The field."),
            ColumnDefinition("time", .text, "When, an instant in UTC."),
            ColumnDefinition("before", .text, "Its value before; NULL = none."),
            ColumnDefinition("after", .text, "Its value after; NULL = none."),
        ],
        primaryKey: ["subject", "sequence", "field"])

    static let eventCounts = TableDefinition(
        "customer_event_counts", "How many events of a type a customer has.",
        columns: [
            subject,
            ColumnDefinition("type", .text, "The event type."),
            ColumnDefinition("count", .integer, "How many."),
            ColumnDefinition("first_time", .text, "When the first happened, an instant in UTC."),
            ColumnDefinition("last_time", .text, "When the last happened, an instant in UTC."),
        ],
        primaryKey: ["subject", "type"])

    static let touches = TableDefinition(
        "customer_touches", "First and last touch with a customer on a channel.",
        columns: [
            subject,
            ColumnDefinition("channel", .text, "phone, meeting, visit, or the channel that the event names."),
            ColumnDefinition("count", .integer, "How many touches."),
            ColumnDefinition("first_time", .text, "When the first happened, an instant in UTC."),
            ColumnDefinition("first_sequence", .integer, "The first touch's event."),
            ColumnDefinition("last_time", .text, "When the last happened, an instant in UTC."),
            ColumnDefinition("last_sequence", .integer, "The last touch's event."),
        ],
        primaryKey: ["subject", "channel"])

    static let tags = TableDefinition(
        "customer_tags", "A tag that a customer has.",
        columns: [
            subject,
            ColumnDefinition("tag", .text, "The tag."),
            ColumnDefinition("since", .text, "Since when, an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that set it."),
        ],
        primaryKey: ["subject", "tag"], indexes: [["tag"]])

    static let identities = TableDefinition(
        "customer_identities", "An identity that is linked to a customer.",
        columns: [
            subject,
            ColumnDefinition("kind", .text, "phone, wechat, email, device, erp …"),
            ColumnDefinition("value", .text, "The identity."),
            ColumnDefinition("since", .text, "Since when, an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that linked it."),
        ],
        primaryKey: ["subject", "kind", "value"])

    static let consents = TableDefinition(
        "customer_consents", "The newest word of a customer on a purpose and channel.",
        columns: [
            subject,
            ColumnDefinition("purpose", .text, "What for."),
            ColumnDefinition("channel", .text, "The channel; empty = every channel."),
            ColumnDefinition("state", .text, "given or withdrawn."),
            ColumnDefinition("time", .text, "When that was said, an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that says so."),
            ColumnDefinition("basis", .text, "The legal basis, in the sender's words."),
        ],
        primaryKey: ["subject", "purpose", "channel"])

    static let purchases = TableDefinition(
        "purchases", "An order, a row a currency (nearly always one); order_id is empty for refunds that name none.",
        columns: [
            subject,
            ColumnDefinition("order_id", .text, "The order."),
            ColumnDefinition("currency", .text, "ISO 4217; XXX = never said."),
            ColumnDefinition(
                "state", .text, "completed, partly_refunded, refunded, cancelled, or unknown = never completed."),
            ColumnDefinition("time", .text, "When it was first completed, an instant in UTC; NULL = never."),
            ColumnDefinition("sequence", .integer, "That event; if never completed, the first that names the order."),
            ColumnDefinition("day", .text, "The calendar day of time in the folder's zone."),
            ColumnDefinition("gross", .text, "Decimal: what was completed."),
            ColumnDefinition("refunded", .text, "Decimal: what was refunded."),
            ColumnDefinition("net", .text, "Decimal: gross less refunded; 0 if cancelled."),
            ColumnDefinition("items", .integer, "Number of items."),
            ColumnDefinition("channel", .text, "Where it was bought."),
            ColumnDefinition("product", .text, "The product, if the order names one."),
        ],
        primaryKey: ["subject", "order_id", "currency"])

    static let totals = TableDefinition(
        "purchase_totals", "What a customer spent in a currency: net of refunds, without cancelled orders.",
        columns: [
            subject,
            ColumnDefinition("currency", .text, "ISO 4217; XXX = never said."),
            ColumnDefinition("total", .text, "Decimal."),
        ],
        primaryKey: ["subject", "currency"])
}
