/// Revenue by campaign and variant under each rule, beside what they cost.
public struct AttributionAnswer: Encodable, Sendable, Equatable {
    /// What a campaign or a variant is credited with.
    public struct Credit: Encodable, Sendable, Equatable {
        /// Orders of customers whom it touched in the window, or that were redeemed with it.
        public var orders = 0
        /// Net revenue by rule and currency.
        public var revenue: [String: MoneySums] = Self.none
        /// Decimal amount it cost.
        public var cost: DecimalAmount?
        /// ISO 4217 currency of the cost; XXX if none was named.
        public var costCurrency: String?

        private static let none = Dictionary(
            uniqueKeysWithValues: AttributionRule.allCases.map { ($0.rawValue, MoneySums()) })

        /// Revenue in the cost's currency over the cost, by rule; `nil` without a cost above 0.
        public var returns: [String: Double]? {
            guard let cost, !cost.isZero, !cost.isNegative else { return nil }
            return revenue.mapValues { sums in
                let revenue = costCurrency.flatMap { sums.sums[$0] }.flatMap { $0 }
                return (revenue ?? .zero).approximation / cost.approximation
            }
        }

        enum CodingKeys: String, CodingKey {
            case orders, revenue, cost
            case costCurrency = "cost_currency"
            case returns = "return_on_cost"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(orders, forKey: .orders)
            try container.encode(revenue, forKey: .revenue)
            try container.encode(cost, forKey: .cost)
            try container.encode(costCurrency, forKey: .costCurrency)
            try container.encode(returns, forKey: .returns)
        }

        fileprivate mutating func add(_ amount: DecimalAmount, _ currency: String, _ rule: AttributionRule) {
            revenue[rule.rawValue, default: MoneySums()].add(amount, currency)
        }
    }

    /// Days before an order in which a touch counts.
    public var windowDays: Int
    /// Each rule in a sentence.
    public var rules: [String: String]
    /// How a variant comes by its cost.
    public var costRule = "a campaign's cost is as defined; a variant's is its share of that by sendings"
    /// Orders that count.
    public var orders = 0
    /// Their net revenue by currency.
    public var revenue = MoneySums()
    /// Orders whose customer no campaign had touched in the window.
    public var untouchedOrders = 0
    /// Their net revenue by currency.
    public var untouchedRevenue = MoneySums()
    /// By campaign.
    public private(set) var campaigns: [String: Credit] = [:]
    /// By campaign and variant; the variant is empty for touches that name none.
    public private(set) var variants: [String: [String: Credit]] = [:]

    enum CodingKeys: String, CodingKey {
        case rules, orders, revenue, campaigns, variants
        case windowDays = "window_days"
        case costRule = "cost_rule"
        case untouchedOrders = "untouched_orders"
        case untouchedRevenue = "untouched_revenue"
    }

    init(windowDays: Int) {
        self.windowDays = windowDays
        rules = Dictionary(
            uniqueKeysWithValues: AttributionRule.allCases.map { ($0.rawValue, $0.sentence(windowDays: windowDays)) })
    }

    mutating func add(_ order: AttributionOrder, _ shares: AttributionShares) {
        orders += 1
        revenue.add(order.net, order.currency)
        if shares.touched.isEmpty {
            untouchedOrders += 1
            untouchedRevenue.add(order.net, order.currency)
        }
        for campaign in Set(shares.touched.map(\.campaign)) { campaigns[campaign, default: Credit()].orders += 1 }
        for target in shares.touched { self[target].orders += 1 }
        for (rule, parts) in shares.shares {
            for (target, amount) in parts {
                campaigns[target.campaign, default: Credit()].add(amount, order.currency, rule)
                self[target].add(amount, order.currency, rule)
            }
        }
    }

    /// Leaves out all campaigns but one; the totals stay those of all.
    mutating func keep(_ campaign: String) {
        campaigns = campaigns.filter { $0.key == campaign }
        variants = variants.filter { $0.key == campaign }
    }

    mutating func setCost(
        _ cost: DecimalAmount, _ currency: String?, of campaign: String,
        _ parts: [(target: AttributionTarget, amount: DecimalAmount)]
    ) {
        let currency = currency ?? PurchasesLedger.noCurrency
        campaigns[campaign, default: Credit()].cost = cost
        campaigns[campaign]?.costCurrency = currency
        for (target, part) in parts {
            self[target].cost = part
            self[target].costCurrency = currency
        }
    }

    private subscript(_ target: AttributionTarget) -> Credit {
        get { variants[target.campaign]?[target.variant] ?? Credit() }
        set { variants[target.campaign, default: [:]][target.variant] = newValue }
    }
}
