public import BuyTillYouDie
public import EventLog
import Foundation
import Projection

/// A model of repeat purchase with all that a score needs: what `churn.model_published` carries.
public struct ChurnModel: Sendable, Equatable {
    /// The event that published it; `nil` for one fitted for a single answer.
    public var sequence: UInt64?
    /// When it was published.
    public var published: Instant?
    /// Which model.
    public var kind: ModelKind
    /// The parameters in the order of their names; time is in weeks.
    public var parameters: [Double]
    /// The horizon of its scores, in days.
    public var horizonDays: Int
    /// The last day of the purchases it was fitted to.
    public var fittedUntil: Int?
    /// ln of the likelihood of these purchases.
    public var logLikelihood: Double?
    /// How many customers it was fitted to.
    public var customers: Int?
    /// How many of them had come back.
    public var repeatBuyers: Int?
    /// Weight of each signal in the score; none = 0.
    public var beta: [ChurnFeature: Double]
    /// Days after which a signal counts half.
    public var halfLives: [ChurnFeature: Double]
    /// What the weights were fitted to; `nil` if there are none, or nobody knows.
    public var evidence: ChurnEvidence?
    /// What must be known of the fit.
    public var notes: [String]

    /// The horizon unless another is asked for: 26 weeks.
    public static let horizonDaysDefault = 182
    /// The longest horizon: 100 years.
    public static let horizonDaysMax = 36_525

    /// The event type.
    static let eventType = "churn.model_published"

    /// Why an event's model cannot be used.
    struct Unusable: Error, CustomStringConvertible {
        var description: String
    }

    /// Reads the event's data.
    static func read(_ event: StoredEvent) -> Result<ChurnModel, Unusable> {
        let data = event.data
        guard let kind = data.field("model").flatMap(ModelKind.init(rawValue:)) else {
            let names = ModelKind.allCases.map(\.rawValue).joined(separator: ", ")
            return .failure(Unusable(description: "\"model\" is none of \(names)"))
        }
        let found = data["parameters"]
        let parameters = kind.parameterNames.compactMap { number(found?[$0]) }
        guard kind.makeModel(parameters) != nil else {
            let names = kind.parameterNames.joined(separator: ", ")
            return .failure(Unusable(description: "\"parameters\" does not give positive \(names)"))
        }
        let horizon = data["horizon_days"]?.integer ?? Int64(horizonDaysDefault)
        guard horizon > 0, horizon <= horizonDaysMax else {
            return .failure(Unusable(description: "\"horizon_days\" is not within 1 to \(horizonDaysMax)"))
        }
        return .success(
            ChurnModel(
                sequence: event.sequence, published: event.time, kind: kind, parameters: parameters,
                horizonDays: Int(horizon), fittedUntil: data.field("fitted_until").flatMap { DayCalendar.day(of: $0) },
                logLikelihood: number(data["log_likelihood"]), customers: data["customers"]?.integer.map { Int($0) },
                repeatBuyers: data["repeat_buyers"]?.integer.map { Int($0) }, beta: weights(data["beta"]),
                halfLives: weights(data["half_lives"]), evidence: data["beta_fit"].flatMap { ChurnEvidence($0) },
                notes: data["notes"]?.elements.compactMap(\.string) ?? []))
    }

    /// Reads an object of weights; names nobody knows are left out.
    private static func weights(_ json: JSONView?) -> [ChurnFeature: Double] {
        var weights: [ChurnFeature: Double] = [:]
        for feature in ChurnFeature.allCases {
            if let weight = number(json?[feature.rawValue]), weight != 0 { weights[feature] = weight }
        }
        return weights
    }

    private static func number(_ json: JSONView?) -> Double? {
        guard let value = json?.text.flatMap(Double.init), value.isFinite else { return nil }
        return value
    }

    /// The model; parameters are checked wherever one of these is made.
    var model: (any RepeatPurchaseModel)? { kind.makeModel(parameters) }

