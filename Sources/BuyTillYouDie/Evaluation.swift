/// How good predicted probabilities turned out to be.
public struct Evaluation: Sendable, Equatable {
    /// One prediction and what happened.
    public struct Case: Sendable, Equatable {
        /// The predicted probability, or any score that orders the cases.
        public var prediction: Double
        /// Whether it happened.
        public var happened: Bool

        /// Makes a case.
        public init(prediction: Double, happened: Bool) {
            self.prediction = prediction
            self.happened = happened
        }
    }

    /// A share of the cases with neighbouring predictions.
    public struct Bin: Sendable, Equatable {
        /// How many cases.
        public var count: Int
        /// Mean of the predictions.
        public var predicted: Double
        /// The share in which it happened.
        public var observed: Double
    }

    /// How many cases.
    public let count: Int
    /// In how many it happened.
    public let happened: Int
    /// Area under the ROC curve.
    ///
    /// It is the probability that a case in which it happened had the larger prediction, ties counting half. `nil` if
    /// it happened in all or in none.
    public let auc: Double?
    /// Mean squared error of the predictions.
    public let brier: Double
    /// Expected calibration error: mean of |predicted − observed| over the bins, weighted by their counts.
    public let calibrationError: Double
    /// Ten bins of equal count, ascending.
    public let deciles: [Bin]

    /// Evaluates `cases`; `nil` if there are none.
    ///
    /// Equal predictions stay in the order given, which may matter to the bins.
    public init?(_ cases: [Case]) {
        guard !cases.isEmpty else { return nil }
        let sorted = cases.enumerated().sorted {
            ($0.element.prediction, $0.offset) < ($1.element.prediction, $1.offset)
        }.map(\.element)
        count = sorted.count
        happened = sorted.reduce(0) { $0 + ($1.happened ? 1 : 0) }
        auc = Self.auc(sorted)
        brier =
            sorted.reduce(0.0) {
                let error = $1.prediction - ($1.happened ? 1 : 0)
                return $0 + error * error
            } / Double(sorted.count)
        deciles = Self.bins(sorted, 10)
        calibrationError =
            deciles.reduce(0.0) {
                $0 + abs($1.predicted - $1.observed) * Double($1.count)
            } / Double(sorted.count)
    }

    /// The area under the ROC curve alone, for a score that is no probability.
    public static func auc(of cases: [Case]) -> Double? {
        auc(cases.sorted { $0.prediction < $1.prediction })
    }

    /// Mann–Whitney: twice the number of pairs in the right order, ties once.
    private static func auc(_ sorted: [Case]) -> Double? {
        var (doubled, negativesBelow, positives) = (0, 0, 0)
        var start = 0
        while start < sorted.count {
            var (end, tiedPositives) = (start, 0)
            while end < sorted.count, sorted[end].prediction == sorted[start].prediction {
                tiedPositives += sorted[end].happened ? 1 : 0
                end += 1
            }
            let tiedNegatives = end - start - tiedPositives
            doubled += tiedPositives * (2 * negativesBelow + tiedNegatives)
            negativesBelow += tiedNegatives
            positives += tiedPositives
            start = end
        }
        guard positives > 0, negativesBelow > 0 else { return nil }
        return Double(doubled) / 2 / Double(positives) / Double(negativesBelow)
    }

    /// The first `count % bins` bins have one case more.
    private static func bins(_ sorted: [Case], _ bins: Int) -> [Bin] {
        var result: [Bin] = []
        var start = 0
        for index in 0..<bins {
            let size = sorted.count / bins + (index < sorted.count % bins ? 1 : 0)
            guard size > 0 else { break }
            let slice = sorted[start..<start + size]
            result.append(
                Bin(
                    count: size, predicted: slice.reduce(0.0) { $0 + $1.prediction } / Double(size),
                    observed: Double(slice.reduce(0) { $0 + ($1.happened ? 1 : 0) }) / Double(size)))
            start += size
        }
        return result
    }
}
