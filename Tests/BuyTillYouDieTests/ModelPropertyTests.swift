@testable import BuyTillYouDie
import Foundation
import Testing

/// What must hold of the functions and models whatever the numbers.
@Suite struct ModelPropertyTests {
    @Test func `exponential and logarithm are within two units of the C library's`() {
        for step in -7000...7000 {
            let x = Double(step) / 10.1
            #expect(abs(Elementary.exp(x) - exp(x)) <= 2 * exp(x).ulp, "exp \(x)")
            let y = exp(x / 10) * 1.000_37
            #expect(abs(Elementary.log(y) - log(y)) <= 2 * max(log(y).magnitude.ulp, 1e-17), "log \(y)")
            let small = x / 2e3
            #expect(isNear(Elementary.expm1(small), expm1(small), relative: 1e-15))
            #expect(isNear(Elementary.log1p(small), log1p(small), relative: 1e-15))
        }
        #expect(Elementary.log(0) == -.infinity && Elementary.log(-1).isNaN && Elementary.log(.infinity) == .infinity)
        #expect(isNear(Elementary.log(.leastNonzeroMagnitude), log(.leastNonzeroMagnitude), relative: 1e-15))
        #expect(Elementary.exp(-800) == 0 && Elementary.exp(800) == .infinity && Elementary.exp(.nan).isNaN)
        #expect(Elementary.exp(0) == 1 && Elementary.log(1) == 0)
    }

    @Test func `the functions' bits are pinned`() {
        // The same on every machine: a change here changes every score ever published.
        let pinned = [
            Elementary.exp(1), Elementary.exp(-20.5), Elementary.log(10), Elementary.log1p(0.3),
            GammaFunctions.logGamma(0.2425982), GammaFunctions.logGamma(500.25),
            Hypergeometric.oneBC(b: 2.5, c: 4.25, z: 0.9),
        ].map { String($0.bitPattern, radix: 16) }
        #expect(pinned == Self.pinnedBits)
    }

    static let pinnedBits: [String] = [
        "4005bf0a8b14576a", "3e157a3afeed00ab", "40026bb1bbb55516", "3fd0ca937be1b9db", "3ff51ddf99b9dc60",
        "40a45d56b06fcae0", "400500f918f6ffc0",
    ]

    @Test func `log-gamma agrees with the C library's`() {
        for step in 1...3000 {
            let x = Double(step) * 0.173
            #expect(abs(GammaFunctions.logGamma(x) - lgamma(x)) <= 8e-15 * max(1, abs(lgamma(x))), "\(x)")
        }
        #expect(isNear(GammaFunctions.logGamma(1e-9), lgamma(1e-9), relative: 1e-14))
        for n in [0, 1, 7, 8, 9, 63, 64, 65, 500] {
            let wanted = lgamma(0.243 + Double(n)) - lgamma(0.243)
            #expect(abs(GammaFunctions.logRisingFactorial(0.243, n) - wanted) < 1e-12)
        }
    }

    @Test func `the continued fraction equals the power series`() {
        for (b, c) in [(0.5, 1.7), (1.6, 2.2), (40.25, 41.9), (400.5, 402), (2, 500.3)] {
            for z in [0.0, 1e-9, 0.1, 0.5, 0.9, 0.99] {
                var (term, sum, n) = (1.0, 1.0, 0.0)
                while term > 1e-18 * sum {
                    term *= (b + n) / (c + n) * z
                    sum += term
                    n += 1
                }
                #expect(isNear(Hypergeometric.oneBC(b: b, c: c, z: z), sum, relative: 1e-12), "\(b) \(c) \(z)")
            }
        }
    }

    /// No more than one purchase a day, as in life.
    static let histories: [PurchaseHistory] = [0, 1, 2, 10, 100, 1000].flatMap { repeats in
        [(0.0, 0.0), (0, 300), (1, 37), (20, 20), (160, 160), (299, 300)].map {
            PurchaseHistory(repeats: min(repeats, Int($0.0 * 7)), recency: $0.0, age: $0.1)
        }
    }

    static let models: [any RepeatPurchaseModel] = [
        BetaGeometricNBD(.original, r: 0.243, alpha: 4.414, a: 0.793, b: 2.426),
        BetaGeometricNBD(.modified, r: 0.525, alpha: 6.183, a: 0.891, b: 1.614),
        BetaGeometricNBD(.modified, r: 0.525, alpha: 6.183, a: 1, b: 1.614),
        BetaGeometricNBD(.modified, r: 30, alpha: 0.01, a: 1e-6, b: 1e6),
        ParetoNBD(r: 0.553, alpha: 10.578, s: 0.606, beta: 11.669),
        ParetoNBD(r: 0.553, alpha: 11.669, s: 1, beta: 10.578),
        ParetoNBD(r: 0.553, alpha: 5, s: 2, beta: 5),
        ParetoNBD(r: 0.553, alpha: 1e-3, s: 2, beta: 1e3),
        NBD(r: 0.4, alpha: 12),
    ]

