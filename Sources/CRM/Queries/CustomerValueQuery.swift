import BuyTillYouDie
import EventLog
public import GRDB

/// What customers are worth: `touchline customers --value`, and of one `touchline customer ID --value`.
public struct CustomerValueQuery: Sendable {
    /// How many customers are listed.
    public var limit: Int
    /// The currency; `nil` = the one with most customers.
    public var currency: String?
    /// How far ahead is looked, in days; `nil` = as far as the churn model.
    public var horizonDays: Int?
    /// What a year takes off later money, as in 0.1 for ten percent; `nil` = nothing.
    public var discount: Double?

    /// A query for the `limit` customers of whom most is expected.
    public init(
        limit: Int = 50, currency: String? = nil, horizonDays: Int? = nil, discount: Double? = nil
    ) {
        self.limit = limit
        self.currency = currency
        self.horizonDays = horizonDays
        self.discount = discount
    }

    /// Answers from the views.
    ///
    /// Sorted by expected spend, then by spend so far, then by id: the same moment has the same list everywhere.
    ///
    /// - Throws: `ChurnError`, `NotFound` for an unknown currency, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> CustomerValueAnswer {
        let today = context.calendar.day(of: context.now)
        let valuation = try Valuation(
            db, until: today, currency: currency, horizonDays: horizonDays, discount: discount)
        // Customers come by id, so that no tie is left to chance.
        let all = valuation.customers
        let order = all.indices.sorted { left, right in
            let (a, b) = (all[left].value ?? -.infinity, all[right].value ?? -.infinity)
            if a != b { return a > b }
            return all[left].spend == all[right].spend ? left < right : all[left].spend > all[right].spend
        }
        let listed = try order.prefix(max(0, limit)).map { index in
            let group = try MergeGroup.of(all[index].customer, db)
            return ValuedCustomer(all[index], name: try CustomerRecord.fetch(db, group)?.text("name"), today: today)
        }
        return CustomerValueAnswer(
            at: context.lastSequence, now: context.now.rfc3339, day: DayCalendar.text(of: today),
            basis: ValueBasis(valuation), currencies: valuation.currencies, whole: WholeValue(all), customers: listed)
    }

    /// One customer among all, for the 360° view; `nil` if he bought nothing in the currency.
    ///
    /// - Throws: as `run`; nobody having bought at all is no error here.
    public func customer(_ db: Database, _ context: AnswerContext, _ group: MergeGroup) throws -> ValueAmongAll? {
        let today = context.calendar.day(of: context.now)
        var wanted = currency
        if wanted == nil {
            guard let record = try PurchaseBook.record(group, db, until: today) else { return nil }
            // His own main currency: the one of most of his days, then by code.
            let days = Dictionary(record.lines.map { ($0.currency, 1) }, uniquingKeysWith: +)
            wanted = days.min { (-$0.value, $0.key) < (-$1.value, $1.key) }?.key
        }
        let valuation = try Valuation(
            db, until: today, currency: wanted, horizonDays: horizonDays, discount: discount)
        guard let found = valuation.customers.first(where: { $0.customer == group.survivor }) else { return nil }
        return ValueAmongAll(
            basis: ValueBasis(valuation), of: valuation.customers.count,
            value: ValuedCustomer(found, name: nil, today: today))
    }
}

/// What the figures of an answer rest on.
public struct ValueBasis: Encodable, Sendable {
    /// The model of spend.
    public struct SpendModel: Encodable, Sendable, Equatable {
        /// Shape of a customer's purchase values.
        public var p: Double
        /// Shape of the distribution of customers.
        public var q: Double
        /// Scale of the distribution of customers, in the currency.
        public var v: Double
        /// How many customers it was fitted to: those who bought again.
        public var customers: Int
        /// ln of the likelihood of their spend.
        public var logLikelihood: Double

        enum CodingKeys: String, CodingKey {
            case p, q, v, customers
            case logLikelihood = "log_likelihood"
        }
    }

    /// The currency of all amounts.
    public var currency: String
    /// How far ahead is looked, in days.
    public var horizonDays: Int
    /// What a year takes off later money in expected spend.
    @OrNull public var discount: Double?
    /// Where expected purchases come from.
    @OrNull public var model: ChurnModelAnswer?
    /// Where the value of a purchase comes from.
    @OrNull public var spendModel: SpendModel?
    /// What must be known of these figures.
    public var notes: [String]

    enum CodingKeys: String, CodingKey {
        case currency, discount, model, notes
        case horizonDays = "horizon_days"
        case spendModel = "spend_model"
    }

    init(_ valuation: Valuation) {
        currency = valuation.currency
        horizonDays = valuation.horizonDays
        discount = valuation.discount
        model = valuation.model.map { ChurnModelAnswer($0, horizonDays: valuation.horizonDays) }
        spendModel = valuation.spendFit.map {
            SpendModel(
                p: $0.model.p, q: $0.model.q, v: $0.model.v, customers: $0.customers, logLikelihood: $0.logLikelihood)
        }
        notes = valuation.notes
    }
}

