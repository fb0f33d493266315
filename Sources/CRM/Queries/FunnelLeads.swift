import EventLog
import GRDB

/// A lead after merges: what every subject of its customer tells of it, put together.
///
/// A lead is captured under `lead:<id>` or under the prospect, and may be qualified, become an opportunity and win
/// under the customer that the prospect was merged into. Nothing of that is stored: it follows from the tables and the
/// pointers in force.
struct FunnelLeads {
    /// What one subject's events tell of a lead.
    struct Part {
        var subject: String
        var state: String
        var owner: String?
        var origin: String?
        var product: String?
        var campaign: String?
        var opportunity: String?
        var captured: Moment
        var qualified: Moment?
        var reason: String?
        var marks: [LeadMark] = []
    }

    struct Lead {
        var customer: String
        var id: String
        var parts: [Part]
        var stays: [LeadStay] = []
        /// Whether it has become opportunities and all of them are lost now, and why the last one is.
        var isOpportunityLost = false
        var lostReason: String?

        /// The stay it is in; `nil` if it is disqualified.
        var running: LeadStay? { stays.last { $0.left == nil } }
        var furthest: LeadStep? { stays.map(\.stage).max { $0.rank < $1.rank } }

        /// Won once its opportunity was; lost if disqualified, or if all its opportunities are lost.
        var outcome: FunnelPaths.Outcome {
            if (furthest?.rank ?? 0) >= LeadStep.won.rank { return .won }
            return running == nil || isOpportunityLost ? .lost : .open
        }

        /// From its capture until it was won or disqualified, in microseconds.
        var cycle: Int64? {
            let end: Moment? =
                switch outcome {
                case .won: stays.first { $0.stage.rank >= LeadStep.won.rank }?.entered
                case .lost: running == nil ? stays.compactMap(\.left).max() : nil
                case .open, .moved, .passed: nil
                }
            return end.flatMap { end in stays.first.map { end.microseconds(since: $0.entered) } }
        }

        var reason: String? { running == nil ? parts.compactMap(\.reason).last : lostReason }

        func last(_ field: KeyPath<Part, String?>) -> String? { parts.compactMap { $0[keyPath: field] }.last }
    }

    private struct Deal {
        var subject: String
        var id: String
        var lead: String?
        var isLost: Bool
        var opened: Moment
        var firstWon: Moment?
        var reason: String?
    }

    private struct Deals {
        var byLead: [Key: [Deal]] = [:]
        var byId: [Key: [Deal]] = [:]
    }

    private struct Signature {
        var subject: String
        var signed: Moment
    }

    private struct Key: Hashable {
        var customer: String
        var id: String
    }

    /// All leads, or those of one merge group.
    static func fetch(_ db: Database, _ group: MergeGroup?) throws -> [Lead] {
        let source = FunnelSource(group: group)
        var leads = try parts(db, source)
        guard !leads.isEmpty else { return [] }
        let deals = try deals(db, source)
        let signatures = try signatures(db, source)
        for index in leads.indices { connect(&leads[index], deals, signatures) }
        return leads
    }

    private static func parts(_ db: Database, _ source: FunnelSource) throws -> [Lead] {
        var leads: [Lead] = []
        var places: [Key: Int] = [:]
        let rows = try source.rows(
            db,
            """
            SELECT customer, lead_id, subject, state, owner, origin, product, campaign, opportunity_id, captured,
                qualified, reason, first_sequence FROM
            """, "leads", "ORDER BY customer, lead_id, captured, first_sequence")
        while let row = try rows.next() {
            let key = Key(customer: row[0], id: row[1])
            guard let captured = moment(row[9], row[12]) else { continue }
            let part = Part(
                subject: row[2], state: row[3], owner: row[4], origin: row[5], product: row[6], campaign: row[7],
                opportunity: row[8], captured: captured, qualified: moment(row[10], row[12]), reason: row[11])
            if let place = places[key] {
                leads[place].parts.append(part)
            } else {
                places[key] = leads.count
                leads.append(Lead(customer: key.customer, id: key.id, parts: [part]))
            }
        }
        let stays = try source.rows(
            db, "SELECT customer, lead_id, subject, stage, entered, sequence, owner, left, left_sequence, left_by FROM",
            "lead_stages", "ORDER BY customer, lead_id, subject, ordinal")
        while let row = try stays.next() {
            guard let place = places[Key(customer: row[0], id: row[1])] else { continue }
            let subject: String = row[2]
            guard let part = leads[place].parts.firstIndex(where: { $0.subject == subject }),
                let step = LeadStep(rawValue: row[3]), let entered = moment(row[4], row[5])
            else { continue }
            leads[place].parts[part].marks.append(LeadMark(step: step, moment: entered, owner: row[6]))
            if (row[9] as String?) == LeadStay.Exit.disqualified.rawValue, let left = moment(row[7], row[8] ?? 0) {
                leads[place].parts[part].marks.append(LeadMark(step: nil, moment: left))
            }
        }
        return leads
    }

