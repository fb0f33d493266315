import BuyTillYouDie
import Testing

@Suite struct EvaluationTests {
    @Test func `ties count half in the area under the curve`() {
        let cases = [(0.1, false), (0.4, true), (0.4, false), (0.9, true)].map {
            Evaluation.Case(prediction: $0.0, happened: $0.1)
        }
        // Pairs: (.4+, .1−) 1, (.4+, .4−) ½, (.9+, both) 2 of 4.
        #expect(Evaluation.auc(of: cases) == 3.5 / 4)
        #expect(Evaluation(cases)?.auc == 3.5 / 4)
        #expect(Evaluation.auc(of: [cases[1]]) == nil)
        #expect(Evaluation([]) == nil)
    }

    @Test func `calibration and Brier by hand`() throws {
        let cases = (0..<20).map { Evaluation.Case(prediction: $0 < 10 ? 0.2 : 0.6, happened: $0 % 2 == 0) }
        let result = try #require(Evaluation(cases))
        #expect(result.deciles.allSatisfy { $0.count == 2 && $0.observed == 0.5 })
        #expect(abs(result.calibrationError - 0.2) < 1e-12)
        #expect(abs(result.brier - (0.25 * (0.04 + 0.64 + 0.36 + 0.16))) < 1e-12)
    }
}
