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
        if let evidence = model.evidence, !isBeingFitted {
            text += " Weights of signals from \(Text.count(evidence.customers)) customers as of \(evidence.from)."
        }
        return text + model.notes.map { " " + $0.prefix(1).uppercased() + $0.dropFirst() + "." }.joined()
    }

    /// The limits of the bands of risk.
    static func bands(_ limits: ChurnBandLimits) -> String {
        "high from \(Text.percent(limits.high)), medium from \(Text.percent(limits.medium))"
    }

    /// A number with four decimals.
    static func number(_ value: Double) -> String { String(format: "%.4f", value) }

    /// A number with four decimals, or a dash where there is none.
    static func figure(_ value: Double?) -> String { value.map { number($0) } ?? "–" }

    /// Sequences, the first few spelled out.
    static func sequences(_ sequences: [UInt64]) -> String {
        let first = sequences.prefix(5).map { "#\($0)" }.joined(separator: " ")
        return sequences.count > 5 ? first + " … (\(sequences.count))" : first
    }

    /// The weights of signals with how sure they are, if there are any.
    static func weights(_ model: ChurnModelAnswer) {
        guard let evidence = model.evidence else { return }
        Output.line(
            "Weights from \(Text.count(evidence.customers)) customers as of \(evidence.from), of whom "
                + "\(Text.count(evidence.stayedAway)) bought nothing until \(evidence.to):")
        var table = TextTable("signal", ">weight", ">standard error", ">customers with it", ">half-life")
        for name in ChurnFeature.allCases.map(\.rawValue) {
            table.add(
                name, number(model.beta[name] ?? 0), number(evidence.standardErrors[name] ?? 0),
                Text.count(evidence.withSignal[name] ?? 0), model.halfLives[name].map { "\(Int($0)) days" })
        }
        Output.write(table.text())
    }
}
