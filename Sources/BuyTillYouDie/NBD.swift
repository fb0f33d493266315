/// NBD (Ehrenberg, 1959): customers buy at rates λ ~ Gamma(r, α) and never leave.
///
/// The other models become this one when the data show no leaving; it stands in for them then.
///
///     L = Γ(r+x)/Γ(r) · α^r · (α+T)^−(r+x)
///     E[Y(t)] = (r+x) · t / (α+T)
public struct NBD: RepeatPurchaseModel, Equatable {
    /// Shape of the distribution of purchase rates.
    public let r: Double
    /// Rate of the distribution of purchase rates, in units of time.
    public let alpha: Double

    /// A model with these parameters, both positive.
    public init(r: Double, alpha: Double) {
        self.r = r
        self.alpha = alpha
    }

    /// `nbd`.
    public var kind: ModelKind { .nbd }
    /// r, α.
    public var parameters: [Double] { [r, alpha] }

    /// ln of the likelihood of one customer's history.
    public func logLikelihood(_ history: PurchaseHistory) -> Double {
        // r ln α − r ln(α+T) together, since each is large when r and α are.
        GammaFunctions.logRisingFactorial(r, history.repeats) - r * Elementary.log1p(history.age / alpha)
            - Double(history.repeats) * Elementary.log(alpha + history.age)
    }

    /// −∞: nobody leaves.
    public func logOddsOfHavingLeft(_ history: PurchaseHistory) -> Double { -.infinity }

    /// ln of the expected number of purchases within `horizon`.
    public func logExpectedPurchasesIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        Elementary.log((r + Double(history.repeats)) * horizon / (alpha + history.age))
    }

    /// ln of the probability of no purchase within `horizon`.
    public func logProbabilityOfNoPurchaseIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        -(r + Double(history.repeats)) * Elementary.log1p(horizon / (alpha + history.age))
    }

    /// The expected number of purchases of a new customer within `horizon`.
    public func expectedPurchasesOfNewCustomer(horizon: Double) -> Double { r * horizon / alpha }
}
