/// The gamma-gamma model of spend a purchase (Fader & Hardie, "The Gamma-Gamma Model of Monetary Value", 2013).
///
/// A customer's purchases have values ~ Gamma(p, ν) with his own ν ~ Gamma(q, v), independent of how often he buys.
/// With m the mean value of his x repeat purchases:
///
///     L = Γ(px+q) / (Γ(px) Γ(q)) · v^q · m^(px−1) · x^(px) / (v+xm)^(px+q)
///     E[M] = p (v + xm) / (px + q − 1)
public struct GammaGamma: Sendable, Equatable {
    /// Shape of a customer's purchase values.
    public let p: Double
    /// Shape of the distribution of customers.
    public let q: Double
    /// Scale of the distribution of customers, in money.
    public let v: Double

    /// A model with these parameters, all positive.
    public init(p: Double, q: Double, v: Double) {
        self.p = p
        self.q = q
        self.v = v
    }

    /// One customer's spend: how many purchases, and their mean value.
    public struct Spend: Sendable, Hashable {
        /// The number of repeat purchases.
        public var purchases: Int
        /// Their mean value, above 0.
        public var mean: Double

        /// Makes a spend.
        public init(purchases: Int, mean: Double) {
            self.purchases = purchases
            self.mean = mean
        }
    }

    /// ln of the likelihood of one customer's spend; for `purchases` ≥ 1 and `mean` > 0.
    public func logLikelihood(_ spend: Spend) -> Double {
        let x = Double(spend.purchases)
        let shape = p * x
        return GammaFunctions.logGamma(shape + q) - GammaFunctions.logGamma(shape) - GammaFunctions.logGamma(q)
            + q * Elementary.log(v) + (shape - 1) * Elementary.log(spend.mean) + shape * Elementary.log(x)
            - (shape + q) * Elementary.log(v + x * spend.mean)
    }

    /// The expected value of a purchase of a customer with this spend; with 0 purchases, of any customer.
    ///
    /// `nil` where the model's mean is infinite (px + q ≤ 1). A mean below 0, as refunds may leave, counts as 0; one
    /// that is no number gives `nil`.
    public func expectedValue(_ spend: Spend) -> Double? {
        guard spend.purchases < 1 || spend.mean.isFinite else { return nil }
        let x = Double(max(0, spend.purchases))
        let denominator = p * x + q - 1
        return denominator > 0 ? p * (v + x * (x > 0 ? max(0, spend.mean) : 0)) / denominator : nil
    }
}
