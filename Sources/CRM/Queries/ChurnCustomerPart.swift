import BuyTillYouDie
public import GRDB

/// Purchase behaviour and risk within the 360° view of one customer.
public struct ChurnCustomerPart: Encodable, Sendable {
    /// `scored`, `no_model` (none published yet), `prospect` (never bought) or `contract` (bound by one).
    public var status: String
    /// What to do for a score.
    public var note: String?
    /// Repeat purchase days.
    public var x: Int?
    /// Weeks from the first purchase to the last.
    public var recency: Double?
    /// Weeks from the first purchase to now.
    public var age: Double?
    /// The contract that binds the customer.
    public var contract: ChurnContract?
    /// The event that published the model.
    public var modelSequence: UInt64?
    /// The model's horizon in days.
    public var horizonDays: Int?
    /// The limits of the bands.
    public var bands: ChurnBandLimits?
    /// The score and its reasons.
    public var score: ChurnCustomer?

    enum CodingKeys: String, CodingKey {
        case status, note, x, contract, bands, score
        case recency = "t_x"
        case age = "T"
        case modelSequence = "model_sequence"
        case horizonDays = "horizon_days"
    }
}

extension ChurnQuery {
    /// The churn part of a customer's answer.
    ///
    /// It never fits a model: for one customer at a past moment the tables hold
    /// nobody else.
    public static func customer(_ db: Database, _ context: AnswerContext, _ group: MergeGroup) throws -> AnswerPart {
        let today = context.calendar.day(of: context.now)
        let signals = try ChurnSignals(group.members, db, context)
        var part = ChurnCustomerPart(status: "scored")
        part.contract = ChurnContract(group.survivor, signals)
        guard let buyer = try ChurnPopulation.buyer(group.survivor, group.members, db, until: today) else {
            part.status = part.contract == nil ? "prospect" : "contract"
            return AnswerPart(part)
        }
        let history = buyer.history(asOf: today)
        (part.x, part.recency, part.age) = (history.repeats, history.recency, history.age)
        if part.contract != nil {
            part.status = "contract"
            return AnswerPart(part)
        }
        guard let model = try ChurnModel.published(db),
            let scorer = ChurnScorer(model, horizonDays: model.horizonDays, today: today)
        else {
            part.status = "no_model"
            part.note = "no model is published; run `touchline churn fit`"
            return AnswerPart(part)
        }
        part.modelSequence = model.sequence
        part.horizonDays = model.horizonDays
        part.bands = ChurnBandLimits(context.bands)
        part.score = ChurnCustomer(
            buyer, z: scorer.score(history, signals), scorer, signals, bands: context.bands,
            spend: try ChurnPopulation.spend(group.members, db, until: today))
        return AnswerPart(part)
    }
}
