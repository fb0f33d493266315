import BuyTillYouDie
import GRDB

/// One term of a churn score.
public struct ChurnTerm: Encodable, Sendable, Equatable {
    /// `purchases`, or the name of a signal.
    public var name: String
    /// The signal's value; of `purchases` the logit of no purchase within the horizon.
    public var value: Double
    /// Its weight; of `purchases` 1.
    public var weight: Double
    /// What it adds to z: value times weight.
    public var contribution: Double
    /// The events behind it.
    public var sequences: [UInt64]
}

/// Scores customers under one model and horizon.
struct ChurnScorer {
    let model: ChurnModel
    let horizonDays: Int
    let today: Int
    private let purchases: any RepeatPurchaseModel
    /// What the model says of each signal, looked up once and not for every customer.
    private let weighed: [(feature: ChurnFeature, weight: Double, halfLife: Double?)]

    /// `nil` if the parameters make no model, which is checked wherever a `ChurnModel` is made.
    init?(_ model: ChurnModel, horizonDays: Int, today: Int) {
        guard let purchases = model.model else { return nil }
        self.purchases = purchases
        self.model = model
        self.horizonDays = horizonDays
        self.today = today
        weighed = ChurnFeature.allCases.map { ($0, model.beta[$0] ?? 0, model.halfLife($0)) }
    }

    private var horizon: Double { Double(horizonDays) / 7 }

    /// The logit of no purchase within the horizon, from purchases alone.
    func purchaseLogit(_ history: PurchaseHistory) -> Double {
        purchases.logitOfNoPurchase(history, horizon: horizon)
    }

    func probabilityAlive(_ buyer: ChurnBuyer) -> Double { purchases.probabilityAlive(buyer.history(asOf: today)) }

    func expectedPurchases(_ buyer: ChurnBuyer) -> Double {
        purchases.expectedPurchases(buyer.history(asOf: today), horizon: horizon)
    }

    /// All terms of a score, which add up to z.
    func terms(_ buyer: ChurnBuyer, _ signals: ChurnSignals) -> [ChurnTerm] {
        let offset = purchaseLogit(buyer.history(asOf: today))
        let first = ChurnTerm(
            name: "purchases", value: offset, weight: 1, contribution: offset,
            sequences: buyer.days > 1 ? [buyer.firstSequence, buyer.lastSequence] : [buyer.lastSequence])
        return [first]
            + ChurnFeature.allCases.map { feature in
                let value = signals.value(of: feature, model)
                let weight = model.beta[feature] ?? 0
                return ChurnTerm(
                    name: feature.rawValue, value: value, weight: weight, contribution: value * weight,
                    sequences: signals.sequences(of: feature))
            }
    }

    /// z, with signals only if the model weighs any: the sum of the terms, to the last bit.
    func score(_ history: PurchaseHistory, _ signals: ChurnSignals?) -> Double {
        var z = purchaseLogit(history)
        guard model.hasWeights, let signals else { return z }
        for (feature, weight, halfLife) in weighed { z += signals.value(of: feature, halfLife: halfLife) * weight }
        return z
    }
}

/// One customer's score as an answer prints it.
public struct ChurnCustomer: Encodable, Sendable {
    /// The customer, the survivor after merges.
    public var customer: String
    /// Probability of no purchase within the horizon.
    public var risk: Double
    /// high, medium or low.
    public var band: String
    /// The score: the logit of `risk`.
    public var z: Double
    /// Probability of still being a customer.
    public var alive: Double
    /// Expected purchases within the horizon.
    public var expectedPurchases: Double
    /// Repeat purchase days.
    public var x: Int
    /// Weeks from the first purchase to the last.
    public var recency: Double
    /// Weeks from the first purchase to now.
    public var age: Double
    /// Day of the first purchase.
    public var firstPurchase: String
    /// Day of the last purchase.
    public var lastPurchase: String
    /// Spend per currency on the purchase days.
    public var spend: [String: DecimalAmount]
    /// Why, in plain words.
    public var reasons: [ChurnReason]

    enum CodingKeys: String, CodingKey {
        case customer, risk, band, z, x, spend, reasons
        case alive = "p_alive"
        case expectedPurchases = "expected_purchases"
        case recency = "t_x"
        case age = "T"
        case firstPurchase = "first_purchase"
        case lastPurchase = "last_purchase"
    }

    init(
        _ buyer: ChurnBuyer, z: Double, _ scorer: ChurnScorer, _ signals: ChurnSignals, bands: ChurnBands,
        spend: [String: DecimalAmount]
    ) {
        let history = buyer.history(asOf: scorer.today)
        customer = buyer.customer
        risk = Logit.probability(z)
        band = bands.name(of: risk)
        self.z = z
        alive = scorer.probabilityAlive(buyer)
        expectedPurchases = scorer.expectedPurchases(buyer)
        x = history.repeats
        recency = history.recency
        age = history.age
        firstPurchase = DayCalendar.text(of: buyer.firstDay)
        lastPurchase = DayCalendar.text(of: buyer.lastDay)
        self.spend = spend
        reasons = ChurnReason.reasons(buyer, signals)
    }
}
