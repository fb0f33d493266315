import BuyTillYouDie
import Foundation
import Testing

/// Every row of the golden file within 1e-9.
@Suite struct GoldenRowTests {
    @Test(arguments: [("bgnbd", ModelKind.bg), ("mbgnbd", .mbg), ("pnbd", .pareto)])
    func `hard cases of the purchase models agree with 40-digit arithmetic`(name: String, kind: ModelKind) throws {
        let rows = try Fixtures.golden(name)
        #expect(rows.count == 12)
        for row in rows {
            let model = try #require(kind.makeModel(row[0..<4].compactMap(Double.init)))
            let history = PurchaseHistory(
                repeats: try #require(Int(row[4])), recency: try #require(Double(row[5])),
                age: try #require(Double(row[6])))
            let horizon = try #require(Double(row[7]))
            #expect(isNear(model.logLikelihood(history), try #require(Double(row[8]))), "\(row)")
            check(model.logProbabilityAlive(history), row[9], row)
            check(model.logExpectedPurchases(history, horizon: horizon), row[10], row)
            if !row[11].isEmpty {
                check(model.logProbabilityOfPurchase(history, horizon: horizon), row[11], row)
            }
        }
    }

    @Test func `gamma-gamma expectations agree with 40-digit arithmetic`() throws {
        let rows = try Fixtures.golden("gammagamma")
        #expect(rows.count == 6)
        for row in rows {
            let parameters = row[0..<3].compactMap(Double.init)
            let model = GammaGamma(p: parameters[0], q: parameters[1], v: parameters[2])
            let spend = GammaGamma.Spend(
                purchases: try #require(Int(row[4])), mean: try #require(Double(row[6])))
            let value = try #require(model.expectedValue(spend))
            #expect(isNear(value, try #require(Double(row[10]))), "\(row)")
        }
    }

    /// Compares values, and logarithms below 1e-300.
    private func check(_ log: Double, _ wanted: String, _ row: [String]) {
        let wantedLog = naturalLog(wanted)
        if wantedLog < -690 {
            #expect(isNear(log, wantedLog), "\(row)")
        } else {
            #expect(isNear(exp(log), Double(wanted) ?? .nan), "\(row)")
        }
    }

    /// ln of decimal text, also where it is below what a `Double` holds.
    private func naturalLog(_ text: String) -> Double {
        let parts = text.split(separator: "e")
        let exponent = parts.count > 1 ? Double(parts[1]) ?? .nan : 0
        return log(Double(parts[0]) ?? .nan) + exponent * log(10)
    }
}
