public import EventLog
public import Projection

/// The 360° view of a customer: profile with its history, counters, touches, tags, identities, consents, points and
/// purchases.
///
/// Open complaints and tickets are not kept here: they are rows of the service view, and a query joins them.
public struct CustomersProjector: Projector {
    /// What the fold keeps of one subject.
    public typealias State = CustomersState

    /// `customers`.
    public let name = "customers"
    /// The version of its meaning.
    public let version = 1
    /// The zone whose calendar days count.
    public let configuration: String
    /// Every event counts.
    public let consumes = ["*"]

    private let calendar: DayCalendar

    /// A projector whose days are those of the configuration's zone.
    ///
    /// - Throws: `DayCalendarError` if there is no such zone.
    public init(configuration: CRMConfiguration) throws(DayCalendarError) {
        self.configuration = "zone=\(configuration.zone)"
        calendar = try DayCalendar(zone: configuration.zone)
    }

    /// `customers` and its satellites, `purchases` and `purchase_totals`.
    public var tables: [TableDefinition] { CustomersTables.all }

    /// Each table by surviving customer.
    public var views: [ViewDefinition] { CustomersTables.all.map(customerView) }

    /// What shows only across subjects, or only when all is known.
    public var crossChecks: [CrossCheck] {
        [
            CrossCheck(
                kind: "order_under_two_subjects",
                select: """
                    SELECT DISTINCT subject, min(sequence) AS sequence,
                        'order ' || order_id || ' is also an order of another customer' AS detail
                    FROM purchases WHERE order_id IN (
                        SELECT order_id FROM purchases WHERE order_id <> ''
                        GROUP BY order_id HAVING count(DISTINCT subject) > 1)
                    GROUP BY order_id, subject ORDER BY order_id, subject
                    """),
            CrossCheck(
                kind: "order_unknown",
                select: """
                    SELECT subject, sequence,
                        'order ' || order_id || ' was refunded or cancelled, but never completed' AS detail
                    FROM purchases WHERE state = 'unknown' AND order_id <> '' ORDER BY subject, order_id, currency
                    """),
            CrossCheck(
                kind: "refund_over_order",
                select: """
                    SELECT subject, sequence,
                        'order ' || order_id || ' of ' || gross || ' ' || currency || ' was refunded by ' || refunded
                            AS detail
                    FROM purchases WHERE state <> 'unknown' AND CAST(refunded AS REAL) > CAST(gross AS REAL)
                    ORDER BY subject, order_id, currency
                    """),
            CrossCheck(
                kind: "merged_into_unknown",
                select: """
                    SELECT subject, sequence, 'merged into ' || into_subject || ', which has no events' AS detail
                    FROM merges WHERE into_subject NOT IN (SELECT subject FROM customers) ORDER BY subject
                    """),
        ]
    }

    /// Nothing known yet.
    public func makeState(subject: String?) -> CustomersState { CustomersState(subject: subject) }

    /// Applies one event.
    public func apply(_ event: StoredEvent, to state: inout CustomersState, anomalies: inout AnomalyCollector) {
        // System events are about no customer.
        guard state.subject != nil else { return }
        state.apply(event, anomalies: &anomalies)
    }

    /// Writes the customer's rows.
    public func emit(_ state: CustomersState, into rows: inout RowCollector) {
        guard let subject = state.subject, state.eventCount > 0 else { return }
        CustomersRows(subject: .text(subject), calendar: calendar).write(state, into: &rows)
    }
}
