import EventLog
import Foundation
import GRDB
import ReferenceFold

@testable import CRM

/// Compares the answers of the queries with the reference.
struct ReferenceAnswers {
    let fold: ReferenceFold
    let context: AnswerContext
    /// Whether leads are compared: where one customer's subjects share ids of opportunities, whose is whose is open.
    let hasLeads: Bool
    private(set) var differences: [String] = []

    init(fold: ReferenceFold, context: AnswerContext, hasLeads: Bool) {
        self.fold = fold
        self.hasLeads = hasLeads
        self.context = context
    }

    private mutating func same<T: Equatable>(_ what: String, _ expected: T, _ found: T) {
        if expected != found { differences.append("\(what): expected \(expected), found \(found)") }
    }

    /// Asks every query.
    mutating func compare(_ db: Database) throws {
        try funnels(db)
        if hasLeads { try leads(db) }
        try service(db)
        try campaigns(db)
        try churn(db)
        for subject in fold.customers.keys.sorted() { try customer(subject, db) }
    }

    private mutating func funnels(_ db: Database) throws {
        let opportunities = fold.opportunities.values.flatMap(\.values)
        for pipeline in Set(opportunities.flatMap { $0.stays.map(\.pipeline) }).sorted() {
            let expected = fold.funnel(pipeline)
            let found = try FunnelQuery(pipeline: pipeline).run(db, context).figures
            let name = "funnel \(pipeline)"
            same("\(name).won", expected.won, found.won)
            same("\(name).lost", expected.lost, found.lost)
            same("\(name).open", expected.open, found.open)
            same("\(name).moved", expected.moved, found.moved)
            same("\(name).stages", Set(expected.reached.keys), Set(found.stages.map(\.stage)))
            same(
                "\(name).reasons", expected.lostByReason.values.sorted(), found.lostByReason.map(\.count).sorted())
            let order = found.stages.map(\.stage)
            for stage in found.stages {
                let (converted, undecided) = ReferenceFunnel.conversion(
                    of: stage.stage, order: order, pipeline: pipeline, opportunities)
                same("\(name)/\(stage.stage).reached", expected.reached[stage.stage, default: 0], stage.reached)
                same("\(name)/\(stage.stage).current", expected.current[stage.stage, default: 0], stage.current)
                same("\(name)/\(stage.stage).converted", converted, stage.converted)
                same("\(name)/\(stage.stage).undecided", undecided, stage.undecided)
            }
        }
    }

    private mutating func leads(_ db: Database) throws {
        let expected = fold.leadStages()
        if expected.isEmpty { return }
        let found = try FunnelQuery(pipeline: "leads").run(db, context).figures.stages
        for stage in found {
            same("leads/\(stage.stage).reached", expected[stage.stage, default: 0], stage.reached)
        }
    }

    private mutating func service(_ db: Database) throws {
        let answer = try ServiceQuery().run(db, context)
        for (family, found) in [("complaint", answer.complaints.figures), ("ticket", answer.tickets.figures)] {
            let expected = fold.service(family)
            let name = "service \(family)"
            same("\(name).opened", expected.opened, found.opened)
            same("\(name).open", expected.open, found.open)
            same("\(name).resolved", expected.resolved, found.resolved)
            same("\(name).reopened", expected.reopened, found.reopened)
            let cases = (fold.cases[family] ?? [:]).values.flatMap(\.values)
            let responses = cases.filter(\.hasOpening).compactMap { item in item.firstResponse.map { $0 - item.opened }
            }
            same("\(name).responses", responses.count, found.firstResponse.count)
            if !responses.isEmpty {
                let mean = Double(responses.reduce(0, +)) / Double(responses.count) / 1e6
                same("\(name).mean", true, abs(mean - (found.firstResponse.mean ?? -1)) < 1e-3)
            }
        }
    }

    private mutating func campaigns(_ db: Database) throws {
        let found = try CampaignsQuery().run(db, context).campaigns
        same("campaigns", fold.campaigns.keys.sorted(), found.map(\.campaign).sorted())
        for campaign in found {
            guard let expected = fold.campaigns[campaign.campaign] else { continue }
            let name = "campaigns \(campaign.campaign)"
            same("\(name).sent", expected.count("sent"), campaign.counts.sent)
            same("\(name).delivered", expected.count("delivered"), campaign.counts.delivered)
            same("\(name).redeemed", expected.count("redeemed"), campaign.counts.redeemed)
            same("\(name).unsubscribed", expected.count("unsubscribed"), campaign.counts.unsubscribed)
            same("\(name).sent_and_redeemed", expected.sentAndRedeemed, campaign.counts.sentAndRedeemed)
            for variant in campaign.variants {
                let counts = expected.byVariant[variant.variant] ?? [:]
                same("\(name)/\(variant.variant).sent", counts["sent"]?.count ?? 0, variant.counts.sent)
                same("\(name)/\(variant.variant).redeemed", counts["redeemed"]?.count ?? 0, variant.counts.redeemed)
            }
        }
    }

    private mutating func churn(_ db: Database) throws {
        let today = context.calendar.day(of: context.now)
        let expected = fold.recency(day: today)
        let found = try ChurnPopulation(db, until: today).buyers
        same("churn", expected.keys.sorted(), found.map(\.customer).sorted())
        for buyer in found {
            guard let recency = expected[buyer.customer] else { continue }
            same("churn \(buyer.customer).x", recency.x, buyer.days - 1)
            same("churn \(buyer.customer).t_x", recency.lastAfter, buyer.lastDay - buyer.firstDay)
            same("churn \(buyer.customer).T", recency.age, today - buyer.firstDay)
        }
    }

    private mutating func customer(_ subject: String, _ db: Database) throws {
        let survivor = fold.merges.survivor(of: subject)
        let answer = try CustomerQuery(subject: subject).run(db, context)
        let name = "customer \(subject)"
        same("\(name).subject", survivor, answer.subject)
        guard let group = fold.groups[survivor] else { return }
        same("\(name).events", group.eventCounts, answer.events.mapValues { Int($0) })
        same("\(name).points", group.points, Int(answer.points))
        same("\(name).tags", group.tags.sorted(), answer.tags)
        same("\(name).identities", group.identities, Set(answer.identities.map { [$0.kind, $0.value] }))
        same("\(name).count", group.orderCount, Int(answer.purchases.count))
        same("\(name).days", group.purchaseDays.count, Int(answer.purchases.days))
        same(
            "\(name).totals", group.totals,
            answer.purchases.totals.mapValues { Decimal(string: $0.description) ?? .nan })
        let consents = Dictionary(
            uniqueKeysWithValues: answer.consents.map { ([$0.purpose, $0.channel ?? ""], $0.state == "given") })
        let expected = Dictionary(
            uniqueKeysWithValues: group.consents.map { ([$0.key.purpose, $0.key.channel], $0.value.isGiven) })
        same("\(name).consents", expected, consents)
        let profile = answer.profile.compactMapValues { value -> String? in
            switch value {
            case .string(let text), .number(let text): text
            case .integer(let number): "\(number)"
            case .boolean(let flag): "\(flag)"
            default: nil
            }
        }
        let fields = group.profile.mapValues { field -> String in
            if case .boolean(let flag) = field.value { return "\(flag)" }
            return field.value.text ?? "?"
        }
        same("\(name).profile", fields, profile)
    }
}
