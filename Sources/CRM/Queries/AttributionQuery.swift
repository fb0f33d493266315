import EventLog
public import GRDB

/// Which campaigns brought the revenue: `touchline campaigns --attribution`.
///
/// Touches and orders are those of a customer after merges. Revenue is an order's net amount, by currency; cancelled
/// orders and refunds that name no order bring none.
public struct AttributionQuery: Sendable {
    /// Days before an order in which a touch counts.
    public static let windowDaysDefault = 30
    /// The longest window, in days.
    public static let windowDaysMax = 36_500

    /// Days before an order in which a touch counts.
    public var windowDays: Int

    /// A query with a window of this many days, 1 to ``windowDaysMax``.
    public init(windowDays: Int = windowDaysDefault) {
        self.windowDays = min(max(windowDays, 1), Self.windowDaysMax)
    }

    /// Answers from the views.
    public func run(_ db: Database, _ context: AnswerContext) throws -> AttributionAnswer {
        let touches = try touches(db)
        var answer = AttributionAnswer(windowDays: windowDays)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT customer, subject, order_id, currency, time, net FROM purchases_by_customer
                WHERE time IS NOT NULL AND state <> 'cancelled' ORDER BY customer, subject, order_id, currency
                """)
        while let row = try rows.next() {
            let text: String = row[4]
            guard let net = DecimalAmount(row[5] as String), let time = try? Instant(rfc3339: text) else { continue }
            let start = max(time - .seconds(Int64(windowDays) * 86_400), .earliest)
            let order = AttributionOrder(
                subject: row[1], order: row[2], currency: row[3], time: text, windowStart: start.rfc3339, net: net)
            answer.add(order, AttributionShares(order, touches[row[0]] ?? []))
        }
        try addCosts(db, to: &answer)
        return answer
    }

    /// All touches by customer.
    private func touches(_ db: Database) throws -> [String: [AttributionTouches]] {
        let answered = [CampaignTouchKind.delivered, .opened, .clicked, .redeemed].map(\.name)
        let columns = ([CampaignTouchKind.sent.name] + answered).flatMap { kind in
            ["first_\(kind)", "first_\(kind)_sequence", "last_\(kind)", "last_\(kind)_sequence"]
        }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT customer, subject, campaign, variant, orders, in_between, sent, \(columns.joined(separator: ", "))
                FROM campaign_touches_by_customer
                """)
        var touches: [String: [AttributionTouches]] = [:]
        while let row = try rows.next() {
            var touch = AttributionTouches(
                subject: row[1], target: AttributionTarget(campaign: row[2], variant: row[3]),
                sendings: Self.ends(row, 7, isOne: row[6] as Int == 1), answers: [], orders: [:])
            for place in stride(from: 11, to: 11 + 4 * answered.count, by: 4) {
                touch.answers += Self.ends(row, place, isOne: false)
            }
            if let json: String = row[4] {
                for entry in JSONView(ArraySlice(json.utf8)).elements {
                    let fields = entry.elements
                    guard fields.count == 2, let order = fields[0].string, let sequence = fields[1].integer else {
                        continue
                    }
                    touch.orders[sequence] = order
                }
            }
            if let json: String = row[5] { Self.add(json, to: &touch) }
            touches[row[0], default: []].append(touch)
        }
        return touches
    }

    /// First and last of a kind; the same moment twice does no harm but to sendings, which are counted.
    private static func ends(_ row: Row, _ place: Int, isOne: Bool) -> [AttributionTouches.Moment] {
        guard let first: String = row[place], let last: String = row[place + 2] else { return [] }
        let moments = [
            AttributionTouches.Moment(time: first, sequence: row[place + 1]),
            AttributionTouches.Moment(time: last, sequence: row[place + 3]),
        ]
        return isOne ? [moments[0]] : moments
    }

    private static func add(_ json: String, to touch: inout AttributionTouches) {
        for entry in JSONView(ArraySlice(json.utf8)).elements {
            let fields = entry.elements
            guard fields.count == 3, let kind = fields[0].string, let time = fields[1].string,
                let sequence = fields[2].integer
            else { continue }
            let moment = AttributionTouches.Moment(time: time, sequence: sequence)
            switch kind {
            case CampaignTouchKind.sent.name: touch.sendings.append(moment)
            case CampaignTouchKind.bounced.name, CampaignTouchKind.unsubscribed.name: break
            default: touch.answers.append(moment)
            }
        }
    }

    /// Adds what each campaign cost, and each variant by its share of the sendings.
    private func addCosts(_ db: Database, to answer: inout AttributionAnswer) throws {
        var sendings: [String: [AttributionTarget: Int]] = [:]
        for row in try Row.fetchAll(
            db, sql: "SELECT campaign, variant, sum(sent) FROM campaign_touches GROUP BY 1, 2 HAVING sum(sent) > 0")
        {
            sendings[row[0], default: [:]][AttributionTarget(campaign: row[0], variant: row[1])] = row[2]
        }
        let sql = "SELECT campaign, cost, currency FROM campaigns WHERE cost IS NOT NULL ORDER BY campaign"
        for row in try Row.fetchAll(db, sql: sql) {
            guard let cost = DecimalAmount(row[1] as String) else { continue }
            let campaign: String = row[0]
            answer.setCost(cost, row[2], of: campaign, cost.divided(sendings[campaign] ?? [:]))
        }
    }
}
