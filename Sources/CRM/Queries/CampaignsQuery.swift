import EventLog
public import GRDB

/// Campaigns and what came of them: `touchline campaigns [CAMPAIGN]`.
///
/// Every count is of distinct customers after merges: one who was sent a campaign five times, or under two subjects
/// that are one customer now, counts once.
public struct CampaignsQuery: Sendable {
    /// The campaign; `nil` = all.
    public var campaign: String?

    /// How revenue is put down to campaigns; `nil` = not at all.
    public var attribution: AttributionQuery?

    /// A query for one campaign or all.
    public init(campaign: String? = nil, attribution: AttributionQuery? = nil) {
        self.campaign = campaign
        self.attribution = attribution
    }

    /// Answers from the views, the campaigns by name.
    ///
    /// - Throws: `NotFound` with near matches if there is no such campaign, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> CampaignsAnswer {
        var campaigns: [String: CampaignsAnswer.Campaign] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT campaign, name, starts, ends, cost, currency FROM campaigns") {
            let id: String = row[0]
            if let campaign, campaign != id { continue }
            campaigns[id] = CampaignsAnswer.Campaign(
                campaign: id, name: row[1], starts: row[2], ends: row[3], cost: row[4], currency: row[5])
        }
        for row in try counts(db, perVariant: false) {
            campaigns[row[0], default: CampaignsAnswer.Campaign(campaign: row[0])].counts = CampaignsAnswer.Counts(row)
        }
        for row in try counts(db, perVariant: true) {
            let variant = CampaignsAnswer.Variant(variant: row[1], counts: CampaignsAnswer.Counts(row))
            campaigns[row[0]]?.variants.append(variant)
        }
        if let campaign, campaigns.isEmpty {
            let sql = "SELECT campaign FROM campaigns UNION SELECT campaign FROM campaign_touches"
            let names = try String.fetchAll(db, sql: sql)
            throw NotFound(kind: "campaign", name: campaign, nearMatches: NearMatches.rank(campaign, among: names))
        }
        var attributed = try attribution?.run(db, context)
        if let campaign { attributed?.keep(campaign) }
        return CampaignsAnswer(
            at: context.lastSequence, now: context.now.rfc3339,
            campaigns: campaigns.values.sorted { $0.campaign < $1.campaign }, attribution: attributed)
    }

    private func counts(_ db: Database, perVariant: Bool) throws -> [Row] {
        let kinds = CampaignTouchKind.allCases.map(\.name)
        let flags = kinds.map { "max(\($0) > 0) AS \($0)" }.joined(separator: ", ")
        let sums = kinds.map { "sum(\($0))" }.joined(separator: ", ")
        let events = kinds.map { "sum(\($0)) AS \($0)_events" }.joined(separator: ", ")
        let eventSums = kinds.map { "sum(\($0)_events)" }.joined(separator: ", ")
        let variant = perVariant ? "variant" : "''"
        return try Row.fetchAll(
            db,
            sql: """
                SELECT campaign, variant, count(*), \(sums), sum(sent AND redeemed), \(eventSums)
                FROM (
                    SELECT campaign, \(variant) AS variant, customer, \(flags), \(events)
                    FROM campaign_touches_by_customer WHERE ?1 IS NULL OR campaign = ?1 GROUP BY 1, 2, 3)
                GROUP BY campaign, variant ORDER BY campaign, variant
                """, arguments: [campaign])
    }
}

/// Campaigns and what came of them.
public struct CampaignsAnswer: Encodable, Sendable {
    /// Distinct customers, after merges.
    public struct Counts: Encodable, Sendable, Equatable {
        /// Touched in any way.
        public var customers = 0
        /// Sent it.
        public var sent = 0
        /// Got it.
        public var delivered = 0
        /// Opened it.
        public var opened = 0
        /// Clicked in it.
        public var clicked = 0
        /// Could not be reached.
        public var bounced = 0
        /// Took up the offer.
        public var redeemed = 0
        /// Wanted no more.
        public var unsubscribed = 0
        /// Were sent it and took up the offer, in whatever order.
        public var sentAndRedeemed = 0
        /// How many events of each kind there are.
        public var events: [String: Int] = [:]

        enum CodingKeys: String, CodingKey {
            case customers, sent, delivered, opened, clicked, bounced, redeemed, unsubscribed, events
            case sentAndRedeemed = "sent_and_redeemed"
        }

        init() {}

        /// From a row of the query: campaign, variant, customers, then the kinds in order.
        init(_ row: Row) {
            customers = row[2]
            sent = row[3]
            delivered = row[4]
            opened = row[5]
            clicked = row[6]
            bounced = row[7]
            redeemed = row[8]
            unsubscribed = row[9]
            sentAndRedeemed = row[10]
            for kind in CampaignTouchKind.allCases { events[kind.name] = row[11 + kind.rawValue] }
        }
    }

    /// One variant of a campaign.
    public struct Variant: Encodable, Sendable, Equatable {
        /// The variant; empty for touches that name none.
        public var variant: String
        /// Its customers.
        public var counts: Counts

        enum CodingKeys: String, CodingKey { case variant }

        /// Encodes the counts beside the name.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(variant, forKey: .variant)
            try counts.encode(to: encoder)
        }
    }

    /// One campaign.
    public struct Campaign: Encodable, Sendable, Equatable {
        /// The campaign.
        public var campaign: String
        /// What it is called.
        public var name: String?
        /// When it starts, as sent.
        public var starts: String?
        /// When it ends, as sent.
        public var ends: String?
        /// Decimal amount it costs.
        public var cost: String?
        /// ISO 4217 currency of the cost.
        public var currency: String?
        /// Its customers.
        public var counts = Counts()
        /// The same per variant.
        public var variants: [Variant] = []

        enum CodingKeys: String, CodingKey { case campaign, name, starts, ends, cost, currency, variants }

        /// Encodes the counts beside the other keys, null where a definition says nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(campaign, forKey: .campaign)
            try container.encode(name, forKey: .name)
            try container.encode(starts, forKey: .starts)
            try container.encode(ends, forKey: .ends)
            try container.encode(cost, forKey: .cost)
            try container.encode(currency, forKey: .currency)
            try container.encode(variants, forKey: .variants)
            try counts.encode(to: encoder)
        }
    }

    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// The campaigns, by name.
    public var campaigns: [Campaign]
    /// Revenue and cost, if asked for.
    public var attribution: AttributionAnswer?
}
