import BuyTillYouDie
import EventLog
public import GRDB

/// The views as of the end of an earlier day, among what is known: made only when a question needs them.
public typealias ChurnPast = (_ day: Int, _ read: (Database, AnswerContext) throws -> Void) throws -> Void

/// What the weights of signals were fitted to, so that a reader sees how sure they are.
public struct ChurnEvidence: Encodable, Sendable, Equatable {
    /// The last day that the features saw.
    public var from: String
    /// The last day on which a purchase counted as having stayed.
    public var to: String
    /// Customers scored as of `from`.
    public var customers: Int
    /// How many of them bought nothing until `to`.
    public var stayedAway: Int
    /// How many of them had each signal.
    public var withSignal: [String: Int]
    /// The standard error of each weight.
    public var standardErrors: [String: Double]

    enum CodingKeys: String, CodingKey {
        case from, to, customers
        case stayedAway = "stayed_away"
        case withSignal = "with_signal"
        case standardErrors = "standard_errors"
    }

    init(
        from: String, to: String, customers: Int, stayedAway: Int, withSignal: [String: Int],
        standardErrors: [String: Double]
    ) {
        (self.from, self.to, self.customers, self.stayedAway) = (from, to, customers, stayedAway)
        (self.withSignal, self.standardErrors) = (withSignal, standardErrors)
    }

    /// Reads what an event carries; `nil` if it is none.
    ///
    /// Signals that it does not name have 0.
    init?(_ json: JSONView) {
        guard let from = json.field("from").flatMap({ DayCalendar.day(of: $0) }),
            let to = json.field("to").flatMap({ DayCalendar.day(of: $0) }),
            let customers = json["customers"]?.integer, let stayedAway = json["stayed_away"]?.integer
        else { return nil }
        var (counts, errors) = ([String: Int](), [String: Double]())
        for name in ChurnFeature.allCases.map(\.rawValue) {
            counts[name] = Int(clamping: json["with_signal"]?[name]?.integer ?? 0)
            let error = json["standard_errors"]?[name]?.text.flatMap(Double.init) ?? 0
            errors[name] = error.isFinite ? error : 0
        }
        self.init(
            from: DayCalendar.text(of: from), to: DayCalendar.text(of: to), customers: Int(clamping: customers),
            stayedAway: Int(clamping: stayedAway), withSignal: counts, standardErrors: errors)
    }

    /// The JSON object that an event carries.
    var json: String {
        let names = ChurnFeature.allCases.map(\.rawValue)
        let counts = names.map { "\"\($0)\":\(withSignal[$0] ?? 0)" }.joined(separator: ",")
        let errors = names.map { "\"\($0)\":\(standardErrors[$0] ?? 0)" }.joined(separator: ",")
        return "{\"from\":\"\(from)\",\"to\":\"\(to)\",\"customers\":\(customers),\"stayed_away\":\(stayedAway),"
            + "\"with_signal\":{\(counts)},\"standard_errors\":{\(errors)}}"
    }
}

/// Fits the weights of the signals beside purchases.
///
/// With A the last day of the fit and D its horizon, everyone has signals as of A−D, by what had happened by then, and
/// whoever bought nothing in (A−D, A] stayed away. A ridge logistic regression weighs the signals on top of the logit
/// that a model of purchases gave on that day, fitted to no more than was known of it (see `OffsetLogistic`): so the
/// weights make up for what such a model misses when it looks ahead. With less than 2 D of history, or without service
/// events, every weight is 0 and a note says why.
struct ChurnWeights {
    /// The weights; none = 0.
    var beta: [ChurnFeature: Double] = [:]
    /// What they were fitted to.
    var evidence: ChurnEvidence?
    /// Why there are none, or what must be known of them.
    var notes: [String] = []

    /// Learns the weights of a model whose fit ends on a day.
    ///
    /// - Parameters:
    ///   - db: the views as of that day.
    ///   - past: the views as of an earlier day among what `db` knows.
    static func learn(
        _ kind: ModelKind, until day: Int, horizonDays: Int, _ db: Database, past: ChurnPast
    ) throws -> ChurnWeights {
        guard try hasServiceEvents(db) else { return none(noServiceEvents) }
        let known = try firstDay(db).map { day - $0 + 1 } ?? 0
        guard known >= 2 * horizonDays else {
            return none(
                "the history of \(known) days is shorter than twice the horizon of \(horizonDays) days, so signals "
                    + "beside purchases have no weight")
        }
        var weights = none(noServiceEvents)
        try past(day - horizonDays) { earlier, context in
            weights = try learn(kind, until: day, horizonDays: horizonDays, db, earlier, context)
        }
        return weights
    }

