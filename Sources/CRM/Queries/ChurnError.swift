public import BuyTillYouDie

/// Why there is no churn answer.
public enum ChurnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A horizon of no days, of a negative number, or of more than a century.
    case badHorizon(days: Int)
    /// The model in force counts signals, whose weights hold for its own horizon alone.
    case otherHorizon(asked: Int, model: Int)
    /// Nobody had bought by that day.
    case noPurchases(until: Int)
    /// No model can be fitted to these purchases.
    case fit(FitError)
    /// No model was published by that event.
    case unknownModel(sequence: UInt64, published: [UInt64])
    /// No model has this name.
    case unknownModelName(String)
    /// What happened after the cut is not known to its end yet.
    case horizonNotOver(until: Int, end: Int, now: Int)
    /// Limits of bands that are none.
    case badBands(String)
    /// The moment to compare with is not before the moment of the answer.
    case sinceNotBefore(since: String, now: String)
    /// The cut lies after now.
    case untilAfterNow(until: Int, now: Int)

    /// One line with the mend.
    public var description: String {
        switch self {
        case .badHorizon(let days):
            return "a horizon of \(days) days is of no use; take 1 to \(ChurnModel.horizonDaysMax) days"
        case .otherHorizon(let asked, let model):
            return "the published model scores a horizon of \(model) days and counts signals, so it cannot score "
                + "\(asked) days; leave the horizon out or publish another model"
        case .noPurchases(let until):
            return "nobody had bought anything by \(DayCalendar.text(of: until)); take a later date"
        case .fit(let error):
            return error.description
        case .unknownModel(let sequence, let published):
            let known = published.map(String.init).joined(separator: ", ")
            return "no model was published by event \(sequence); "
                + (known.isEmpty ? "none was published at all: run `churn fit`" : "models: \(known)")
        case .badBands(let text):
            return "risk bands \"\(text)\": give two risks between 0 and 1, the lower one first, as in 0.5,0.8"
        case .sinceNotBefore(let since, let now):
            return "\(since) is not before \(now), the moment of this answer; take an earlier one"
        case .unknownModelName(let name):
            return "no model \"\(name)\"; take \(ModelKind.allCases.map(\.rawValue).joined(separator: ", "))"
        case .horizonNotOver(let until, let end, let now):
            return "a hold-out after \(DayCalendar.text(of: until)) runs to \(DayCalendar.text(of: end)), and now is "
                + "\(DayCalendar.text(of: now)); take an earlier date or a shorter horizon"
        case .untilAfterNow(let until, let now):
            return "\(DayCalendar.text(of: until)) lies after \(DayCalendar.text(of: now)), the day of this answer"
        }
    }

    /// The model of a name as a command takes it.
    public static func model(named name: String) throws(ChurnError) -> ModelKind {
        guard let kind = ModelKind(rawValue: name) else { throw .unknownModelName(name) }
        return kind
    }
}
