/// Why a fit was refused.
public enum FitError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Too few customers came back for the parameters to mean anything.
    case tooFewRepeatBuyers(found: Int, needed: Int)
    /// No time has passed since anyone's first purchase.
    case noTimePassed
    /// The search found no finite likelihood.
    case noMaximum

    /// One line with the mend.
    public var description: String {
        switch self {
        case .tooFewRepeatBuyers(let found, let needed):
            "too few repeat buyers to fit a model: \(found), at least \(needed) are needed; take a later date"
        case .noTimePassed:
            "no time has passed since the first purchases; take a later date"
        case .noMaximum:
            "the likelihood has no maximum on these data; take a later date or another model"
        }
    }
}

/// A model fitted to customers, and what is to be said about the fit.
public struct ModelFit: Sendable {
    /// What was asked for.
    public let requested: ModelKind
    /// The model; an ``NBD`` if the one asked for degenerated to it.
    public let model: any RepeatPurchaseModel
    /// ln of the likelihood of all customers.
    public let logLikelihood: Double
    /// How many customers.
    public let customers: Int
    /// How many of them came back.
    public let repeatBuyers: Int
    /// What a reader must know of the fit (a fallback, parameters at their bounds), in plain words.
    public let notes: [String]

    /// Whether the model is another one than was asked for.
    public var isFallback: Bool { model.kind != requested }
}

extension ModelKind {
    /// With fewer customers who came back no model is fitted.
    public static let repeatBuyersMin = 10
    /// Parameters are sought between e^−14 and e^14.
    static let logParameterMax = 14.0
    /// A gain in ln L over a model without leaving that is nothing: the data do not show that anyone leaves.
    static let gainMin = 0.01

    /// Fits the model by maximum likelihood.
    ///
    /// The parameters' logarithms are sought from fixed starts in a fixed order (see ``Minimiser``), one thread, over
    /// sorted groups: the same customers give the same bits. If the likelihood is no better than without leaving, as
    /// happens when b or β grow without bound, the result is the ``NBD`` and a note says so: the fitted
    /// parameters would be arbitrary, and expectations computed from them explode.
    public func fit(_ statistics: PurchaseStatistics) throws(FitError) -> ModelFit {
        guard statistics.repeatBuyers >= Self.repeatBuyersMin else {
            throw .tooFewRepeatBuyers(found: statistics.repeatBuyers, needed: Self.repeatBuyersMin)
        }
        guard statistics.meanAge > 0 else { throw .noTimePassed }
        let plain = try ModelKind.nbd.search(statistics)
        if self == .nbd { return plain }
        let full = try search(statistics)
        guard full.logLikelihood < plain.logLikelihood + Self.gainMin else { return full }
        return ModelFit(
            requested: self, model: plain.model, logLikelihood: plain.logLikelihood, customers: plain.customers,
            repeatBuyers: plain.repeatBuyers,
            notes: ["\(title) degenerates: the purchases show nobody leaving, so NBD is used instead"] + plain.notes)
    }

    private func search(_ statistics: PurchaseStatistics) throws(FitError) -> ModelFit {
        let bound = Self.logParameterMax
        let scale = 1 / Double(statistics.customers)
        let minimiser = Minimiser { point in
            guard point.allSatisfy({ abs($0) <= bound }), let model = makeModel(point.map(Elementary.exp)) else {
                return .infinity
            }
            let value = -model.logLikelihood(statistics) * scale
            return value.isNaN ? .infinity : value
        }
        let result = minimiser.minimise(from: starts(statistics))
        guard result.value.isFinite, let model = makeModel(result.point.map(Elementary.exp)) else { throw .noMaximum }
        var notes: [String] = []
        let atBounds = zip(parameterNames, result.point).filter { abs($0.1) > bound - 1 }.map(\.0)
        if !atBounds.isEmpty {
            notes.append("\(atBounds.joined(separator: ", ")) ran to the edge of what is sought; the fit is degenerate")
        } else if !result.converged {
            notes.append("the search stopped before the maximum was certain")
        }
        return ModelFit(
            requested: self, model: model, logLikelihood: model.logLikelihood(statistics),
            customers: statistics.customers, repeatBuyers: statistics.repeatBuyers, notes: notes)
    }

