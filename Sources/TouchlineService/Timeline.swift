public import CRM
public import EventLog
public import Projection

/// One event in a customer's history.
public struct TimelineEntry: Sendable, Encodable {
    /// The event's place in the log.
    public var sequence: UInt64
    /// When it happened.
    public var time: String
    /// When the log took it.
    public var recordedtime: String
    /// The customer the event names.
    public var subject: String
    /// What happened.
    public var type: String
    /// The sender.
    public var source: String
    /// The sender's id.
    public var id: String
    /// The event's data, as JSON text.
    public var data: String
    /// Whether a retraction in force takes it back.
    public var retracted: Bool
}

/// A customer's history in business order: the log itself, read through the subject index.
public struct Timeline: Sendable, Encodable {
    /// The customer asked for.
    public var subject: String
    /// The customer that answers for it: the survivor after merges, else itself.
    public var customer: String
    /// The subjects whose events are listed.
    public var subjects: [String]
    /// The last sequence that is known; `nil` if none is.
    public var at: UInt64?
    /// The events, oldest first.
    public var events: [TimelineEntry]
}

extension Timeline {
    static func make(
        subject: String, group: [History.Member], policy: FoldPolicy, context: AnswerContext
    ) -> Timeline {
        var listed: [(event: StoredEvent, retracted: Bool)] = []
        for member in group {
            let known = member.events.filter { policy.counts($0, asOf: context.asOf) }
            let held = Set(policy.effective(known).map(\.sequence))
            let retractionsHeld = Set(policy.retractionsInForce(known).map(\.sequence))
            listed += known.map { event in
                (event, !held.contains(event.sequence) && !retractionsHeld.contains(event.sequence))
            }
        }
        listed.sort { $0.event.precedes($1.event) }
        return Timeline(
            subject: subject, customer: group.first?.subject ?? subject, subjects: group.map(\.subject),
            at: context.lastSequence,
            events: listed.map { TimelineEntry($0.event, retracted: $0.retracted) })
    }
}

extension TimelineEntry {
    init(_ event: StoredEvent, retracted: Bool) {
        self.init(
            sequence: event.sequence, time: event.time.rfc3339, recordedtime: event.recordedTime.rfc3339,
            subject: event.subject ?? "", type: event.type, source: event.source, id: event.id,
            data: event.data.jsonText, retracted: retracted)
    }
}
