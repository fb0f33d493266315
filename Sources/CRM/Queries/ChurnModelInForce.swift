public import BuyTillYouDie
import EventLog
import GRDB

/// The model that an answer's scores come from, as the answer names it.
public struct ChurnModelAnswer: Encodable, Sendable, Equatable {
    /// `published`, or `fitted_for_this_answer` where none is.
    public var source: String
    /// The event that published it.
    @OrNull public var sequence: UInt64?
    /// `mbg`, `bg`, `pareto` or `nbd`.
    public var model: String
    /// The model's name in the literature.
    public var title: String
    /// The parameters by name; time is in weeks.
    public var parameters: [String: Double]
    /// The horizon of the scores, in days.
    public var horizonDays: Int
    /// The last day of the purchases it was fitted to.
    @OrNull public var fittedUntil: String?
    /// ln of the likelihood of these purchases.
    @OrNull public var logLikelihood: Double?
    /// How many customers it was fitted to.
    @OrNull public var customers: Int?
    /// How many of them had come back.
    @OrNull public var repeatBuyers: Int?
    /// The weight of every signal; where all are 0, purchases alone count.
    public var beta: [String: Double]
    /// Days after which a signal counts half.
    public var halfLives: [String: Double]
    /// What the weights were fitted to, where that is known.
    @OrNull public var evidence: ChurnEvidence?
    /// What must be known of the fit.
    public var notes: [String]

    init(_ model: ChurnModel, horizonDays: Int) {
        source = model.sequence == nil ? "fitted_for_this_answer" : "published"
        sequence = model.sequence
        self.model = model.kind.rawValue
        title = model.kind.title
        parameters = Dictionary(uniqueKeysWithValues: zip(model.kind.parameterNames, model.parameters))
        self.horizonDays = horizonDays
        fittedUntil = model.fittedUntil.map { DayCalendar.text(of: $0) }
        logLikelihood = model.logLikelihood
        customers = model.customers
        repeatBuyers = model.repeatBuyers
        let features = ChurnFeature.allCases
        beta = Dictionary(uniqueKeysWithValues: features.map { ($0.rawValue, model.beta[$0] ?? 0) })
        halfLives = Dictionary(
            uniqueKeysWithValues: features.compactMap { feature in
                model.halfLife(feature).map { (feature.rawValue, $0) }
            })
        evidence = model.evidence
        notes = model.notes
    }

    enum CodingKeys: String, CodingKey {
        case source, sequence, model, title, parameters, customers, beta, notes
        case horizonDays = "horizon_days"
        case fittedUntil = "fitted_until"
        case logLikelihood = "log_likelihood"
        case repeatBuyers = "repeat_buyers"
        case halfLives = "half_lives"
        case evidence = "beta_fit"
    }
}

extension ChurnModel {
    /// The model published last, or the one that an event published; `nil` if none was published and none was named.
    ///
    /// - Throws: `ChurnError.unknownModel` if the event named published none.
    static func published(_ db: Database, sequence: UInt64? = nil) throws -> ChurnModel? {
        let condition = sequence == nil ? "" : "WHERE sequence = ?"
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM churn_models \(condition) ORDER BY sequence DESC LIMIT 1",
            arguments: sequence.map { [Int64(clamping: $0)] } ?? [])
        if let row, let model = ChurnModel(row) { return model }
        guard let sequence else { return nil }
        let known = try Int64.fetchAll(db, sql: "SELECT sequence FROM churn_models ORDER BY sequence")
        throw ChurnError.unknownModel(sequence: sequence, published: known.map { UInt64(clamping: $0) })
    }

    /// A row of `churn_models`; it was checked when it was read from its event.
    private init?(_ row: Row) {
        guard let kind = ModelKind(rawValue: row["model"]) else { return nil }
        let parameters = JSONView(ArraySlice((row["parameters"] as String).utf8))
        func weights(_ column: String) -> [ChurnFeature: Double] {
            let json = JSONView(ArraySlice((row[column] as String).utf8))
            return json.members.reduce(into: [:]) { weights, member in
                if let feature = ChurnFeature(rawValue: member.key), let weight = member.value.text.flatMap(Double.init)
                {
                    weights[feature] = weight
                }
            }
        }
        self.init(
            sequence: UInt64(clamping: row["sequence"] as Int64),
            published: try? Instant(rfc3339: row["published"] as String), kind: kind,
            parameters: kind.parameterNames.compactMap { parameters[$0]?.text.flatMap(Double.init) },
            horizonDays: row["horizon_days"],
            fittedUntil: (row["fitted_until"] as String?).flatMap { DayCalendar.day(of: $0) },
            logLikelihood: row["log_likelihood"], customers: row["customers"], repeatBuyers: row["repeat_buyers"],
            beta: weights("beta"), halfLives: weights("half_lives"),
            evidence: (row["beta_fit"] as String?).flatMap { ChurnEvidence(JSONView(ArraySlice($0.utf8))) },
            notes: JSONView(ArraySlice((row["notes"] as String).utf8)).elements.compactMap(\.string))
        guard model != nil else { return nil }
    }

    /// Fits a model to everyone who had bought by the end of a day.
    ///
    /// - Throws: `ChurnError.noPurchases`, `ChurnError.fit`.
    static func fit(
        _ kind: ModelKind, to buyers: [ChurnBuyer], until day: Int, horizonDays: Int
    ) throws(ChurnError) -> ChurnModel {
        guard !buyers.isEmpty else { throw .noPurchases(until: day) }
        let fit: ModelFit
        do throws(FitError) {
            fit = try kind.fit(PurchaseStatistics(buyers.map { $0.history(asOf: day) }))
        } catch {
            throw .fit(error)
        }
        return ChurnModel(
            kind: fit.model.kind, parameters: fit.model.parameters, horizonDays: horizonDays, fittedUntil: day,
            logLikelihood: fit.logLikelihood, customers: fit.customers, repeatBuyers: fit.repeatBuyers, beta: [:],
            halfLives: ChurnFeature.halfLifeDefaults, notes: fit.notes)
    }

    /// The horizon asked for, or the model's own.
    ///
    /// - Throws: `ChurnError.badHorizon`, `ChurnError.otherHorizon`.
    func horizon(asked: Int?) throws(ChurnError) -> Int {
        guard let asked else { return horizonDays }
        try Self.check(horizonDays: asked)
        guard asked == horizonDays || !hasWeights else { throw .otherHorizon(asked: asked, model: horizonDays) }
        return asked
    }

    /// Refuses horizons that are none.
    static func check(horizonDays: Int) throws(ChurnError) {
        guard (1...Self.horizonDaysMax).contains(horizonDays) else { throw .badHorizon(days: horizonDays) }
    }
}

extension ChurnScorer {
    /// A scorer under the model in force: the one named, else the last one published, else one fitted to all who had
    /// bought by the day, which the answer then says.
    ///
    /// - Throws: `ChurnError`, or an error of the database.
    static func inForce(
        _ db: Database, sequence: UInt64?, horizonDays: Int?, today: Int
    ) throws -> ChurnScorer {
        let model =
            try ChurnModel.published(db, sequence: sequence)
            ?? .fit(
                .mbg, to: try ChurnPopulation(db, until: today).buyers, until: today,
                horizonDays: horizonDays ?? ChurnModel.horizonDaysDefault)
        let horizon = try model.horizon(asked: horizonDays)
        guard let scorer = ChurnScorer(model, horizonDays: horizon, today: today) else {
            throw ChurnError.fit(.noMaximum)
        }
        return scorer
    }
}
