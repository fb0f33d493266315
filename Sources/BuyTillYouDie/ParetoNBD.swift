/// Pareto/NBD (Schmittlein, Morrison & Colombo, "Counting Your Customers: Who Are They and What Will They Do Next?",
/// 1987), the reference among these models.
///
/// While active, a customer buys at a rate λ ~ Gamma(r, α) and leaves at a rate μ ~ Gamma(s, β), at any time. With
/// D(t) = (α+t)^−(r+x) (β+t)^−s and κ = s / (r+s+x):
///
///     L = Γ(r+x)/Γ(r) · α^r β^s · [ D(T) + κ (D(t_x) h(t_x) − D(T) h(T)) ]
///     P(alive) = 1 / (1 + κ (h(t_x) · D(t_x)/D(T) − h(T)))
///     E[Y(t)] = P(alive) · (r+x)(β+T) / ((α+T)(s−1)) · [1 − ((β+T)/(β+T+t))^(s−1)]
///
/// where h is the hypergeometric function of Fader & Hardie's note of 2005 after Euler's transformation, which
/// leaves one that is quickly computed and never large:
///
///     α ≥ β:  h(t) = ₂F₁(1, r+x; r+s+x+1; (α−β)/(α+t))
///     α < β:  h(t) = ₂F₁(1, s+1; r+s+x+1; (β−α)/(β+t)) · (α+t)/(β+t)
public struct ParetoNBD: RepeatPurchaseModel, Equatable {
    /// Shape of the distribution of purchase rates.
    public let r: Double
    /// Rate of the distribution of purchase rates, in units of time.
    public let alpha: Double
    /// Shape of the distribution of leaving rates.
    public let s: Double
    /// Rate of the distribution of leaving rates, in units of time.
    public let beta: Double

    /// A model with these parameters, all positive.
    public init(r: Double, alpha: Double, s: Double, beta: Double) {
        self.r = r
        self.alpha = alpha
        self.s = s
        self.beta = beta
    }

    /// `pareto`.
    public var kind: ModelKind { .pareto }
    /// r, α, s, β.
    public var parameters: [Double] { [r, alpha, s, beta] }

    private func h(_ repeats: Int, _ time: Double) -> Double {
        let shape = r + Double(repeats)
        if alpha >= beta {
            return Hypergeometric.oneBC(b: shape, c: shape + s + 1, z: (alpha - beta) / (alpha + time))
        }
        return Hypergeometric.oneBC(b: s + 1, c: shape + s + 1, z: (beta - alpha) / (beta + time))
            * ((alpha + time) / (beta + time))
    }

    /// ln of the likelihood of one customer's history.
    public func logLikelihood(_ history: PurchaseHistory) -> Double {
        func logs(_ time: Double) -> Logs {
            Logs(alpha: Elementary.log(alpha + time), beta: Elementary.log(beta + time))
        }
        return logFactor(history.repeats)
            + Elementary.logAdd(
                logAlive(history.repeats, history.age, logs(history.age)),
                logLeft(history.repeats, history.recency, logs(history.recency)))
    }

    private func logFactor(_ repeats: Int) -> Double {
        GammaFunctions.logRisingFactorial(r, repeats) + r * Elementary.log(alpha) + s * Elementary.log(beta)
    }

    /// ln (α + t) and ln (β + t) of a time t.
    private struct Logs {
        var alpha: Double
        var beta: Double
    }

    /// ln of D(T) (1 − κ h(T)); κ h(T) D(T) is an integral of less than D(T), so the bracket in L is a sum of two
    /// positive terms.
    private func logAlive(_ repeats: Int, _ age: Double, _ logs: Logs) -> Double {
        let shape = r + Double(repeats)
        return -shape * logs.alpha - s * logs.beta + Elementary.log1p(-s / (shape + s) * h(repeats, age))
    }

    /// ln of κ D(t_x) h(t_x), the other term.
    private func logLeft(_ repeats: Int, _ recency: Double, _ logs: Logs) -> Double {
        let shape = r + Double(repeats)
        return -shape * logs.alpha - s * logs.beta + Elementary.log(s / (shape + s) * h(repeats, recency))
    }

    /// ln of the likelihood of all customers: what depends on x alone, on a time alone or on x and one time is computed
    /// once.
    public func logLikelihood(_ statistics: PurchaseStatistics) -> Double {
        let factors = statistics.repeatCounts.map(logFactor)
        let logs = statistics.times.map {
            Logs(alpha: Elementary.log(alpha + $0), beta: Elementary.log(beta + $0))
        }
        func terms(
            _ pairs: [PurchaseStatistics.Pair], _ term: (Int, Double, Logs) -> Double
        ) -> [Double] {
            pairs.map { pair in
                term(
                    statistics.repeatCounts[pair.repeatsIndex], statistics.times[pair.timeIndex], logs[pair.timeIndex])
            }
        }
        let alive = terms(statistics.agePairs, logAlive)
        let left = terms(statistics.recencyPairs, logLeft)
        var sum = 0.0
        for group in statistics.groups {
            let integral = Elementary.logAdd(alive[group.agePairIndex], left[group.recencyPairIndex])
            sum += Double(group.count) * (factors[group.repeatsIndex] + integral)
        }
        return sum
    }

    /// ln of the odds of having left.
    public func logOddsOfHavingLeft(_ history: PurchaseHistory) -> Double {
        guard history.recency < history.age else { return -.infinity }
        let shape = r + Double(history.repeats)
        let kappa = s / (shape + s)
        let ratio =
            shape * Elementary.log((alpha + history.age) / (alpha + history.recency))
            + s * Elementary.log((beta + history.age) / (beta + history.recency))
        let atRecency = h(history.repeats, history.recency)
        let atAge = h(history.repeats, history.age)
        // ln κ (h(t_x) e^ratio − h(T)), with the exponential taken out so that it cannot overflow.
        let rest = 1 - atAge / atRecency * Elementary.exp(-ratio)
        guard rest > 0 else { return -.infinity }
        return Elementary.log(kappa * atRecency) + ratio + Elementary.log(rest)
    }

    /// ln of the expected number of purchases within `horizon` of a customer who is alive now.
    public func logExpectedPurchasesIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        guard horizon > 0 else { return -.infinity }
        let shape = r + Double(history.repeats)
        // [1 − v^(s−1)] / (s−1) for v = (β+T)/(β+T+t); its limit at s = 1 is −ln v.
        let logV = -Elementary.log1p(horizon / (beta + history.age))
        let power = s - 1
        let integral = power == 0 ? -logV : -Elementary.expm1(power * logV) / power
        return Elementary.log(shape * ((beta + history.age) / (alpha + history.age)) * integral)
    }

    /// ln of the probability that a customer who is alive now buys nothing within `horizon`.
    ///
    /// Given that he is alive, his rates are again gamma distributed, with r+x, α+T, s, β+T; so it is the likelihood
    /// of no repeat within `horizon` under those parameters.
    public func logProbabilityOfNoPurchaseIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        let now = ParetoNBD(
            r: r + Double(history.repeats), alpha: alpha + history.age, s: s, beta: beta + history.age)
        return min(0, now.logLikelihood(PurchaseHistory(repeats: 0, recency: 0, age: horizon)))
    }

    /// The expected number of purchases of a new customer within `horizon` after the first purchase.
    public func expectedPurchasesOfNewCustomer(horizon: Double) -> Double {
        expectedPurchases(PurchaseHistory(repeats: 0, recency: 0, age: 0), horizon: horizon)
    }
}