    /// Whether anything but purchases counts.
    var hasWeights: Bool { beta.values.contains { $0 != 0 } }

    /// How long a signal takes to count half, in days.
    func halfLife(_ feature: ChurnFeature) -> Double? { halfLives[feature] ?? feature.halfLifeDefault }

    /// The row of `churn_models`.
    var row: [SQLValue] {
        [
            SQLValue(sequence: sequence), SQLValue(published), .text(kind.rawValue), .text(parametersJSON),
            .integer(Int64(horizonDays)), SQLValue(fittedUntil.map { DayCalendar.text(of: $0) }),
            logLikelihood.map(SQLValue.real) ?? .null, SQLValue(customers), SQLValue(repeatBuyers),
            .text(Self.json(named(beta))), .text(Self.json(named(halfLives))),
            evidence.map { .text($0.json) } ?? .null, .text(notesJSON),
        ]
    }

    private var parametersJSON: String { Self.json(Array(zip(kind.parameterNames, parameters))) }

    private var notesJSON: String {
        let texts = notes.map { String(decoding: JSONText.string($0), as: UTF8.self) }
        return "[" + texts.joined(separator: ",") + "]"
    }

    private func named(_ weights: [ChurnFeature: Double]) -> [(String, Double)] {
        ChurnFeature.allCases.compactMap { feature in weights[feature].map { (feature.rawValue, $0) } }
    }

    /// Numbers print as the shortest text that reads back as the same bits.
    private static func json(_ members: [(String, Double)]) -> String {
        "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    /// The JSON text of `data` of a `churn.model_published` event.
    public var eventData: [UInt8] {
        var members = [
            "\"model\":\"\(kind.rawValue)\"", "\"parameters\":\(parametersJSON)", "\"horizon_days\":\(horizonDays)",
        ]
        if let fittedUntil { members.append("\"fitted_until\":\"\(DayCalendar.text(of: fittedUntil))\"") }
        if let logLikelihood { members.append("\"log_likelihood\":\(logLikelihood)") }
        if let customers { members.append("\"customers\":\(customers)") }
        if let repeatBuyers { members.append("\"repeat_buyers\":\(repeatBuyers)") }
        members.append("\"beta\":\(Self.json(named(beta)))")
        members.append("\"half_lives\":\(Self.json(named(halfLives)))")
        if let evidence { members.append("\"beta_fit\":\(evidence.json)") }
        if !notes.isEmpty { members.append("\"notes\":\(notesJSON)") }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }
}

/// The signals beside purchases that may count in a churn score.
public enum ChurnFeature: String, Sendable, CaseIterable, Hashable {
    /// Complaints, fading since they were opened; one that was resolved or closed counts for ``endedShare``.
    case openComplaints = "open_complaints"
    /// Tickets open for longer than ``ticketDaysMax`` days.
    case overdueTickets = "overdue_tickets"
    /// How far the last survey answer lies in the lower half of its scale (0 = middle, 1 = worst), fading.
    case lowSurvey = "low_survey"
    /// Days since the customer last did something over his usual gap, at most ``silenceMax``; 0 below two such days.
    case silence
    /// Unsubscribed channels and withdrawn consents, fading.
    case unsubscribes

    /// A ticket open for more days is overdue.
    public static let ticketDaysMax = 7
    /// A longer silence does not count for more.
    public static let silenceMax = 10.0
    /// What remains of a complaint when it ends: that it was resolved does not undo it.
    public static let endedShare = 0.5

    /// The half-lives of a newly fitted model.
    static let halfLifeDefaults = Dictionary(
        uniqueKeysWithValues: allCases.compactMap { feature in feature.halfLifeDefault.map { (feature, $0) } })

    /// Days after which it counts half; `nil` = it does not fade.
    var halfLifeDefault: Double? {
        switch self {
        case .openComplaints: 90
        case .lowSurvey, .unsubscribes: 180
        case .overdueTickets, .silence: nil
        }
    }
}