    /// The opportunities that may be a lead's, by the lead they name and by their own id.
    private static func deals(_ db: Database, _ source: FunnelSource) throws -> Deals {
        // Of one customer all are read; of everyone only those that can matter.
        let filter =
            source.group == nil
            ? "WHERE lead_id IS NOT NULL OR opportunity_id IN (SELECT opportunity_id FROM leads)" : ""
        let rows = try source.rows(
            db,
            """
            SELECT customer, subject, opportunity_id, lead_id, state, opened, first_sequence, lost_reason,
                (SELECT min(closed) FROM opportunity_closings AS c
                    WHERE c.subject = o.subject AND c.opportunity_id = o.opportunity_id AND c.outcome = 'won') FROM
            """, "opportunities", "AS o \(filter) ORDER BY customer, opened, first_sequence")
        var deals = Deals()
        while let row = try rows.next() {
            guard let opened = moment(row[5], row[6]) else { continue }
            let deal = Deal(
                subject: row[1], id: row[2], lead: row[3],
                isLost: (row[4] as String) == FunnelDeal.State.lost.rawValue, opened: opened,
                firstWon: moment(row[8], row[6]), reason: row[7])
            let customer: String = row[0]
            if let lead = deal.lead { deals.byLead[Key(customer: customer, id: lead), default: []].append(deal) }
            deals.byId[Key(customer: customer, id: deal.id), default: []].append(deal)
        }
        return deals
    }

    /// The first signature under each subject for an opportunity.
    private static func signatures(_ db: Database, _ source: FunnelSource) throws -> [Key: [Signature]] {
        var signatures: [Key: [Signature]] = [:]
        let rows = try source.rows(
            db, "SELECT customer, opportunity_id, subject, signed, first_sequence FROM", "contracts",
            "WHERE opportunity_id IS NOT NULL AND signed IS NOT NULL ORDER BY customer, opportunity_id, signed, subject"
        )
        while let row = try rows.next() {
            guard let signed = moment(row[3], row[4]) else { continue }
            signatures[Key(customer: row[0], id: row[1]), default: []].append(
                Signature(subject: row[2], signed: signed))
        }
        return signatures
    }

    /// Works out the stays of a lead from what its subjects tell, and from opportunities and contracts that are under
    /// other subjects of its customer; those under its own subject the fold has taken in already.
    private static func connect(_ lead: inout Lead, _ deals: Deals, _ signatures: [Key: [Signature]]) {
        var marks = lead.parts.flatMap(\.marks)
        var linked: [Deal] = []
        for part in lead.parts {
            var opportunities = Set(part.opportunity.map { [$0] } ?? [])
            let named = deals.byLead[Key(customer: lead.customer, id: lead.id)] ?? []
            let qualified = part.opportunity.flatMap { deals.byId[Key(customer: lead.customer, id: $0)] } ?? []
            let links =
                named.map { ($0, part.captured) }
                + qualified.filter { $0.lead != lead.id }.compactMap { deal in part.qualified.map { (deal, $0) } }
            for (deal, known) in links {
                linked.append(deal)
                opportunities.insert(deal.id)
                guard deal.subject != part.subject else { continue }
                let start = max(known, deal.opened)
                marks.append(LeadMark(step: .opportunity, moment: start, owner: part.owner))
                if let won = deal.firstWon {
                    marks.append(LeadMark(step: .won, moment: max(start, won), owner: part.owner))
                }
            }
            for opportunity in opportunities {
                for signature in signatures[Key(customer: lead.customer, id: opportunity)] ?? []
                where signature.subject != part.subject {
                    let known = max(part.captured, part.qualified ?? part.captured)
                    marks.append(
                        LeadMark(step: .contract, moment: max(known, signature.signed), owner: part.owner))
                }
            }
        }
        lead.stays = LeadStay.history(marks)
        lead.isOpportunityLost = !linked.isEmpty && linked.allSatisfy(\.isLost)
        lead.lostReason = linked.max { $0.opened < $1.opened }?.reason
    }

    private static func moment(_ text: String?, _ sequence: Int64) -> Moment? {
        guard let text, let time = try? Instant(rfc3339: text) else { return nil }
        return Moment(time: time, sequence: UInt64(clamping: sequence))
    }
}

/// Reads per-subject tables with their customer: whole, or for one merge group.
struct FunnelSource {
    let group: MergeGroup?

    func rows(_ db: Database, _ select: String, _ table: String, _ rest: String) throws -> RowCursor {
        guard let group else { return try Row.fetchCursor(db, sql: "\(select) \(table)_by_customer \(rest)") }
        let subquery = """
            (SELECT ? AS customer, * FROM \(table) WHERE subject IN (SELECT value FROM json_each(?)))
            """
        return try Row.fetchCursor(
            db, sql: "\(select) \(subquery) \(rest)", arguments: [group.survivor, group.json])
    }
}

extension FunnelPaths {
    /// The paths of leads through the pipeline `leads`.
    init(
        _ leads: [FunnelLeads.Lead], _ context: AnswerContext, by grouping: FunnelQuery.Grouping?,
        names: inout FunnelNames
    ) {
        self.init()
        for step in LeadStep.stages { _ = stage(step.rawValue) }
        for lead in leads {
            for stay in lead.stays {
                let length = stay.exit == .passed ? nil : stay.left.map { $0.microseconds(since: stay.entered) }
                visit(stay.stage.rank, length: length ?? Self.noLength)
            }
            var path = Path(outcome: lead.outcome)
            if path.outcome == .open, let running = lead.running {
                path.current = running.stage.rank
                path.age = Moment(time: context.now, sequence: 0).microseconds(since: running.entered)
            }
            path.cycle = lead.cycle
            path.reason = names.number(lead.reason ?? FunnelPipelines.noStage)
            let group: String? =
                switch grouping {
                case nil: nil
                case .owner: lead.last(\.owner)
                case .origin: lead.last(\.origin)
                case .product: lead.last(\.product)
                case .quarter:
                    lead.parts.first.map {
                        ForecastPeriod.quarter.name(
                            of: ForecastPeriod.quarter.number(of: $0.captured.time, context.calendar))
                    }
                }
            path.group = names.number(group ?? FunnelPipelines.noStage)
            add(path)
        }
    }
}
