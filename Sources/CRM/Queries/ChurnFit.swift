public import BuyTillYouDie
import EventLog
public import GRDB

/// Fits a model of repeat purchase to everyone who had bought by a day, and the weights of signals beside it:
/// `touchline churn fit`.
///
/// The database should hold what was known and had happened by that day: a refund after it would otherwise take a
/// purchase away from before it.
public struct ChurnFit: Sendable {
    /// Which model.
    public var kind: ModelKind
    /// The last day that counts; `nil` = the day of the answer.
    public var until: Int?
    /// The horizon that the model's scores will have, in days.
    public var horizonDays: Int

    /// A fit.
    public init(
        kind: ModelKind = .mbg, until: Int? = nil, horizonDays: Int = ChurnModel.horizonDaysDefault
    ) {
        self.kind = kind
        self.until = until
        self.horizonDays = horizonDays
    }

    /// Fits from the views.
    ///
    /// - Parameter past: the views as of an earlier day, which the weights of signals are fitted to; without it
    ///   purchases alone count.
    /// - Throws: `ChurnError`, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext, past: ChurnPast? = nil) throws -> ChurnFitAnswer {
        try ChurnModel.check(horizonDays: horizonDays)
        let today = context.calendar.day(of: context.now)
        let day = until ?? today
        guard day <= today else { throw ChurnError.untilAfterNow(until: day, now: today) }
        let model = try ChurnModel.fit(kind, db, until: day, horizonDays: horizonDays, past: past)
        return ChurnFitAnswer(
            at: context.lastSequence, now: context.now.rfc3339, requested: kind.rawValue,
            fallback: model.kind == kind ? nil : model.kind.rawValue,
            model: ChurnModelAnswer(model, horizonDays: horizonDays), published: model)
    }
}

extension ChurnModel {
    /// Fits purchases, and, where a past is given, the weights of signals.
    static func fit(
        _ kind: ModelKind, _ db: Database, until day: Int, horizonDays: Int, past: ChurnPast?
    ) throws -> ChurnModel {
        let buyers = try ChurnPopulation(db, until: day).buyers
        var model = try ChurnModel.fit(kind, to: buyers, until: day, horizonDays: horizonDays)
        guard let past else { return model }
        let weights = try ChurnWeights.learn(kind, until: day, horizonDays: horizonDays, db, past: past)
        model.beta = weights.beta
        model.evidence = weights.evidence
        model.notes += weights.notes
        return model
    }
}

/// A fitted model.
public struct ChurnFitAnswer: Encodable, Sendable {
    /// The last known event's sequence; `nil` for an empty log.
    public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The model that was asked for.
    public var requested: String
    /// The model it became, if the one asked for degenerated.
    public var fallback: String?
    /// The model.
    public var model: ChurnModelAnswer
    /// The model as an event would publish it; not part of the answer's JSON.
    public var published: ChurnModel

    /// The JSON text of `data` of a `churn.model_published` event.
    public var eventData: [UInt8] { published.eventData }

    enum CodingKeys: String, CodingKey { case at, now, requested, fallback, model }
}