/// The whole of a currency's customers.
public struct WholeValue: Encodable, Sendable {
    /// Customers who bought in the currency.
    public var customers: Int
    /// Those of them with a second purchase day.
    public var repeatCustomers: Int
    /// Their share.
    public var repeatRate: Double
    /// Orders.
    public var orders: Int
    /// Purchase days of all customers.
    public var purchaseDays: Int
    /// What was spent on them.
    public var spend: DecimalAmount
    /// Mean spend on a purchase day.
    public var meanSpend: Double
    /// The days between one purchase day and the next, of all customers.
    public var gaps: GapFigures
    /// Expected purchase days within the horizon.
    @OrNull public var expectedPurchases: Double?
    /// Expected spend within the horizon.
    @OrNull public var expectedSpend: Double?

    enum CodingKeys: String, CodingKey {
        case customers, orders, spend, gaps
        case repeatCustomers = "repeat_customers"
        case repeatRate = "repeat_rate"
        case purchaseDays = "purchase_days"
        case meanSpend = "mean_spend"
        case expectedPurchases = "expected_purchases"
        case expectedSpend = "expected_spend"
    }

    init(_ all: [Valuation.Customer]) {
        customers = all.count
        repeatCustomers = all.count { $0.days > 1 }
        repeatRate = all.isEmpty ? 0 : Double(repeatCustomers) / Double(all.count)
        orders = all.reduce(0) { $0 + $1.orders }
        purchaseDays = all.reduce(0) { $0 + $1.days }
        spend = all.reduce(DecimalAmount.zero) { $0.adding($1.spend) ?? $0 }
        meanSpend = purchaseDays == 0 ? 0 : spend.approximation / Double(purchaseDays)
        gaps = GapFigures(all.flatMap(\.gaps))
        let purchases = all.compactMap(\.expectedPurchases)
        expectedPurchases = purchases.isEmpty ? nil : finite(purchases.reduce(0, +))
        let values = all.compactMap(\.value)
        expectedSpend = values.isEmpty ? nil : finite(values.reduce(0, +))
    }
}

/// What one customer is worth in a currency.
public struct ValuedCustomer: Encodable, Sendable {
    /// The customer, the survivor after merges.
    public var customer: String
    /// Name.
    @OrNull public var name: String?
    /// Fifths of recency, frequency and spend.
    public var rfm: RFM
    /// Day of the first purchase.
    public var firstPurchase: String
    /// Day of the last purchase.
    public var lastPurchase: String
    /// Days since then.
    public var daysSince: Int
    /// Purchase days.
    public var purchaseDays: Int
    /// Orders.
    public var orders: Int
    /// What was spent.
    public var spend: DecimalAmount
    /// Mean spend on a purchase day.
    public var meanSpend: Double
    /// The days between one purchase day and the next.
    public var gaps: GapFigures
    /// Probability of still being a customer.
    @OrNull public var alive: Double?
    /// Expected purchase days within the horizon.
    @OrNull public var expectedPurchases: Double?
    /// Expected spend on such a day.
    @OrNull public var expectedMeanSpend: Double?
    /// Expected spend within the horizon: the customer's value.
    @OrNull public var expectedSpend: Double?

    enum CodingKeys: String, CodingKey {
        case customer, name, rfm, orders, spend, gaps
        case firstPurchase = "first_purchase"
        case lastPurchase = "last_purchase"
        case daysSince = "days_since"
        case purchaseDays = "purchase_days"
        case meanSpend = "mean_spend"
        case alive = "p_alive"
        case expectedPurchases = "expected_purchases"
        case expectedMeanSpend = "expected_mean_spend"
        case expectedSpend = "expected_spend"
    }

    init(_ valued: Valuation.Customer, name: String?, today: Int) {
        customer = valued.customer
        self.name = name
        rfm = valued.rfm
        firstPurchase = DayCalendar.text(of: valued.firstDay)
        lastPurchase = DayCalendar.text(of: valued.lastDay)
        daysSince = today - valued.lastDay
        purchaseDays = valued.days
        orders = valued.orders
        spend = valued.spend
        meanSpend = valued.meanSpend
        gaps = GapFigures(valued.gaps)
        alive = valued.alive
        expectedPurchases = valued.expectedPurchases
        expectedMeanSpend = valued.expectedSpend
        expectedSpend = valued.value
    }
}

/// One customer's value among all of his currency.
public struct ValueAmongAll: Encodable, Sendable {
    /// What the figures rest on.
    public var basis: ValueBasis
    /// How many customers there are in the currency.
    public var of: Int
    /// The figures.
    public var value: ValuedCustomer

    /// Encodes the basis, the figures and the number of customers as one object.
    public func encode(to encoder: any Encoder) throws {
        try basis.encode(to: encoder)
        try value.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(of, forKey: .of)
    }

    enum CodingKeys: String, CodingKey { case of = "of_customers" }
}

/// What customers are worth.
public struct CustomerValueAnswer: Encodable, Sendable {
    /// The last known event's sequence; `nil` for an empty log.
    @OrNull public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The day on which ages are counted, in the folder's zone.
    public var day: String
    /// What the figures rest on.
    public var basis: ValueBasis
    /// The currencies that customers bought in.
    public var currencies: [CurrencyCustomers]
    /// All customers of the currency.
    public var whole: WholeValue
    /// The customers of whom most is expected.
    public var customers: [ValuedCustomer]
}
