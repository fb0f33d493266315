public import EventLog
public import Projection

/// Purchase days and spend of every customer, the signals beside them, and the published churn models.
///
/// A purchase day is a calendar day in the folder's zone with at least one completed order (an amount of 0 counts)
/// that is neither cancelled nor wholly refunded; an order's day is that of its first completion. Since a refund or a
/// cancellation may come at any time, even before its order, the orders are the state and the days are what follows
/// from them. Scores depend on now and on a model, so no score is stored.
public struct ChurnProjector: Projector {
    private let zone: String
    private let calendar: DayCalendar

    /// A projector that counts days in the configuration's zone.
    public init(configuration: CRMConfiguration) throws(DayCalendarError) {
        zone = configuration.zone
        calendar = try DayCalendar(zone: configuration.zone)
    }

    /// `churn`.
    public let name = "churn"
    /// The version of its meaning.
    public let version = 3
    /// The zone.
    public var configuration: String { zone }
    /// Purchases, what the customer himself does, complaints, tickets, surveys, consents, contracts, and models.
    public let consumes = [
        "purchase.*", "complaint.*", "ticket.*", "survey.answered", "consent.*", "contract.*", "campaign.opened",
        "campaign.clicked", "campaign.redeemed", "campaign.unsubscribed", "call.completed", "message.received",
        "meeting.held", "visit.made", "product.viewed", "points.redeemed", "churn.model_published",
    ]
    /// `purchase_days`, `churn_customers`, `churn_signals`, `churn_models`.
    public var tables: [TableDefinition] { ChurnTables.all }
    /// Each table of subjects with the surviving customer.
    public var views: [ViewDefinition] { ChurnTables.perSubject.map(customerView) }

    /// Nothing yet.
    public func makeState(subject: String?) -> ChurnState { ChurnState(subject: subject) }

    /// Applies one event.
    public func apply(_ event: StoredEvent, to state: inout ChurnState, anomalies: inout AnomalyCollector) {
        if state.subject == nil {
            if event.type == "churn.model_published" { state.publish(event, &anomalies) }
            return
        }
        guard let meaning = Self.meanings[event.type] else { return }
        state.hasEvents = true
        // What does not fit in purchases, complaints, tickets, surveys and contracts is listed by the projectors whose
        // subject they are, once.
        var listedElsewhere = AnomalyCollector()
        switch meaning {
        case .completed: state.ledger.complete(event, channel: nil, anomalies: &listedElsewhere)
        case .refunded: state.ledger.refund(event, anomalies: &listedElsewhere)
        case .cancelled: state.ledger.cancel(event, anomalies: &listedElsewhere)
        case .complaint(let step): state.take("complaint", step, event)
        case .ticket(let step): state.take("ticket", step, event)
        case .survey: state.answer(event)
        case .unsubscribed: state.unsubscribe("campaign:" + (event.data.field("channel") ?? ""), event)
        case .withdrawn: state.unsubscribe(Self.consent(event), event)
        case .given: state.subscribe(Self.consent(event), event)
        case .signed: state.sign(event)
        case .ended: state.end("contract", event.data.field("contract"), event)
        case .activity: break
        }
        if meaning.isActivity { state.touch(event, calendar.day(of: event.time)) }
    }

    /// Writes every table's rows.
    public func emit(_ state: ChurnState, into rows: inout RowCollector) {
        ChurnRows(calendar: calendar).emit(state, into: &rows)
    }

    private static func consent(_ event: StoredEvent) -> String {
        "consent:" + (event.data.field("purpose") ?? "") + ":" + (event.data.field("channel") ?? "")
    }

    /// What an event means here.
    enum Meaning: Sendable {
        case completed, refunded, cancelled
        case complaint(Step), ticket(Step)
        case survey, unsubscribed, withdrawn, given, signed, ended
        /// The customer did something that is no purchase and no signal.
        case activity

        /// What happens to a complaint or a ticket: it is open unless resolved or closed.
        enum Step: Sendable { case opened, keepsOpen, opensAgain, ends }

        /// Whether the customer himself did something; what is done to him is none.
        var isActivity: Bool {
            switch self {
            case .completed, .activity, .survey, .complaint(.opened), .ticket(.opened): true
            default: false
            }
        }
    }

    private static let meanings: [String: Meaning] = {
        var meanings: [String: Meaning] = [
            "purchase.completed": .completed, "purchase.refunded": .refunded, "purchase.cancelled": .cancelled,
            "survey.answered": .survey, "campaign.unsubscribed": .unsubscribed, "consent.withdrawn": .withdrawn,
            "consent.given": .given, "contract.signed": .signed, "contract.renewed": .signed, "contract.ended": .ended,
        ]
        let activities = [
            "campaign.opened", "campaign.clicked", "campaign.redeemed", "call.completed", "message.received",
            "meeting.held", "visit.made", "product.viewed", "points.redeemed",
        ]
        for type in activities { meanings[type] = .activity }
        let steps: [(String, Meaning.Step)] = [
            ("opened", .opened), ("assigned", .opensAgain), ("responded", .keepsOpen), ("escalated", .opensAgain),
            ("waiting", .opensAgain), ("resolved", .ends), ("notified", .keepsOpen), ("reopened", .opensAgain),
            ("closed", .ends),
        ]
        for (name, step) in steps {
            meanings["complaint." + name] = .complaint(step)
            meanings["ticket." + name] = .ticket(step)
        }
        return meanings
    }()
}
