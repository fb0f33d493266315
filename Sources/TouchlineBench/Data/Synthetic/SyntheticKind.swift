/// What may happen in a made-up CRM, by the type's name.
enum SyntheticKind: String {
    case registered = "customer.registered"
    case touched = "campaign.delivered"
    case opened = "campaign.opened"
    case clicked = "campaign.clicked"
    case called = "call.completed"
    case bought = "purchase.completed"
    case refunded = "purchase.refunded"
    case complained = "complaint.opened"
    case settled = "complaint.resolved"
    case asked = "ticket.opened"
    case answered = "ticket.responded"
    case done = "ticket.closed"
    case interested = "lead.captured"
    case dealOpened = "opportunity.opened"
    case dealMoved = "opportunity.stage_changed"
    case dealWon = "opportunity.won"
    case dealLost = "opportunity.lost"
    case expired = "points.expired"

    /// What is likely next; what the customer's state does not allow is turned into what comes before it.
    static func drawn(_ chance: inout Chance) -> SyntheticKind {
        switch chance.below(100) {
        case ..<25: .touched
        case ..<39: .opened
        case ..<45: .clicked
        case ..<61: .called
        case ..<73: .bought
        case ..<74: .refunded
        case ..<77: .complained
        case ..<80: .settled
        case ..<83: .interested
        case ..<89: .dealMoved
        case ..<93: .asked
        case ..<98: .answered
        default: .done
        }
    }

    /// The system that sends it.
    var source: String {
        switch self {
        case .touched, .opened, .clicked: "/campaigns"
        case .called, .complained, .settled, .asked, .answered, .done: "/desk"
        case .bought, .refunded: "/shop"
        case .registered, .interested, .dealOpened, .dealMoved, .dealWon, .dealLost: "/crm"
        case .expired: "/loyalty"
        }
    }
}

/// What a made-up customer has going on: enough that nothing is closed before it was opened.
struct SyntheticCustomer {
    private var isKnown = false
    private var hasComplaint = false
    private var hasTicket = false
    /// 0 = no open deal, else the stage it stands in, from 1.
    private var stage: UInt8 = 0
    private var touches: UInt16 = 0
    private var orders: UInt16 = 0
    private var refunds: UInt16 = 0
    private var complaints: UInt16 = 0
    private var tickets: UInt16 = 0
    private var leads: UInt16 = 0
    private var deals: UInt16 = 0

    /// `kind`, or what must come before it.
    func kind(_ kind: SyntheticKind) -> SyntheticKind {
        guard isKnown else { return .registered }
        switch kind {
        case .opened, .clicked: return touches == 0 ? .touched : kind
        case .refunded: return refunds >= orders ? .bought : kind
        case .complained, .settled: return hasComplaint ? .settled : .complained
        case .asked, .answered, .done: return hasTicket ? (kind == .asked ? .done : kind) : .asked
        case .dealMoved:
            if stage == 0 { return .dealOpened }
            if Int(stage) < SyntheticText.stages.count { return kind }
            return deals % 3 == 0 ? .dealWon : .dealLost
        default: return kind
        }
    }

    /// Lets it happen, and writes its data.
    mutating func live(_ kind: SyntheticKind, number: Int, _ chance: inout Chance, into data: inout DataText) {
        switch kind {
        case .registered:
            isKnown = true
            data.register(number, &chance)
        case .touched, .opened, .clicked:
            if kind == .touched { touches &+= 1 }
            data.campaign(kind, touch: code(number, touches, 1), &chance)
        case .called: data.call(&chance)
        case .bought:
            orders &+= 1
            data.purchase(order: code(number, orders, 2), &chance)
        case .refunded:
            refunds &+= 1
            data.refund(order: code(number, refunds, 2), &chance)
        case .complained, .settled:
            if kind == .complained { complaints &+= 1 }
            hasComplaint = kind == .complained
            data.complaint(kind, code(number, complaints, 3), &chance)
        case .asked, .answered, .done:
            if kind == .asked { tickets &+= 1 }
            hasTicket = kind != .done
            data.ticket(kind, code(number, tickets, 4), &chance)
        case .interested:
            leads &+= 1
            data.lead(code(number, leads, 5), &chance)
        case .dealOpened, .dealMoved, .dealWon, .dealLost:
            if kind == .dealOpened { deals &+= 1 }
            stage = kind == .dealOpened ? 1 : kind == .dealMoved ? stage + 1 : 0
            data.deal(kind, code(number, deals, 6), stage: Int(stage), &chance)
        case .expired: data.expiry(&chance)
        }
    }

    /// The number by which something of this customer is known: looks like chance, and can be found again.
    private func code(_ number: Int, _ count: UInt16, _ family: UInt64) -> Int {
        Int(Chance.mixed(UInt64(number) << 20 | UInt64(count) << 4 | family) >> 31)
    }
}
