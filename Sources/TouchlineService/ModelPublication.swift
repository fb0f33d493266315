public import CRM
public import EventLog

/// Puts a fitted model into the log, where every later score finds it and every past one does not.
public enum ModelPublication {
    /// The source of the event.
    public static let source = Limits.reservedSourcePrefix + "churn"

    /// Appends `churn.model_published`.
    ///
    /// The id is made from what the model was fitted to, so the same fit of the same log is published once.
    /// - Returns: the event's sequence.
    public static func append(_ answer: ChurnFitAnswer, to sequencer: any Sequencer) async throws -> UInt64 {
        let model = answer.model
        let id = [
            answer.requested, answer.at.map(String.init) ?? "", model.fittedUntil ?? "", String(model.horizonDays),
        ].joined(separator: ":")
        let event = EventDraft(
            id: id, source: source, type: "churn.model_published", subject: nil, data: answer.eventData)
        let acknowledgements = try await sequencer.append(AppendRequest(events: [event]))
        guard let sequence = acknowledgements.first?.sequence else {
            throw ServiceError(.io, "the model was not acknowledged; publish it again")
        }
        return sequence
    }
}
