/// A logistic regression on top of a score that is there already: no intercept, the score as an offset, small weights
/// preferred (L2).
///
///     P(happened) = 1 / (1 + e^−(offset + Σ βₖ sₖ))
///     minimised:  Σ ln(1 + e^η) − y η  +  λ/2 Σ βₖ²
///
/// The sum is convex with one minimum, which Newton's method finds from β = 0 (Hoerl & Kennard, 1970, for the penalty;
/// le Cessie & van Houwelingen, "Ridge Estimators in Logistic Regression", 1992). Rows are added up in the order in
/// which they came, in one thread, with this library's own exponential: the same rows give the same bits everywhere.
public struct OffsetLogistic: Sendable {
    /// Weights and how sure they are.
    public struct Fit: Sendable, Equatable {
        /// β in the order of the features.
        public let weights: [Double]
        /// Standard errors: roots of the diagonal of the inverse curvature, the penalty's share included.
        public let standardErrors: [Double]
        /// In how many rows each feature is not 0.
        public let rowsWithFeature: [Int]
        /// All rows.
        public let rows: Int
        /// In how many of them it happened.
        public let happened: Int
        /// Whether the minimum was reached.
        public let converged: Bool
    }

    /// How many features a row has.
    public let featureCount: Int
    private var offsets: [Double] = []
    private var features: [Double] = []
    private var outcomes: [Double] = []
    private var rowsWithFeature: [Int]
    private var rows = 0
    private var happenedRows = 0

    private static let stepsMax = 100
    private static let halvingsMax = 40
    private static let stepMin = 1e-12

    /// A regression without rows.
    public init(featureCount: Int) {
        self.featureCount = max(0, featureCount)
        rowsWithFeature = Array(repeating: 0, count: max(0, featureCount))
    }

    /// Adds a row; one with as many features as the regression has, all finite, and an offset that is a number.
    ///
    /// Others are left out: they say nothing that could be added up.
    public mutating func add(offset: Double, features values: [Double], happened: Bool) {
        guard values.count == featureCount, offset.isFinite, values.allSatisfy(\.isFinite) else { return }
        rows += 1
        happenedRows += happened ? 1 : 0
        // Without features there is nothing to weigh, whatever happened.
        guard values.contains(where: { $0 != 0 }) else { return }
        for (index, value) in values.enumerated() where value != 0 { rowsWithFeature[index] += 1 }
        offsets.append(offset)
        features += values
        outcomes.append(happened ? 1 : 0)
    }

    /// Finds the weights.
    ///
    /// - Parameter l2: λ, above 0; 1 is a prior of standard deviation 1 for each weight.
    public func fit(l2: Double = 1) -> Fit {
        var weights = Array(repeating: 0.0, count: featureCount)
        var (value, slope, curvature) = derivatives(at: weights, l2: l2)
        var converged = featureCount == 0
        for _ in 0..<Self.stepsMax where !converged {
            guard let factor = Self.cholesky(curvature) else { break }
            let step = Self.solve(factor, slope)
            var length = 1.0
            var next = zip(weights, step).map { $0 - $1 }
            var found = derivatives(at: next, l2: l2)
            // The last digits of a sum are noise: a step that small needs no descent.
            var halvings = 0
            while found.value > value + 1e-12 * abs(value), halvings < Self.halvingsMax {
                length *= 0.5
                halvings += 1
                next = zip(weights, step).map { $0 - length * $1 }
                found = derivatives(at: next, l2: l2)
            }
            converged = step.allSatisfy { abs($0) * length <= Self.stepMin * 10 }
            weights = next
            (value, slope, curvature) = found
        }
        return Fit(
            weights: weights, standardErrors: Self.standardErrors(curvature), rowsWithFeature: rowsWithFeature,
            rows: rows, happened: happenedRows, converged: converged)
    }

    /// The sum to be minimised, its gradient and its curvature (row after row).
    private func derivatives(
        at weights: [Double], l2: Double
    ) -> (value: Double, slope: [Double], curvature: [[Double]]) {
        let count = featureCount
        var value = 0.0
        var slope = weights.map { l2 * $0 }
        var curvature = (0..<count).map { row in (0..<count).map { $0 == row ? l2 : 0 } }
        for weight in weights { value += 0.5 * l2 * weight * weight }
        for (row, offset) in offsets.enumerated() {
            var z = offset
            for index in 0..<count { z += weights[index] * features[row * count + index] }
            let probability = Logit.probability(z)
            value += Elementary.logAdd(0, z) - outcomes[row] * z
            let error = probability - outcomes[row]
            let spread = probability * (1 - probability)
            for index in 0..<count {
                let feature = features[row * count + index]
                guard feature != 0 else { continue }
                slope[index] += error * feature
                for other in 0...index {
                    curvature[index][other] += spread * feature * features[row * count + other]
                }
            }
        }
        for index in 0..<count { for other in 0..<index { curvature[other][index] = curvature[index][other] } }
        return (value, slope, curvature)
    }

    /// The lower triangle L with L Lᵀ = matrix; `nil` if the matrix is not positive.
    private static func cholesky(_ matrix: [[Double]]) -> [[Double]]? {
        var lower = matrix
        for row in matrix.indices {
            for column in 0...row {
                var sum = matrix[row][column]
                for index in 0..<column { sum -= lower[row][index] * lower[column][index] }
                if row == column {
                    guard sum > 0 else { return nil }
                    lower[row][row] = sum.squareRoot()
                } else {
                    lower[row][column] = sum / lower[column][column]
                }
            }
        }
        return lower
    }

    /// x with L Lᵀ x = right.
    private static func solve(_ lower: [[Double]], _ right: [Double]) -> [Double] {
        var x = right
        for row in x.indices {
            for index in 0..<row { x[row] -= lower[row][index] * x[index] }
            x[row] /= lower[row][row]
        }
        for row in x.indices.reversed() {
            for index in (row + 1)..<max(row + 1, x.count) { x[row] -= lower[index][row] * x[index] }
            x[row] /= lower[row][row]
        }
        return x
    }

    private static func standardErrors(_ curvature: [[Double]]) -> [Double] {
        guard let factor = cholesky(curvature) else { return curvature.map { _ in 0 } }
        return curvature.indices.map { index in
            let unit = curvature.indices.map { $0 == index ? 1.0 : 0 }
            return max(0, solve(factor, unit)[index]).squareRoot()
        }
    }
}