    /// Logarithms of the starting parameters, in units that follow the data's own.
    private func starts(_ statistics: PurchaseStatistics) -> [[Double]] {
        // With r = ½ the mean rate r/α matches what was seen.
        let rate = max(statistics.meanRepeats, 1e-3) / statistics.meanAge
        let limit = Self.logParameterMax - 2
        func logs(_ values: Double...) -> [Double] { values.map { min(limit, max(-limit, Elementary.log($0))) } }
        switch self {
        case .mbg, .bg: return [logs(0.5, 0.5 / rate, 1, 2), logs(2, 2 / rate, 0.3, 6)]
        case .pareto:
            return [logs(0.5, 0.5 / rate, 0.5, 0.5 * statistics.meanAge), logs(2, 2 / rate, 1, 3 * statistics.meanAge)]
        case .nbd: return [logs(0.5, 0.5 / rate), logs(4, 4 / rate)]
        }
    }
}

/// The gamma-gamma model fitted to customers.
public struct SpendFit: Sendable {
    /// The model.
    public let model: GammaGamma
    /// ln of the likelihood of all customers.
    public let logLikelihood: Double
    /// How many customers.
    public let customers: Int
    /// What a reader must know of the fit.
    public let notes: [String]
}

extension GammaGamma {
    /// Fits the model by maximum likelihood to customers with at least one repeat purchase and a mean above 0.
    ///
    /// Others are left out: they say nothing about spend under this model.
    public static func fit(_ spends: some Sequence<Spend>) throws(FitError) -> SpendFit {
        let usable = spends.filter { $0.purchases > 0 && $0.mean > 0 && $0.mean.isFinite }
            .sorted { ($0.purchases, $0.mean) < ($1.purchases, $1.mean) }
        guard usable.count >= ModelKind.repeatBuyersMin else {
            throw .tooFewRepeatBuyers(found: usable.count, needed: ModelKind.repeatBuyersMin)
        }
        let bound = ModelKind.logParameterMax
        let mean = usable.reduce(0.0) { $0 + $1.mean } / Double(usable.count)
        // Sought in units of the mean, so that the currency does not matter.
        let scaled = usable.map { Spend(purchases: $0.purchases, mean: $0.mean / mean) }
        let minimiser = Minimiser { point in
            guard point.allSatisfy({ abs($0) <= bound }) else { return .infinity }
            let model = GammaGamma(
                p: Elementary.exp(point[0]), q: Elementary.exp(point[1]), v: Elementary.exp(point[2]))
            let value = -model.logLikelihood(scaled) / Double(scaled.count)
            return value.isNaN ? .infinity : value
        }
        let result = minimiser.minimise(from: [[1, 1, 0], [0, 1.5, 1.5]])
        guard result.value.isFinite else { throw .noMaximum }
        let parameters = result.point.map(Elementary.exp)
        let model = GammaGamma(p: parameters[0], q: parameters[1], v: parameters[2] * mean)
        let notes = result.converged ? [] : ["the search stopped before the maximum was certain"]
        return SpendFit(
            model: model, logLikelihood: model.logLikelihood(usable), customers: usable.count, notes: notes)
    }

    /// ln of the likelihood of customers sorted by purchases.
    func logLikelihood(_ sorted: [Spend]) -> Double {
        let fixed = q * Elementary.log(v) - GammaFunctions.logGamma(q)
        var sum = 0.0
        var (purchases, perCount) = (-1, 0.0)
        for spend in sorted {
            let x = Double(spend.purchases)
            let shape = p * x
            if spend.purchases != purchases {
                purchases = spend.purchases
                perCount =
                    GammaFunctions.logGamma(shape + q) - GammaFunctions.logGamma(shape)
                    + shape * Elementary.log(x) + fixed
            }
            sum +=
                perCount + (shape - 1) * Elementary.log(spend.mean)
                - (shape + q) * Elementary.log(v + x * spend.mean)
        }
        return sum
    }
}
