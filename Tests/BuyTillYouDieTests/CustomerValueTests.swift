import BuyTillYouDie
import Testing

/// Expected spend is expected purchases times expected value, and discounting only takes away.
@Suite struct CustomerValueTests {
    private static let spend = GammaGamma(p: 6.25, q: 3.74, v: 15.44)
    private static let spent = GammaGamma.Spend(purchases: 2, mean: 35)
    private static let history = PurchaseHistory(repeats: 2, recency: 30.43, age: 38.86)

    @Test(arguments: ModelPropertyTests.models.indices)
    func `value is purchases times value a purchase`(index: Int) throws {
        let model = ModelPropertyTests.models[index]
        let value = try #require(
            CustomerValue(purchases: model, spend: Self.spend).expectedSpend(Self.history, Self.spent, horizon: 39))
        let each = try #require(Self.spend.expectedValue(Self.spent))
        #expect(isNear(value, model.expectedPurchases(Self.history, horizon: 39) * each, relative: 1e-14))
        var before = value
        for rate in [0.0, 0.001, 0.01, 0.1] {
            let discount = try #require(CustomerValue.Discount(rate: rate, period: 4))
            let found = try #require(
                CustomerValue(purchases: model, spend: Self.spend, discount: discount)
                    .expectedSpend(Self.history, Self.spent, horizon: 39))
            #expect(found <= before * (1 + 1e-14) && found > 0)
            // The earliest money comes at the end of the first period, the latest at the horizon.
            #expect(found >= value * (1 - rate * 39 / 4))
            before = found
        }
    }

    @Test func `a discount by hand`() throws {
        let model = NBD(r: 1, alpha: 9)
        let discount = try #require(CustomerValue.Discount(rate: 0.25, period: 10))
        let value = CustomerValue(purchases: model, spend: GammaGamma(p: 2, q: 3, v: 5), discount: discount)
        // 0.1 purchases a week worth 5: 1 within the first ten weeks at 4/5, 0.5 in the next five at (4/5)^1.5.
        let found = try #require(
            value.expectedSpend(
                PurchaseHistory(repeats: 0, recency: 0, age: 1), .init(purchases: 0, mean: 0), horizon: 15))
        #expect(isNear(found, 5 * (0.8 + 0.5 * 0.715_541_752_799_933), relative: 1e-12), "\(found)")
        #expect(isNear(try #require(CustomerValue.Discount(annualRate: 0.1)).rate, 0.007_333_22, relative: 1e-5))
    }

    @Test func `what has no value says so`() throws {
        let model = NBD(r: 1, alpha: 9)
        let infinite = CustomerValue(purchases: model, spend: GammaGamma(p: 1, q: 0.9, v: 3))
        let stranger = GammaGamma.Spend(purchases: 0, mean: 0)
        #expect(infinite.expectedSpend(Self.history, stranger, horizon: 39) == nil)
        let value = CustomerValue(purchases: model, spend: Self.spend)
        #expect(value.expectedSpend(Self.history, Self.spent, horizon: 0) == 0)
        #expect(value.expectedSpend(Self.history, Self.spent, horizon: -.infinity) == 0)
        #expect(value.expectedSpend(Self.history, .init(purchases: 1, mean: .nan), horizon: 39) == nil)
        #expect(CustomerValue.Discount(rate: -0.1, period: 4) == nil)
        #expect(CustomerValue.Discount(rate: 0.1, period: 0) == nil)
        #expect(CustomerValue.Discount(annualRate: .nan) == nil)
    }
}
