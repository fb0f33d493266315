public import EventLog
public import Projection

/// Folds what `ContactsQuery` reads: it is no view of the data folder, but made by replay for that question.
public struct ContactsProjector: Projector {
    /// What is known of one subject.
    public struct State: Sendable {
        var subject: String?
        var purchase: Moment?
        var contacts: [Moment] = []
    }

    private static let purchaseTypes = ["purchase.completed", "opportunity.won"]

    private static let purchases = TableDefinition(
        "first_purchases", "When a subject first bought.",
        columns: [
            ColumnDefinition("subject", .text, "The subject."),
            ColumnDefinition("time", .integer, "Microseconds since 1970."),
            ColumnDefinition("sequence", .integer, "The event."),
        ],
        primaryKey: ["subject"])

    private static let contacts = TableDefinition(
        "contacts_until_purchase", "A contact before that.",
        columns: [
            ColumnDefinition("subject", .text, "The subject."),
            ColumnDefinition("time", .integer, "Microseconds since 1970."),
            ColumnDefinition("sequence", .integer, "The event."),
        ],
        primaryKey: ["subject", "time", "sequence"])

    /// The projector.
    public init() {}

    /// `contacts`.
    public let name = "contacts"
    /// The version of its meaning.
    public let version = 1
    /// Contacts, and what counts as a purchase.
    public let consumes = CustomersEventTypes.contacts + purchaseTypes
    /// `first_purchases` and `contacts_until_purchase`.
    public var tables: [TableDefinition] { [Self.purchases, Self.contacts] }
    /// Both with the surviving customer.
    public var views: [ViewDefinition] { tables.map(customerView) }

    /// Nothing yet.
    public func makeState(subject: String?) -> State { State(subject: subject) }

    /// Takes a contact, or the first purchase, after which none counts.
    public func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        guard state.purchase == nil else { return }
        if Self.purchaseTypes.contains(event.type) {
            state.purchase = Moment(event)
        } else {
            state.contacts.append(Moment(event))
        }
    }

    /// The first purchase and the contacts before it.
    public func emit(_ state: State, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        func insert(_ moment: Moment, table: Int) {
            rows.insert(
                [.text(subject), .integer(moment.time.microseconds), SQLValue(sequence: moment.sequence)], table: table)
        }
        if let purchase = state.purchase { insert(purchase, table: 0) }
        for contact in state.contacts { insert(contact, table: 1) }
    }
}
