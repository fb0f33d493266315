import CRM
import Foundation

/// Churn figures as people read them.
enum ChurnText {
    /// A model in one line.
    static func model(_ model: ChurnModelAnswer, isBeingFitted: Bool = false) -> String {
        let parameters = model.parameters.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))" }
        var text = "Model \(model.title)"
        if let sequence = model.sequence { text += " published by event \(sequence)" }
        if let until = model.fittedUntil { text += ", fitted until \(until)" }
        text += " (\(parameters.joined(separator: ", "))"
        if let likelihood = model.logLikelihood { text += ", log-likelihood \(String(format: "%.3f", likelihood))" }
        text += "), horizon \(model.horizonDays) days."
        if model.sequence == nil, !isBeingFitted {
            text += " It is not published; `touchline churn fit` publishes one."
        }
        return text + model.notes.map { " " + $0 }.joined()
    }

    /// A number with four significant decimals.
    static func number(_ value: Double) -> String { String(format: "%.4f", value) }

    /// Sequences, the first few spelled out.
    static func sequences(_ sequences: [UInt64]) -> String {
        let first = sequences.prefix(5).map { "#\($0)" }.joined(separator: " ")
        return sequences.count > 5 ? first + " … (\(sequences.count))" : first
    }
}
