import EventLog
import EventLog
public import GRDB

/// The part of a customer's answer that tells of opportunities, leads, contracts and quotes.
public struct CustomerFunnel: Encodable, Sendable {
    /// An opportunity as it stands.
    public struct Opportunity: Encodable, Sendable, Equatable {
        /// The opportunity.
        public var opportunity: String
        /// The subject it was sent under.
        public var subject: String
        /// What it is called.
        public var name: String?
        /// The pipeline.
        public var pipeline: String
        /// The stage it is in; of a closed one the stage before closing.
        public var stage: String?
        /// `open`, `won` or `lost`.
        public var state: String
        /// Decimal amount.
        public var amount: String?
        /// ISO 4217 currency of the amount.
        public var currency: String?
        /// Whose it is.
        public var owner: String?
        /// When it was opened.
        public var opened: String
        /// When it entered its stage.
        public var entered: String?
        /// When it was won or lost.
        public var closed: String?
        /// The day it is expected to close.
        public var expectedClose: String?
        /// Why it was lost.
        public var lostReason: String?

        enum CodingKeys: String, CodingKey {
            case opportunity, subject, name, pipeline, stage, state, amount, currency, owner, opened, entered, closed
            case expectedClose = "expected_close"
            case lostReason = "lost_reason"
        }
    }

    /// A lead as it stands, after merges.
    public struct Lead: Encodable, Sendable, Equatable {
        /// The lead.
        public var lead: String
        /// `captured`, `assigned`, `qualified` or `disqualified`.
        public var state: String
        /// The furthest stage of the pipeline `leads` it has reached.
        public var stage: String?
        /// Whose it is.
        public var owner: String?
        /// Where it came from.
        public var origin: String?
        /// The opportunity it became.
        public var opportunity: String?
        /// When it was captured.
        public var captured: String
    }

    /// A contract as it stands.
    public struct Contract: Encodable, Sendable, Equatable {
        /// The contract.
        public var contract: String
        /// The opportunity it came from.
        public var opportunity: String?
        /// Decimal amount.
        public var amount: String?
        /// ISO 4217 currency of the amount.
        public var currency: String?
        /// First day.
        public var starts: String?
        /// Last day.
        public var ends: String?
        /// When it was signed.
        public var signed: String?
        /// How often it was renewed.
        public var renewals: Int
        /// When it ended.
        public var ended: String?
    }

    /// Opportunities that are open.
    public var open: Int
    /// Opportunities that are won.
    public var won: Int
    /// Opportunities that are lost.
    public var lost: Int
    /// The worth of the open ones, per currency.
    public var openValue: MoneySums
    /// The worth of the won ones, per currency.
    public var wonValue: MoneySums
    /// The opportunities, the newest first.
    public var opportunities: [Opportunity]
    /// The leads, the newest first.
    public var leads: [Lead]
    /// The contracts, the newest first.
    public var contracts: [Contract]

    enum CodingKeys: String, CodingKey {
        case open, won, lost, opportunities, leads, contracts
        case openValue = "open_value"
        case wonValue = "won_value"
    }
}

extension FunnelQuery {
    /// What the funnel holds of one merge group.
    public static func customer(_ db: Database, _ context: AnswerContext, _ group: MergeGroup) throws -> CustomerFunnel
    {
        let source = FunnelSource(group: group)
        let opportunities = try opportunities(db, source)
        var (open, won) = (MoneySums(), MoneySums())
        for item in opportunities {
            guard let amount = item.amount.flatMap({ DecimalAmount($0) }) else { continue }
            if item.state == FunnelDeal.State.open.rawValue { open.add(amount, item.currency) }
            if item.state == FunnelDeal.State.won.rawValue { won.add(amount, item.currency) }
        }
        let leads = try FunnelLeads.fetch(db, group).map { lead in
            CustomerFunnel.Lead(
                lead: lead.id, state: lead.parts.last?.state ?? FunnelLead.State.captured.rawValue,
                stage: lead.furthest?.rawValue, owner: lead.last(\.owner), origin: lead.last(\.origin),
                opportunity: lead.last(\.opportunity), captured: lead.parts.first?.captured.time.rfc3339 ?? "")
        }
        return CustomerFunnel(
            open: opportunities.count { $0.state == FunnelDeal.State.open.rawValue },
            won: opportunities.count { $0.state == FunnelDeal.State.won.rawValue },
            lost: opportunities.count { $0.state == FunnelDeal.State.lost.rawValue },
            openValue: open, wonValue: won, opportunities: opportunities,
            leads: leads.sorted { ($1.captured, $0.lead) < ($0.captured, $1.lead) },
            contracts: try contracts(db, source))
    }

    private static func opportunities(_ db: Database, _ source: FunnelSource) throws -> [CustomerFunnel.Opportunity] {
        let rows = try source.rows(
            db,
            """
            SELECT opportunity_id, subject, name, pipeline, stage, state, amount, currency,
                CASE state WHEN 'open' THEN owner ELSE closing_owner END, opened, entered, closed, expected_close,
                lost_reason FROM
            """, "opportunities", "ORDER BY opened DESC, first_sequence DESC")
        let pipelines = try FunnelPipelines.inForce(db)
        var result: [CustomerFunnel.Opportunity] = []
        while let row = try rows.next() {
            result.append(
                CustomerFunnel.Opportunity(
                    opportunity: row[0], subject: row[1], name: row[2], pipeline: row[3],
                    stage: (row[4] as String?).map { pipelines.resolved($0, of: row[3]) }, state: row[5],
                    amount: row[6], currency: row[7], owner: row[8], opened: row[9], entered: row[10], closed: row[11],
                    expectedClose: row[12], lostReason: row[13]))
        }
        return result
    }

    private static func contracts(_ db: Database, _ source: FunnelSource) throws -> [CustomerFunnel.Contract] {
        let rows = try source.rows(
            db,
            """
            SELECT contract_id, opportunity_id, amount, currency, starts, ends, signed, renewals, ended FROM
            """, "contracts", "ORDER BY first_sequence DESC")
        var result: [CustomerFunnel.Contract] = []
        while let row = try rows.next() {
            result.append(
                CustomerFunnel.Contract(
                    contract: row[0], opportunity: row[1], amount: row[2], currency: row[3], starts: row[4],
                    ends: row[5], signed: row[6], renewals: row[7], ended: row[8]))
        }
        return result
    }
}
