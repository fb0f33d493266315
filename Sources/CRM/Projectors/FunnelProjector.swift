public import EventLog
public import Projection

/// The way to a sale: leads, opportunities with the history of their stages, quotes and contracts.
///
/// Every table is per subject; the same id under two subjects is two things, and is listed as an anomaly. Nothing
/// stored depends on the clock: a running stay has no end, and its length is a matter for the query. A lead whose later
/// life went on under the customer it was merged into is put together by the query, through `survivors`.
public struct FunnelProjector: Projector {
    /// The projector of a data folder.
    public init(configuration: CRMConfiguration) {}

    /// `funnel`.
    public let name = "funnel"
    /// The version of its meaning.
    public let version = 3
    /// Leads, opportunities, quotes and contracts.
    public let consumes = ["lead.*", "opportunity.*", "quote.sent", "contract.*"]
    /// `opportunities`, `opportunity_stages`, `opportunity_closings`, `leads`, `lead_stages`, `contracts`,
    /// `quotes`, `opportunity_histories`.
    public var tables: [TableDefinition] { FunnelTables.all }
    /// Each table that is no other's repetition, with the surviving customer.
    public var views: [ViewDefinition] { FunnelTables.all.filter { !$0.isDerived }.map(customerView) }
    /// Ids under two subjects.
    public var crossChecks: [CrossCheck] { FunnelTables.crossChecks }

    /// Nothing yet.
    public func makeState(subject: String?) -> FunnelState { FunnelState(subject: subject) }

    /// Applies one event of a lead, an opportunity, a quote or a contract.
    public func apply(_ event: StoredEvent, to state: inout FunnelState, anomalies: inout AnomalyCollector) {
        guard state.subject != nil else {
            return anomalies.report(event, "no_subject", "\(event.type) without a subject belongs to no one")
        }
        let fold = FunnelFold(event: event, data: event.data)
        switch event.type {
        case "opportunity.stage_changed": fold.stageChanged(&state, &anomalies)
        case "opportunity.opened": fold.opened(&state, &anomalies)
        case "opportunity.amount_changed": fold.amountChanged(&state, &anomalies)
        case "opportunity.assigned": fold.assigned(&state, &anomalies)
        case "opportunity.won": fold.closed(.won, &state, &anomalies)
        case "opportunity.lost": fold.closed(.lost, &state, &anomalies)
        case "opportunity.reopened": fold.reopened(&state, &anomalies)
        case "lead.captured": fold.leadCaptured(&state, &anomalies)
        case "lead.assigned": fold.leadAssigned(&state, &anomalies)
        case "lead.qualified": fold.leadQualified(&state, &anomalies)
        case "lead.disqualified": fold.leadDisqualified(&state, &anomalies)
        case "quote.sent": fold.quoteSent(&state, &anomalies)
        case "contract.signed": fold.contractSigned(&state, &anomalies)
        case "contract.renewed": fold.contractRenewed(&state, &anomalies)
        case "contract.ended": fold.contractEnded(&state, &anomalies)
        default: break
        }
    }

    /// Writes every table's rows.
    public func emit(_ state: FunnelState, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        FunnelRows(subject: .text(subject)).emit(state, into: &rows)
    }
}

/// What the funnel holds of one subject.
public struct FunnelState: Sendable {
    let subject: String?
    private(set) var dealIndex = KeyIndex<String>()
    var deals: [FunnelDeal] = []
    private(set) var leadIndex = KeyIndex<String>()
    var leads: [FunnelLead] = []
    private(set) var contractIndex = KeyIndex<String>()
    var contracts: [FunnelContract] = []
    private(set) var quoteIndex = KeyIndex<String>()
    var quotes: [FunnelQuote] = []
    /// The opportunities that name a lead, and the leads whose qualification names an opportunity.
    private(set) var dealsOfLead: [String: [Int]] = [:]
    private(set) var leadsOfDeal: [String: [Int]] = [:]
    /// The opportunities for which a contract was signed.
    private(set) var signedOpportunities: Set<String> = []

    init(subject: String?) {
        self.subject = subject
    }

    mutating func add(_ deal: FunnelDeal) -> Int {
        dealIndex.append(deal.id)
        deals.append(deal)
        return deals.count - 1
    }

    mutating func add(_ lead: FunnelLead) -> Int {
        leadIndex.append(lead.id)
        leads.append(lead)
        return leads.count - 1
    }

    mutating func add(_ contract: FunnelContract) -> Int {
        contractIndex.append(contract.id)
        contracts.append(contract)
        return contracts.count - 1
    }

    mutating func add(_ quote: FunnelQuote) -> Int {
        quoteIndex.append(quote.id)
        quotes.append(quote)
        return quotes.count - 1
    }

    // MARK: - Links between leads, opportunities and contracts

    /// Records that an opportunity names its lead, which thereby gets as far as the opportunity has.
    mutating func linkDeal(_ index: Int, at moment: Moment) {
        guard let lead = deals[index].lead else { return }
        if dealsOfLead[lead]?.contains(index) != true { dealsOfLead[lead, default: []].append(index) }
        if let lead = leadIndex[lead] { advanceLead(lead, by: index, at: moment) }
    }

    /// Records that a lead's qualification names an opportunity.
    mutating func linkLead(_ index: Int, to opportunity: String, at moment: Moment) {
        if leadsOfDeal[opportunity]?.contains(index) != true { leadsOfDeal[opportunity, default: []].append(index) }
        catchUpLead(index, with: opportunity, at: moment)
    }

    /// Brings a lead as far as the opportunities that named it earlier are.
    mutating func catchUpLead(_ index: Int, at moment: Moment) {
        for deal in dealsOfLead[leads[index].id] ?? [] { advanceLead(index, by: deal, at: moment) }
    }

    /// Brings the leads of an opportunity as far as it is.
    mutating func advanceLeads(of opportunity: String, at moment: Moment) {
        let deal = dealIndex[opportunity]
        if let deal, let name = deals[deal].lead, let lead = leadIndex[name] { advanceLead(lead, by: deal, at: moment) }
        for lead in leadsOfDeal[opportunity] ?? [] { catchUpLead(lead, with: opportunity, at: moment) }
    }

    /// Records a signature: the opportunity's leads have come to their end.
    mutating func sign(opportunity: String, at moment: Moment) {
        signedOpportunities.insert(opportunity)
        advanceLeads(of: opportunity, at: moment)
    }

    private mutating func catchUpLead(_ index: Int, with opportunity: String, at moment: Moment) {
        if let deal = dealIndex[opportunity] {
            advanceLead(index, by: deal, at: moment)
        } else if signedOpportunities.contains(opportunity) {
            leads[index].reach(.contract, at: moment)
        }
    }

    private mutating func advanceLead(_ index: Int, by deal: Int, at moment: Moment) {
        if leads[index].opportunity == nil { leads[index].opportunity = deals[deal].id }
        leads[index].reach(.opportunity, at: moment)
        if deals[deal].wasEverWon { leads[index].reach(.won, at: moment) }
        if signedOpportunities.contains(deals[deal].id) { leads[index].reach(.contract, at: moment) }
    }
}
