/// What a customer will spend: how often he buys, by a model of repeat purchase, times how much a purchase, by the
/// gamma-gamma model.
///
/// Both models take a customer's spend a purchase to be independent of how often he buys (Fader, Hardie & Lee, "RFM and
/// CLV: Using Iso-Value Curves for Customer Base Analysis", 2005):
///
///     V(t) = E[M | m, x] · E[Y(t) | x, t_x, T]
///
/// With a discount of d a period, what is bought within a period counts at its end (the last one may be shorter):
///
///     V(t) = E[M | m, x] · Σᵢ (E[Y(tᵢ)] − E[Y(tᵢ₋₁)]) / (1 + d)^(tᵢ / period)
public struct CustomerValue: Sendable {
    /// A rate at which later money counts for less.
    public struct Discount: Sendable, Equatable {
        /// What a period takes off, as in 0.01 for one percent; 0 or more.
        public let rate: Double
        /// The length of a period in the unit of time of the histories.
        public let period: Double

        /// A discount; `nil` if the rate is negative, the period not positive, or one of them no number.
        public init?(rate: Double, period: Double) {
            guard rate >= 0, rate.isFinite, period > 0, period.isFinite else { return nil }
            self.rate = rate
            self.period = period
        }

        /// A discount by the year, for histories in weeks: counted at the end of every four weeks.
        public init?(annualRate: Double) {
            guard annualRate >= 0, annualRate.isFinite else { return nil }
            let years = 4 * 7 / 365.25
            self.init(rate: Elementary.expm1(years * Elementary.log1p(annualRate)), period: 4)
        }
    }

    /// How often customers buy.
    public let purchases: any RepeatPurchaseModel
    /// How much they spend a purchase.
    public let spend: GammaGamma
    /// How later money counts; `nil` = in full.
    public let discount: Discount?

    /// More periods than this are not added up one by one; a century of weeks has fewer.
    private static let periodsMax = 6_000

    /// The value of customers under two models.
    public init(purchases: any RepeatPurchaseModel, spend: GammaGamma, discount: Discount? = nil) {
        self.purchases = purchases
        self.spend = spend
        self.discount = discount
    }

    /// The expected spend within `horizon` from now, in the money of the spend model.
    ///
    /// - Parameters:
    ///   - history: the customer's purchases.
    ///   - spent: what his repeat purchases were worth; 0 purchases for one who has not come back.
    ///   - horizon: how long from now, in the histories' unit of time; 0 and below give 0.
    /// - Returns: `nil` where the spend model's mean is infinite, or the horizon has more periods than can be added up.
    public func expectedSpend(
        _ history: PurchaseHistory, _ spent: GammaGamma.Spend, horizon: Double
    ) -> Double? {
        guard let value = spend.expectedValue(spent), value.isFinite else { return nil }
        guard horizon > 0 else { return 0 }
        guard let count = discountedPurchases(history, horizon: horizon), count.isFinite else { return nil }
        return value * count
    }

    /// The expected purchases within `horizon`, each discounted; `nil` if there are too many periods.
    private func discountedPurchases(_ history: PurchaseHistory, horizon: Double) -> Double? {
        guard let discount, discount.rate > 0 else { return purchases.expectedPurchases(history, horizon: horizon) }
        let periods = (horizon / discount.period).rounded(.up)
        guard periods <= Double(Self.periodsMax) else { return nil }
        let logRate = Elementary.log1p(discount.rate)
        var (sum, before) = (0.0, 0.0)
        for index in 1...Int(max(1, periods)) {
            let time = min(horizon, Double(index) * discount.period)
            let count = purchases.expectedPurchases(history, horizon: time)
            sum += max(0, count - before) * Elementary.exp(-logRate * (time / discount.period))
            before = count
        }
        return sum
    }
}
