import BuyTillYouDie
import Testing

/// The published tables of CDNOW, calibrated through 1997-09-30, in weeks.
@Suite struct CDNOWFitTests {
    private static func near(_ found: [Double], _ wanted: [Double]) -> Bool {
        found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-3 }
    }

    @Test(arguments: [
        (ModelKind.bg, [0.2425982, 4.413684, 0.7929899, 2.426167], -9582.429),
        (.mbg, [0.525, 6.183, 0.891, 1.614], -9582.136),
        (.pareto, [0.553, 10.578, 0.606, 11.669], -9594.976),
    ])
    func `the sample gives the published parameters`(kind: ModelKind, parameters: [Double], likelihood: Double) throws {
        let histories = try Purchases.sample().histories(until: Purchases.cut)
        #expect(histories.count == 2357)
        let fit = try kind.fit(PurchaseStatistics(histories))
        #expect(Self.near(fit.model.parameters, parameters), "\(fit.model.parameters)")
        #expect(abs(fit.logLikelihood - likelihood) < 1e-3, "\(fit.logLikelihood)")
        #expect(fit.repeatBuyers == 946)
        #expect(fit.notes.isEmpty && !fit.isFallback)
    }

    @Test(arguments: [
        (ModelKind.bg, [0.2516, 4.7889, 0.7234, 2.1611], -95368.444),
        (.mbg, [0.6371, 7.3103, 0.8075, 1.2284], -95336.958),
        (.pareto, [0.5974, 11.5857, 0.5222, 8.8278], -95415.119),
    ])
    func `the master gives the reference parameters`(kind: ModelKind, parameters: [Double], likelihood: Double) throws {
        let histories = try Purchases.master().histories(until: Purchases.cut)
        #expect(histories.count == 23_570)
        let fit = try kind.fit(PurchaseStatistics(histories))
        #expect(Self.near(fit.model.parameters, parameters), "\(fit.model.parameters)")
        #expect(abs(fit.logLikelihood - likelihood) < 1e-3, "\(fit.logLikelihood)")
        #expect(fit.notes.isEmpty)
    }

    @Test func `gamma-gamma on the sample's repeat buyers`() throws {
        let spends = try Purchases.sample().daysUntil(Purchases.cut).compactMap { days -> GammaGamma.Spend? in
            let later = days.dropFirst()
            guard !later.isEmpty else { return nil }
            let total = later.reduce(0.0) { $0 + $1.amount }
            return GammaGamma.Spend(purchases: later.count, mean: total / Double(later.count))
        }
        let fit = try GammaGamma.fit(spends)
        #expect(fit.customers == 946)
        #expect(Self.near([fit.model.p, fit.model.q, fit.model.v], [6.2496, 3.7442, 15.4435]), "\(fit.model)")
        #expect(abs(fit.logLikelihood + 4055.92) < 0.01, "\(fit.logLikelihood)")
    }

    @Test func `BG expectations of one customer and of a new one`() throws {
        let model = try ModelKind.bg.fit(PurchaseStatistics(Purchases.sample().histories(until: Purchases.cut))).model
        let history = PurchaseHistory(repeats: 2, recency: 30.43, age: 38.86)
        #expect(abs(model.expectedPurchases(history, horizon: 39) - 1.226) < 1e-3)
        #expect(abs(model.probabilityAlive(history) - 0.727) < 1e-3)
        #expect(abs(model.expectedPurchasesOfNewCustomer(horizon: 52) - 1.444) < 1e-3)
    }

    @Test func `hold-out means by number of repeats, and their correlation`() throws {
        let purchases = try Purchases.sample()
        let histories = purchases.histories(until: Purchases.cut)
        let actual = purchases.purchaseDays(after: Purchases.cut, through: Purchases.cut + 273).map(Double.init)
        let model = try ModelKind.bg.fit(PurchaseStatistics(histories)).model
        let expected = histories.map { model.expectedPurchases($0, horizon: 39) }
        let wantedActual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
        let wantedExpected = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
        for repeats in 0...7 {
            let chosen = histories.indices.filter { min(7, histories[$0].repeats) == repeats }
            let count = Double(chosen.count)
            #expect(abs(chosen.reduce(0.0) { $0 + actual[$1] } / count - wantedActual[repeats]) < 1e-3)
            #expect(abs(chosen.reduce(0.0) { $0 + expected[$1] } / count - wantedExpected[repeats]) < 1e-3)
        }
        #expect(abs(Self.correlation(expected, actual) - 0.626) < 1e-3)
    }

    private static func correlation(_ left: [Double], _ right: [Double]) -> Double {
        let count = Double(left.count)
        let (meanLeft, meanRight) = (left.reduce(0, +) / count, right.reduce(0, +) / count)
        let pairs = zip(left, right).map { ($0 - meanLeft, $1 - meanRight) }
        let product = pairs.reduce(0.0) { $0 + $1.0 * $1.1 }
        let squares = pairs.reduce(0.0) { $0 + $1.0 * $1.0 } * pairs.reduce(0.0) { $0 + $1.1 * $1.1 }
        return product / squares.squareRoot()
    }

    @Test(arguments: [
        (Purchases.days(year: 1997, month: 12, day: 30), 0.7951, 0.7929, 0.131, 0.0228),
        (Purchases.days(year: 1997, month: 9, day: 30), 0.7589, 0.7583, nil, 0.0536),
    ])
    func `26 weeks held out on the master, beside bare recency`(
        cut: Int, recency: Double, auc: Double, brier: Double?, calibration: Double
    ) throws {
        let purchases = try Purchases.master()
        let histories = purchases.histories(until: cut)
        let bought = purchases.purchaseDays(after: cut, through: cut + 182).map { $0 > 0 }
        let model = try ModelKind.mbg.fit(PurchaseStatistics(histories)).model
        // What is predicted is that the customer stays away.
        let result = try #require(
            Evaluation(
                zip(histories, bought).map {
                    Evaluation.Case(prediction: 1 - model.probabilityOfPurchase($0, horizon: 26), happened: !$1)
                }))
        let bare = zip(histories, bought).map { Evaluation.Case(prediction: $0.age - $0.recency, happened: !$1) }
        #expect(abs(try #require(Evaluation.auc(of: bare)) - recency) < 1e-4)
        #expect(abs(try #require(result.auc) - auc) < 1e-4)
        #expect(abs(result.calibrationError - calibration) < 1e-4, "\(result.calibrationError)")
        if let brier { #expect(abs(result.brier - brier) < 1e-3) }
        #expect(result.deciles.count == 10)
    }
}
