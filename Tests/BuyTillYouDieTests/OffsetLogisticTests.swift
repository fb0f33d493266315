import BuyTillYouDie
import Foundation
import Testing

@Suite struct OffsetLogisticTests {
    @Test func `one feature: the weight solves the score equation`() {
        // Ten rows with offset 0 and feature 1, in eight of which it happened: 8 − 10 p = λ β.
        var regression = OffsetLogistic(featureCount: 1)
        for row in 0..<10 { regression.add(offset: 0, features: [1], happened: row < 8) }
        for row in 0..<90 { regression.add(offset: 1, features: [0], happened: row < 10) }
        let fit = regression.fit()
        let beta = fit.weights[0]
        let probability = 1 / (1 + exp(-beta))
        #expect(abs(8 - 10 * probability - beta) < 1e-9 && beta > 0.7)
        #expect(abs(fit.standardErrors[0] - 1 / (10 * probability * (1 - probability) + 1).squareRoot()) < 1e-9)
        #expect(fit.rows == 100 && fit.happened == 18 && fit.rowsWithFeature == [10] && fit.converged)
    }

    @Test func `weights that made the data are found again`() {
        var generator = Lehmer(state: 3)
        let truth = [1.5, -0.8, 0.0]
        var regression = OffsetLogistic(featureCount: 3)
        for _ in 0..<20_000 {
            let features = (0..<3).map { _ in generator.uniform() < 0.3 ? generator.uniform() * 2 : 0 }
            let offset = 4 * generator.uniform() - 2
            let z = offset + zip(truth, features).reduce(0) { $0 + $1.0 * $1.1 }
            regression.add(offset: offset, features: features, happened: generator.uniform() < 1 / (1 + exp(-z)))
        }
        let fit = regression.fit()
        for (index, wanted) in truth.enumerated() {
            #expect(abs(fit.weights[index] - wanted) < 4 * fit.standardErrors[index], "\(fit)")
        }
        #expect(fit.converged && fit == regression.fit())
    }

    @Test func `data that separate, or say nothing, still have finite weights`() {
        var separated = OffsetLogistic(featureCount: 2)
        for row in 0..<50 { separated.add(offset: 700, features: [5, row < 25 ? 1 : 0], happened: false) }
        for _ in 0..<50 { separated.add(offset: -700, features: [0, 1e-3], happened: true) }
        let fit = separated.fit()
        #expect(fit.weights.allSatisfy(\.isFinite) && fit.standardErrors.allSatisfy(\.isFinite))
        var none = OffsetLogistic(featureCount: 2)
        none.add(offset: .infinity, features: [1, 1], happened: true)
        none.add(offset: 0, features: [1], happened: true)
        none.add(offset: 0, features: [.nan, 1], happened: true)
        #expect(none.fit().weights == [0, 0] && none.fit().rows == 0)
        #expect(OffsetLogistic(featureCount: 0).fit().weights.isEmpty)
    }
}
