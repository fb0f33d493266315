import BuyTillYouDie
import Testing

/// Fits that cannot be what was asked for say so.
@Suite struct DegenerateFitTests {
    @Test(arguments: [ModelKind.bg, .mbg, .pareto])
    func `where nobody leaves, the fit falls back to NBD and says so`(kind: ModelKind) throws {
        // Purchases at an even pace up to the very end: any leaving makes them less likely.
        let histories = (0..<300).map { number -> PurchaseHistory in
            let repeats = 1 + number % 7 + number % 3 * 4
            return PurchaseHistory(repeats: repeats, recency: 40, age: 40)
        }
        let fit = try kind.fit(PurchaseStatistics(histories))
        #expect(fit.isFallback && fit.model.kind == .nbd && fit.requested == kind)
        #expect(fit.notes.first?.contains("NBD") == true)
        let expected = fit.model.expectedPurchases(histories[0], horizon: 39)
        #expect(expected > 0 && expected < 40)
    }

    @Test func `loyal customers are expected to go on at their own pace`() throws {
        var generator = Lehmer(state: 11)
        let histories = Simulation.loyal(customers: 600, generator: &generator)
        let fit = try ModelKind.mbg.fit(PurchaseStatistics(histories))
        let total = histories.reduce(0.0) { $0 + fit.model.expectedPurchases($1, horizon: 40) }
        // Mean rate 0.225 a week over 40 weeks: 9 each.
        #expect((6...12).contains(total / 600), "\(total / 600) \(fit.model) \(fit.notes)")
    }

    @Test func `too few repeat buyers are refused by number`() {
        let histories = (0..<100).map { PurchaseHistory(repeats: $0 < 9 ? 1 : 0, recency: 3, age: 20) }
        #expect(throws: FitError.tooFewRepeatBuyers(found: 9, needed: 10)) {
            try ModelKind.mbg.fit(PurchaseStatistics(histories))
        }
        #expect(throws: FitError.tooFewRepeatBuyers(found: 0, needed: 10)) {
            try ModelKind.bg.fit(PurchaseStatistics([PurchaseHistory]()))
        }
    }

    @Test func `parameters that cannot be are refused`() {
        #expect(ModelKind.mbg.makeModel([1, 2, 3]) == nil)
        #expect(ModelKind.mbg.makeModel([1, 2, 0, 3]) == nil)
        #expect(ModelKind.pareto.makeModel([1, 2, .nan, 3]) == nil)
        #expect(GammaGamma(p: 1, q: 0.9, v: 3).expectedValue(.init(purchases: 0, mean: 0)) == nil)
    }

    @Test func `histories that cannot be are brought into range`() {
        let history = PurchaseHistory(repeats: -3, recency: .nan, age: -.infinity)
        #expect(history == PurchaseHistory(repeats: 0, recency: 0, age: 0))
        #expect(PurchaseHistory(repeats: 2, recency: 9, age: 4).recency == 4)
    }
}