    @Test func `probabilities are probabilities and nothing is NaN`() {
        for model in Self.models {
            for history in Self.histories {
                #expect((0...1).contains(model.probabilityAlive(history)))
                #expect(model.logLikelihood(history).isFinite)
                for horizon in [1.0 / 7, 1, 26, 520] {
                    let bought = model.logProbabilityOfPurchase(history, horizon: horizon)
                    #expect(bought <= 0 && bought > -.infinity, "\(model) \(history) \(horizon)")
                    #expect(!model.logitOfNoPurchase(history, horizon: horizon).isNaN)
                    let expected = model.logExpectedPurchases(history, horizon: horizon)
                    #expect(expected >= bought - 1e-8, "one cannot buy at least once more often than on average")
                    #expect(expected < .infinity)
                }
            }
        }
    }

    @Test func `equal histories give equal bits in any order`() throws {
        var generator = Lehmer(state: 7)
        let histories = Simulation.mbg(customers: 400, generator: &generator)
        let forward = try ModelKind.mbg.fit(PurchaseStatistics(histories))
        let backward = try ModelKind.mbg.fit(PurchaseStatistics(histories.reversed()))
        #expect(forward.model.parameters.map(\.bitPattern) == backward.model.parameters.map(\.bitPattern))
        #expect(forward.logLikelihood.bitPattern == backward.logLikelihood.bitPattern)
    }

    @Test(arguments: [ModelKind.bg, .mbg, .pareto])
    func `the grouped likelihood is the sum of the individual ones`(kind: ModelKind) throws {
        let model = try #require(kind.makeModel([0.5, 6, 0.9, 1.6]))
        let histories = Self.histories + Self.histories + [Self.histories[3]]
        let sum = histories.reduce(0.0) { $0 + model.logLikelihood($1) }
        #expect(isNear(model.logLikelihood(PurchaseStatistics(histories)), sum, relative: 1e-12))
    }

    @Test func `expected purchases agree with the published closed form`() {
        // (a+b'−1)/(a−1) [1 − ((α+T)/(α+T+t))^(r+x) ₂F₁(r+x, b'; a+b'−1; t/(α+T+t))], b' = b + x.
        let (r, alpha, a, b) = (0.243, 4.414, 0.793, 2.426)
        let model = BetaGeometricNBD(.original, r: r, alpha: alpha, a: a, b: b)
        for (x, age, t) in [(1, 10.0, 5.0), (3, 38.86, 39), (8, 20, 30)] {
            let z = t / (alpha + age + t)
            var (term, hypergeometric, n) = (1.0, 1.0, 0.0)
            while term > 1e-18 {
                term *= (r + Double(x) + n) * (b + Double(x) + n) / ((a + b + Double(x) - 1 + n) * (n + 1)) * z
                hypergeometric += term
                n += 1
            }
            let survive = pow((alpha + age) / (alpha + age + t), r + Double(x))
            let wanted = (a + b + Double(x) - 1) / (a - 1) * (1 - survive * hypergeometric)
            let found = model.logExpectedPurchasesIfAlive(
                PurchaseHistory(repeats: x, recency: age, age: age), horizon: t)
            #expect(isNear(exp(found), wanted, relative: 1e-11))
        }
    }
}

/// A small generator with fixed numbers, for data that tests make up.
struct Lehmer {
    var state: UInt64

    mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Double(state >> 11) + 0.5) * 0x1p-53
    }

    mutating func exponential(_ rate: Double) -> Double { -log(uniform()) / rate }
}

/// Customers who behave as a model says, or who do not.
enum Simulation {
    /// Rates 0.05 or 0.4 a week, leaving with probability 0.1 or 0.5; known for 20 to 60 weeks.
    static func mbg(customers: Int, generator: inout Lehmer) -> [PurchaseHistory] {
        (0..<customers).map { number in
            let rate = generator.uniform() < 0.5 ? 0.05 : 0.4
            let leaving = generator.uniform() < 0.5 ? 0.1 : 0.5
            return history(number, rate: rate, leaving: leaving, generator: &generator)
        }
    }

    /// Rates as above; nobody ever leaves.
    static func loyal(customers: Int, generator: inout Lehmer) -> [PurchaseHistory] {
        (0..<customers).map { number in
            let rate = generator.uniform() < 0.5 ? 0.05 : 0.4
            return history(number, rate: rate, leaving: 0, generator: &generator)
        }
    }

    private static func history(
        _ number: Int, rate: Double, leaving: Double, generator: inout Lehmer
    ) -> PurchaseHistory {
        let age = Double(20 + number % 41)
        var (time, last, repeats) = (0.0, 0.0, 0)
        while generator.uniform() >= leaving {
            time += generator.exponential(rate)
            if time > age { break }
            last = time
            repeats += 1
        }
        return PurchaseHistory(repeats: repeats, recency: last, age: age)
    }
}
