/// A model of repeat purchase without a contract: customers buy at their own rates until, unseen, they leave.
///
/// Everything that can become very small comes as a logarithm, too: for a customer with hundreds of purchases and a
/// long silence the probability of being alive is below what a `Double` can hold.
public protocol RepeatPurchaseModel: Sendable {
    /// Which model it is.
    var kind: ModelKind { get }
    /// The parameters in the order of ``ModelKind/parameterNames``.
    var parameters: [Double] { get }

    /// ln of the likelihood of one customer's history.
    func logLikelihood(_ history: PurchaseHistory) -> Double
    /// ln of the likelihood of all customers.
    func logLikelihood(_ statistics: PurchaseStatistics) -> Double
    /// ln of the odds of having left: ln (1 − P(alive)) − ln P(alive); −∞ if the customer is alive for certain.
    func logOddsOfHavingLeft(_ history: PurchaseHistory) -> Double
    /// ln of the expected number of purchases within `horizon` from now of a customer who is alive now.
    func logExpectedPurchasesIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double
    /// ln of the probability that a customer who is alive now buys nothing within `horizon`.
    func logProbabilityOfNoPurchaseIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double
    /// The expected number of purchases of a new customer within `horizon` after the first purchase.
    func expectedPurchasesOfNewCustomer(horizon: Double) -> Double
}

extension RepeatPurchaseModel {
    /// ln P(alive): the probability that the customer has not left yet.
    public func logProbabilityAlive(_ history: PurchaseHistory) -> Double {
        -Elementary.logAdd(0, logOddsOfHavingLeft(history))
    }

    /// P(alive).
    public func probabilityAlive(_ history: PurchaseHistory) -> Double {
        Elementary.exp(logProbabilityAlive(history))
    }

    /// ln of the expected number of purchases within `horizon` from now, given the history.
    public func logExpectedPurchases(_ history: PurchaseHistory, horizon: Double) -> Double {
        logProbabilityAlive(history) + logExpectedPurchasesIfAlive(history, horizon: horizon)
    }

    /// The expected number of purchases within `horizon` from now, given the history.
    public func expectedPurchases(_ history: PurchaseHistory, horizon: Double) -> Double {
        Elementary.exp(logExpectedPurchases(history, horizon: horizon))
    }

    /// ln of the probability of at least one purchase within `horizon` from now, given the history.
    public func logProbabilityOfPurchase(_ history: PurchaseHistory, horizon: Double) -> Double {
        logProbabilityAlive(history)
            + Elementary.logOneMinusExp(logProbabilityOfNoPurchaseIfAlive(history, horizon: horizon))
    }

    /// The probability of at least one purchase within `horizon` from now, given the history.
    public func probabilityOfPurchase(_ history: PurchaseHistory, horizon: Double) -> Double {
        Elementary.exp(logProbabilityOfPurchase(history, horizon: horizon))
    }

    /// The logit of the probability of no purchase within `horizon`: the churn score.
    ///
    /// With o the odds of having left and n the probability of no purchase while alive, it is ln (o + n) − ln (1 − n):
    /// finite and in the right order even where the probability itself rounds to 0 or 1. A horizon of 0 gives +∞.
    public func logitOfNoPurchase(_ history: PurchaseHistory, horizon: Double) -> Double {
        let none = logProbabilityOfNoPurchaseIfAlive(history, horizon: horizon)
        return Elementary.logAdd(logOddsOfHavingLeft(history), none) - Elementary.logOneMinusExp(none)
    }

    /// The likelihood of all customers, one history after the other.
    public func logLikelihood(_ statistics: PurchaseStatistics) -> Double {
        statistics.groups.reduce(0.0) { $0 + Double($1.count) * logLikelihood($1.history) }
    }
}

/// The models by name.
public enum ModelKind: String, Sendable, CaseIterable, Codable {
    /// MBG/NBD: may leave after every purchase, the first included.
    case mbg
    /// BG/NBD: may leave after every repeat purchase.
    case bg
    /// Pareto/NBD: may leave at any time.
    case pareto
    /// NBD: never leaves. What the others become when the data show no leaving.
    case nbd

    /// The name in the literature.
    public var title: String {
        switch self {
        case .mbg: "MBG/NBD"
        case .bg: "BG/NBD"
        case .pareto: "Pareto/NBD"
        case .nbd: "NBD"
        }
    }

    /// The names of the parameters, in order.
    public var parameterNames: [String] {
        switch self {
        case .mbg, .bg: ["r", "alpha", "a", "b"]
        case .pareto: ["r", "alpha", "s", "beta"]
        case .nbd: ["r", "alpha"]
        }
    }

    /// The model with these parameters; `nil` if their number is wrong or one is not positive and finite.
    public func makeModel(_ parameters: [Double]) -> (any RepeatPurchaseModel)? {
        guard parameters.count == parameterNames.count, parameters.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            return nil
        }
        switch self {
        case .mbg, .bg:
            return BetaGeometricNBD(
                self == .mbg ? .modified : .original, r: parameters[0], alpha: parameters[1], a: parameters[2],
                b: parameters[3])
        case .pareto:
            return ParetoNBD(r: parameters[0], alpha: parameters[1], s: parameters[2], beta: parameters[3])
        case .nbd:
            return NBD(r: parameters[0], alpha: parameters[1])
        }
    }
}
