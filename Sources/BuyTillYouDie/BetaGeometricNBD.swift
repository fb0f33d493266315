/// BG/NBD and its modification MBG/NBD.
///
/// While active, a customer buys at a rate λ ~ Gamma(r, α); after a purchase he leaves with probability p ~ Beta(a, b).
/// In the original (Fader, Hardie & Lee, "Counting Your Customers the Easy Way", 2005) that may happen after each
/// repeat purchase, so that one who bought once is alive for certain; in the modification (Batislam, Denizel &
/// Filiztekin, 2007) after the first purchase, too.
///
/// With b' = b + x (original) or b + x + 1 (modified), and the last term of the original only for x > 0:
///
///     L = Γ(r+x)/Γ(r) · α^r · B(a,b')/B(a,b) · [ (α+T)^−(r+x) + a/(b'−1) · (α+t_x)^−(r+x) ]
///     P(alive) = 1 / (1 + a/(b'−1) · ((α+T)/(α+t_x))^(r+x))
///     P(no purchase in t | alive) = ((α+T)/(α+T+t))^(r+x)
public struct BetaGeometricNBD: RepeatPurchaseModel, Equatable {
    /// When a customer may leave.
    public enum Variant: Sendable { case original, modified }

    /// When a customer may leave.
    public let variant: Variant
    /// Shape of the distribution of purchase rates.
    public let r: Double
    /// Rate of the distribution of purchase rates, in units of time.
    public let alpha: Double
    /// First parameter of the distribution of the probability to leave.
    public let a: Double
    /// Second parameter of the distribution of the probability to leave.
    public let b: Double
    private let logAlpha: Double

    /// A model with these parameters, all positive.
    public init(_ variant: Variant, r: Double, alpha: Double, a: Double, b: Double) {
        self.variant = variant
        self.r = r
        self.alpha = alpha
        self.a = a
        self.b = b
        logAlpha = Elementary.log(alpha)
    }

    /// `mbg` or `bg`.
    public var kind: ModelKind { variant == .modified ? .mbg : .bg }
    /// r, α, a, b.
    public var parameters: [Double] { [r, alpha, a, b] }

    /// How many times a customer with x repeats could have left and did not, up to the last purchase's own.
    @inline(__always)
    private func chancesSurvived(_ repeats: Int) -> Int { variant == .modified ? repeats + 1 : repeats }

    /// ln of a / (b' − 1); −∞ for one who cannot have left.
    @inline(__always)
    private func logOddsFactor(_ repeats: Int) -> Double {
        let survived = chancesSurvived(repeats)
        return survived == 0 ? -.infinity : Elementary.log(a / (b + Double(survived - 1)))
    }

    /// ln of Γ(r+x)/Γ(r) · α^r · B(a,b')/B(a,b).
    private func logFactor(_ repeats: Int) -> Double {
        let survived = chancesSurvived(repeats)
        return GammaFunctions.logRisingFactorial(r, repeats) + r * logAlpha
            + GammaFunctions.logRisingFactorial(b, survived) - GammaFunctions.logRisingFactorial(a + b, survived)
    }

    /// ln of the likelihood of one customer's history.
    public func logLikelihood(_ history: PurchaseHistory) -> Double {
        let shape = r + Double(history.repeats)
        return logFactor(history.repeats)
            + Elementary.logAdd(
                -shape * Elementary.log(alpha + history.age),
                logOddsFactor(history.repeats) - shape * Elementary.log(alpha + history.recency))
    }

    /// ln of the likelihood of all customers: what depends on x alone, or on a time alone, is computed once.
    public func logLikelihood(_ statistics: PurchaseStatistics) -> Double {
        let factors = statistics.repeatCounts.map(logFactor)
        let odds = statistics.repeatCounts.map(logOddsFactor)
        let logTimes = statistics.times.map { Elementary.log(alpha + $0) }
        var sum = 0.0
        for group in statistics.groups {
            let shape = r + Double(group.history.repeats)
            let alive = -shape * logTimes[group.ageIndex]
            let left = odds[group.repeatsIndex] - shape * logTimes[group.recencyIndex]
            sum += Double(group.count) * (factors[group.repeatsIndex] + Elementary.logAdd(alive, left))
        }
        return sum
    }

    /// ln of the odds of having left.
    public func logOddsOfHavingLeft(_ history: PurchaseHistory) -> Double {
        let shape = r + Double(history.repeats)
        return logOddsFactor(history.repeats)
            + shape * Elementary.log((alpha + history.age) / (alpha + history.recency))
    }

    /// ln of the probability that a customer who is alive now buys nothing within `horizon`.
    public func logProbabilityOfNoPurchaseIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        -(r + Double(history.repeats)) * Elementary.log1p(horizon / (alpha + history.age))
    }

    /// ln of the expected number of purchases within `horizon` of a customer who is alive now.
    ///
    /// The published closed form
    ///
    ///     (a+b'−1)/(a−1) · [1 − ((α+T)/(α+T+t))^(r+x) · ₂F₁(r+x, b'; a+b'−1; t/(α+T+t))]
    ///
    /// loses all digits near a = 1, and its ₂F₁ overflows for large x. Expanding ₂F₁'s integrand instead gives a sum of
    /// positive terms with a plain meaning: were he never to leave, he would buy N times, N ~ negative binomial
    /// with shape k = r+x and w = t/(α+T+t); of n purchases he lives to make S(n) on average:
    ///
    ///     E = Σₙ P(N = n) · S(n),   S(n) = Σ_{j<n} (b')_j / (a+b')_j
    public func logExpectedPurchasesIfAlive(_ history: PurchaseHistory, horizon: Double) -> Double {
        guard horizon > 0 else { return -.infinity }
        let shape = r + Double(history.repeats)
        let survivals = b + Double(chancesSurvived(history.repeats))
        let elapsed = alpha + history.age
        let w = horizon / (elapsed + horizon)
        var term = 1.0  // (k)_n / n! · wⁿ, up to the scale below
        var logScale = -shape * Elementary.log1p(horizon / elapsed)
        var expected = 0.0  // S(n)
        var survival = 1.0  // (b')_n / (a+b')_n
        var sum = 0.0
        var n = 0.0
        while n < Self.termsMax {
            term *= (shape + n) / (n + 1) * w
            expected += survival
            survival *= (survivals + n) / (a + survivals + n)
            n += 1
            sum += term * expected
            // S(n+1)/S(n) ≤ (n+1)/n, so the rest is at most a geometric series with this ratio.
            let ratio = (shape + n) / n * w
            if ratio < 1, term * expected * ratio < 1e-17 * sum * (1 - ratio) { break }
            if sum > 1e250 {
                term *= 1e-250
                sum *= 1e-250
                logScale += Self.logOfScale
            }
        }
        return logScale + Elementary.log(sum)
    }

    /// A guard for absurd horizons, such as thousands of years at several purchases a day.
    ///
    /// There the sum is cut, and the figure is too small. With one purchase a day and a horizon of a century some
    /// 40,000 terms are needed.
    private static let termsMax = 5e6
    private static let logOfScale = 250 * 2.302_585_092_994_045_684_018

    /// The expected number of purchases of a new customer within `horizon` after the first purchase.
    public func expectedPurchasesOfNewCustomer(horizon: Double) -> Double {
        expectedPurchases(PurchaseHistory(repeats: 0, recency: 0, age: 0), horizon: horizon)
    }
}
