public import BuyTillYouDie
import EventLog
public import GRDB

/// How good the scores of a past day turned out to be, beside bare recency: `touchline churn evaluate`.
///
/// The model is fitted to what had happened by the end of `fitUntil`, everyone is scored as of that day, and the scores
/// are held against who bought nothing in the `horizonDays` days that followed. Nothing later enters the fit.
public struct ChurnEvaluate: Sendable {
    /// The last day that the fit sees.
    public var fitUntil: Int
    /// How many days after it are held out.
    public var horizonDays: Int
    /// Which model.
    public var kind: ModelKind

    /// An evaluation.
    public init(fitUntil: Int, horizonDays: Int = ChurnModel.horizonDaysDefault, kind: ModelKind = .mbg) {
        self.fitUntil = fitUntil
        self.horizonDays = horizonDays
        self.kind = kind
    }

    /// Evaluates with one database for both sides.
    ///
    /// Refunds and cancellations after the cut count as known before it;
    /// where that matters, give the past its own database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> ChurnEvaluateAnswer {
        try run(past: db, outcome: db, context)
    }

    /// Evaluates.
    ///
    /// - Parameters:
    ///   - past: the views as of the end of `fitUntil`.
    ///   - outcome: the views of the present.
    ///   - earlier: the views as of a day before `fitUntil`, among what `past` knows, which the weights of signals are
    ///     fitted to; without it purchases alone count.
    /// - Throws: `ChurnError`, or an error of a database.
    public func run(
        past: Database, outcome: Database, _ context: AnswerContext, earlier: ChurnPast? = nil
    ) throws -> ChurnEvaluateAnswer {
        try ChurnModel.check(horizonDays: horizonDays)
        let today = context.calendar.day(of: context.now)
        let end = fitUntil + horizonDays
        guard end <= today else { throw ChurnError.horizonNotOver(until: fitUntil, end: end, now: today) }
        let model = try ChurnModel.fit(kind, past, until: fitUntil, horizonDays: horizonDays, past: earlier)
        guard let scorer = ChurnScorer(model, horizonDays: horizonDays, today: fitUntil) else {
            throw ChurnError.fit(.noMaximum)
        }
        let outcomes = try ChurnOutcome(outcome, after: fitUntil, through: end)
        var (risks, recency, purchases) = ([Evaluation.Case](), [Evaluation.Case](), [Evaluation.Case]())
        var cut = context
        cut.now = context.calendar.end(of: fitUntil)
        try ChurnScan(past, cut).forEach(past, signals: model.hasWeights) { entry in
            let stayed = outcomes.stayedAway(entry.buyer.customer)
            let history = entry.history(asOf: fitUntil)
            func add(_ cases: inout [Evaluation.Case], _ prediction: Double) {
                cases.append(Evaluation.Case(prediction: prediction, happened: stayed))
            }
            add(&risks, Logit.probability(scorer.score(history, entry.signals)))
            add(&recency, Double(fitUntil - entry.lastDay))
            if model.hasWeights { add(&purchases, Logit.probability(scorer.purchaseLogit(history))) }
        }
        guard let evaluation = Evaluation(risks) else { throw ChurnError.noPurchases(until: fitUntil) }
        return ChurnEvaluateAnswer(
            at: context.lastSequence, now: context.now.rfc3339, fitUntil: DayCalendar.text(of: fitUntil),
            heldOutUntil: DayCalendar.text(of: end), horizonDays: horizonDays,
            model: ChurnModelAnswer(model, horizonDays: horizonDays), customers: evaluation.count,
            stayedAway: evaluation.happened, auc: evaluation.auc, brier: evaluation.brier,
            calibrationError: evaluation.calibrationError, recencyAUC: Evaluation.auc(of: recency),
            purchases: Evaluation(purchases).map(ChurnEvaluateAnswer.Figures.init),
            deciles: evaluation.deciles.map {
                ChurnEvaluateAnswer.Decile(customers: $0.count, predicted: $0.predicted, observed: $0.observed)
            }, notes: Self.notes(outcomes.lastDay, end, evaluation))
    }

    private static func notes(_ lastDay: Int?, _ end: Int, _ evaluation: Evaluation) -> [String] {
        var notes: [String] = []
        if let lastDay, lastDay < end {
            notes.append(
                "the last purchase known is of \(DayCalendar.text(of: lastDay)), before the end of the horizon: "
                    + "if the data end there, too many seem to stay away")
        }
        if evaluation.auc == nil { notes.append("all customers did the same, so there is no order to judge") }
        return notes
    }
}

/// What an evaluation found.
public struct ChurnEvaluateAnswer: Encodable, Sendable {
    /// A tenth of the customers with neighbouring risks.
    public struct Decile: Encodable, Sendable, Equatable {
        /// How many customers.
        public var customers: Int
        /// Their mean risk.
        public var predicted: Double
        /// The share that bought nothing.
        public var observed: Double
    }

    /// How good a score turned out to be.
    public struct Figures: Encodable, Sendable, Equatable {
        /// Area under the ROC curve; null if all did the same.
        @OrNull public var auc: Double?
        /// Mean squared error.
        public var brier: Double
        /// Expected calibration error over ten bins of equal count.
        public var calibrationError: Double

        init(_ evaluation: Evaluation) {
            auc = evaluation.auc
            brier = evaluation.brier
            calibrationError = evaluation.calibrationError
        }

        enum CodingKeys: String, CodingKey {
            case auc, brier
            case calibrationError = "ece"
        }
    }

    /// The last known event's sequence; `nil` for an empty log.
    @OrNull public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The last day that the fit saw.
    public var fitUntil: String
    /// The last day held out.
    public var heldOutUntil: String
    /// How many days were held out.
    public var horizonDays: Int
    /// The model fitted to the days before.
    public var model: ChurnModelAnswer
    /// How many customers were scored.
    public var customers: Int
    /// How many of them bought nothing in the days held out.
    public var stayedAway: Int
    /// Area under the ROC curve of the risks; null if all did the same.
    @OrNull public var auc: Double?
    /// Mean squared error of the risks.
    public var brier: Double
    /// Expected calibration error over ten bins of equal count.
    public var calibrationError: Double
    /// Area under the ROC curve of the days since the last purchase alone.
    @OrNull public var recencyAUC: Double?
    /// The same of purchases alone, where the model weighs signals, too.
    @OrNull public var purchases: Figures?
    /// The bins, the least risk first.
    public var deciles: [Decile]
    /// What must be known of these figures.
    public var notes: [String]

    enum CodingKeys: String, CodingKey {
        case at, now, model, customers, auc, brier, purchases, deciles, notes
        case fitUntil = "fit_until"
        case heldOutUntil = "held_out_until"
        case horizonDays = "horizon_days"
        case stayedAway = "stayed_away"
        case calibrationError = "ece"
        case recencyAUC = "recency_auc"
    }
}