    private static let noServiceEvents =
        "no complaints, overdue tickets, low survey answers or unsubscribes to learn from, so signals beside "
        + "purchases have no weight"

    private static func none(_ note: String) -> ChurnWeights { ChurnWeights(notes: [note]) }

    private static func learn(
        _ kind: ModelKind, until day: Int, horizonDays: Int, _ outcome: Database, _ earlier: Database,
        _ context: AnswerContext
    ) throws -> ChurnWeights {
        let start = day - horizonDays
        let model: ChurnModel
        do {
            let buyers = try ChurnPopulation(earlier, until: start).buyers
            model = try .fit(kind, to: buyers, until: start, horizonDays: horizonDays)
        } catch let error as ChurnError {
            return none("as of \(DayCalendar.text(of: start)) \(error), so signals beside purchases have no weight")
        }
        guard let scorer = ChurnScorer(model, horizonDays: horizonDays, today: start) else {
            throw ChurnError.fit(.noMaximum)
        }
        let outcome = try ChurnOutcome(outcome, after: start, through: day)
        var regression = OffsetLogistic(featureCount: ChurnFeature.allCases.count)
        try ChurnScan(earlier, context).forEach(earlier, signals: true) { entry in
            guard let signals = entry.signals else { return }
            regression.add(
                offset: scorer.purchaseLogit(entry.history(asOf: start)),
                features: ChurnFeature.allCases.map { signals.value(of: $0, model) },
                happened: outcome.stayedAway(entry.buyer.customer))
        }
        return judged(regression.fit(), from: start, to: day)
    }

    private static func judged(_ fit: OffsetLogistic.Fit, from start: Int, to day: Int) -> ChurnWeights {
        let features = ChurnFeature.allCases
        let withService = zip(features, fit.rowsWithFeature).filter { $0.0 != .silence && $0.1 > 0 }
        guard !withService.isEmpty else { return none(noServiceEvents) }
        guard fit.happened > 0, fit.happened < fit.rows else {
            return none(
                "\(fit.happened == 0 ? "everyone" : "nobody") bought between \(DayCalendar.text(of: start)) and "
                    + "\(DayCalendar.text(of: day)), so signals beside purchases have no weight")
        }
        var weights = ChurnWeights()
        // A signal that nobody had has learnt nothing: its weight is 0 without rounding.
        for (index, feature) in features.enumerated() where fit.rowsWithFeature[index] > 0 {
            weights.beta[feature] = fit.weights[index]
        }
        let names = features.map(\.rawValue)
        weights.evidence = ChurnEvidence(
            from: DayCalendar.text(of: start), to: DayCalendar.text(of: day), customers: fit.rows,
            stayedAway: fit.happened, withSignal: Dictionary(uniqueKeysWithValues: zip(names, fit.rowsWithFeature)),
            standardErrors: Dictionary(uniqueKeysWithValues: zip(names, fit.standardErrors)))
        if !fit.converged { weights.notes.append("the search for the weights stopped before they were certain") }
        return weights
    }

    /// Whether anything beside purchases and contracts is known of anyone.
    private static func hasServiceEvents(_ db: Database) throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM churn_signals WHERE signal <> 'contract')") ?? false
    }

    /// The first day on which a customer did anything.
    private static func firstDay(_ db: Database) throws -> Int? {
        let sql =
            "SELECT min(min(coalesce(first_active_day, first_day), coalesce(first_day, first_active_day))) "
            + "FROM churn_customers"
        return try String.fetchOne(db, sql: sql).flatMap { DayCalendar.day(of: $0) }
    }
}

/// Who bought in the days after a cut.
struct ChurnOutcome {
    private let returned: Set<String>
    private let survivors: [String: String]
    /// The last purchase day known of anyone.
    let lastDay: Int?

    /// Reads who had a purchase day after one day, up to another.
    init(_ db: Database, after start: Int, through end: Int) throws {
        let sql = """
            SELECT DISTINCT coalesce(survivors.customer, purchase_days.subject)
            FROM purchase_days LEFT JOIN survivors ON survivors.subject = purchase_days.subject
            WHERE day > ? AND day <= ?
            """
        returned = try String.fetchSet(
            db, sql: sql, arguments: [DayCalendar.text(of: start), DayCalendar.text(of: end)])
        lastDay = try String.fetchOne(db, sql: "SELECT max(last_day) FROM churn_customers")
            .flatMap { DayCalendar.day(of: $0) }
        // Who was merged since is the same person by what is known now: whoever came back, both did.
        survivors = try ChurnPopulation.merges(db).survivors
    }

    /// Whether a customer bought nothing.
    func stayedAway(_ customer: String) -> Bool { !returned.contains(survivors[customer] ?? customer) }
}
