import EventLog
public import GRDB

/// One customer in full: `touchline customer ID`.
///
/// A customer that was merged is answered for by its survivor. What belongs to a merge group is taken together: the
/// survivor's field wins, else the newest; tags and identities are unions; the newest consent per purpose and channel
/// holds; counts, points and spend are sums.
public struct CustomerQuery: Sendable {
    /// A part of the answer that another query gives for a merge group.
    public typealias Part = @Sendable (Database, AnswerContext, MergeGroup) throws -> AnswerPart

    /// The customer that is asked for.
    public var subject: String
    /// Opportunities and leads.
    public var funnel: Part
    /// Complaints and tickets.
    public var service: Part
    /// Purchase behaviour and risk.
    public var churn: Part
    /// How he buys, and what he is worth.
    public var value: Part

    /// A query for one customer; the parts come from the queries of their own views unless others are given.
    public init(
        subject: String, funnel: @escaping Part = CustomerParts.funnel, service: @escaping Part = CustomerParts.service,
        churn: @escaping Part = CustomerParts.churn, value: @escaping Part = CustomerValueQuery.part()
    ) {
        self.subject = subject
        self.funnel = funnel
        self.service = service
        self.churn = churn
        self.value = value
    }

    /// Answers from the views.
    ///
    /// - Throws: `NotFound` with near matches if no event names the customer, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> CustomerAnswer {
        let group = try MergeGroup.of(subject, db)
        guard let record = try CustomerRecord.fetch(db, group) else {
            throw NotFound(kind: "customer", name: subject, nearMatches: try NearMatches.subjects(db, near: subject))
        }
        let satellites = CustomerSatellites(db: db, members: group.json)
        let isMerged = subject != group.survivor
        return CustomerAnswer(
            subject: group.survivor,
            at: context.lastSequence,
            now: context.now.rfc3339,
            mergedInto: isMerged ? group.survivor : nil,
            asked: isMerged ? subject : nil,
            mergedFrom: Array(group.members.dropFirst()),
            profile: record.fields,
            events: try satellites.eventCounts(),
            firstEvent: record.firstEvent,
            lastEvent: record.lastEvent,
            purchases: try satellites.purchases(record),
            points: record.points,
            tags: try satellites.tags(),
            consents: try satellites.consents(),
            identities: try satellites.identities(),
            touches: try satellites.touches(),
            tasks: try AgendaQuery.openTasks(db, context, of: group),
            funnel: try funnel(db, context, group),
            service: try service(db, context, group),
            churn: try churn(db, context, group),
            value: try value(db, context, group))
    }
}

/// Reads the rows of a merge group around the profile and takes them together.
struct CustomerSatellites {
    let db: Database
    /// The group's subjects as a JSON array.
    let members: String

    private static let ofMembers = "WHERE subject IN (SELECT value FROM json_each(?))"

    private func rows(_ select: String, _ rest: String) throws -> [Row] {
        let statement = try db.cachedStatement(sql: "\(select) \(Self.ofMembers) \(rest)")
        return try Row.fetchAll(statement, arguments: [members])
    }

    func eventCounts() throws -> [String: Int64] {
        let counts = try rows("SELECT type, sum(count) AS count FROM customer_event_counts", "GROUP BY type")
        return Dictionary(uniqueKeysWithValues: counts.map { ($0["type"], $0["count"]) })
    }

    func purchases(_ record: CustomerRecord) throws -> CustomerAnswer.Purchases {
        var totals: [String: DecimalAmount] = [:]
        for row in try rows("SELECT currency, total FROM purchase_totals", "ORDER BY currency, subject") {
            let currency: String = row["currency"]
            guard let total = DecimalAmount(row["total"] as String) else { continue }
            totals[currency] = totals[currency].map { $0.adding(total) ?? $0 } ?? total
        }
        // A union of days, never a sum: two merged customers may have bought on the same day.
        let days = try rows(
            "SELECT count(DISTINCT day) AS days, min(day) AS first, max(day) AS last FROM purchases",
            "AND state IN ('completed', 'partly_refunded')"
        ).first
        return CustomerAnswer.Purchases(
            count: record.purchases, totals: totals, first: record.firstPurchase, last: record.lastPurchase,
            days: days?["days"] ?? 0, firstDay: days?["first"], lastDay: days?["last"])
    }

    func tags() throws -> [String] {
        try rows("SELECT DISTINCT tag FROM customer_tags", "ORDER BY tag").map { $0["tag"] }
    }

    func consents() throws -> [CustomerAnswer.Consent] {
        var newest: [CustomerAnswer.Consent] = []
        let all = try rows("SELECT * FROM customer_consents", "ORDER BY purpose, channel, time DESC, sequence DESC")
        for row in all {
            let (purpose, channel): (String, String) = (row["purpose"], row["channel"])
            if let last = newest.last, last.purpose == purpose, last.channel ?? "" == channel { continue }
            newest.append(
                CustomerAnswer.Consent(
                    purpose: purpose, channel: channel.isEmpty ? nil : channel, state: row["state"],
                    time: row["time"], sequence: UInt64(clamping: row["sequence"] as Int64), basis: row["basis"]))
        }
        return newest
    }

    func identities() throws -> [CustomerAnswer.Identity] {
        var earliest: [CustomerAnswer.Identity] = []
        for row in try rows("SELECT * FROM customer_identities", "ORDER BY kind, value, since, sequence") {
            let (kind, value): (String, String) = (row["kind"], row["value"])
            if let last = earliest.last, last.kind == kind, last.value == value { continue }
            earliest.append(
                CustomerAnswer.Identity(
                    kind: kind, value: value, since: row["since"],
                    sequence: UInt64(clamping: row["sequence"] as Int64)))
        }
        return earliest
    }

    func touches() throws -> [CustomerAnswer.Touch] {
        var touches: [CustomerAnswer.Touch] = []
        for row in try rows("SELECT * FROM customer_touches", "ORDER BY channel, first_time, first_sequence") {
            var touch = CustomerAnswer.Touch(
                channel: row["channel"], count: row["count"], first: row["first_time"],
                firstSequence: UInt64(clamping: row["first_sequence"] as Int64), last: row["last_time"],
                lastSequence: UInt64(clamping: row["last_sequence"] as Int64))
            if let known = touches.last, known.channel == touch.channel {
                let isNewer = (touch.last, touch.lastSequence) > (known.last, known.lastSequence)
                touch = CustomerAnswer.Touch(
                    channel: known.channel, count: known.count + touch.count, first: known.first,
                    firstSequence: known.firstSequence, last: isNewer ? touch.last : known.last,
                    lastSequence: isNewer ? touch.lastSequence : known.lastSequence)
                touches.removeLast()
            }
            touches.append(touch)
        }
        return touches
    }
}
