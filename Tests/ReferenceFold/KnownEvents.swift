/// What is known of the log, without what was retracted, subject by subject in business order.
package struct KnownEvents: Sendable {
    /// The events of each subject by (time, sequence), without retractions and what they retract.
    package var bySubject: [String: [ReferenceEvent]] = [:]
    /// The events without a subject, in the same order.
    package var system: [ReferenceEvent] = []

    /// The known events among `all`.
    ///
    /// - Parameters:
    ///   - limit: how many of the log's first events are known; nil: all.
    ///   - asOf: only what had happened by then, in microseconds; retractions count whenever they happened.
    package init(_ all: [ReferenceEvent], limit: UInt64? = nil, asOf: Int64? = nil) {
        let known = all.filter { event in limit.map { event.sequence < $0 } ?? true }
        let retracted = Self.retractedSequences(known)
        for event in known {
            if event.type == "event.retracted" || retracted.contains(event.sequence) { continue }
            if let asOf, event.time > asOf, !Self.heldByKnowledge.contains(event.type) { continue }
            if let subject = event.subject {
                bySubject[subject, default: []].append(event)
            } else {
                system.append(event)
            }
        }
        for subject in bySubject.keys { bySubject[subject]?.sort(by: Self.precedes) }
        system.sort(by: Self.precedes)
    }

    /// What holds from the moment it is known, whenever it happened.
    static let heldByKnowledge: Set<String> = [
        "churn.model_published", "definition.published", "erasure.requested", "erasure.completed",
    ]

    static func precedes(_ a: ReferenceEvent, _ b: ReferenceEvent) -> Bool {
        a.time != b.time ? a.time < b.time : a.sequence < b.sequence
    }

    /// An event is retracted if a retraction that is itself not retracted names it and has the same subject.
    ///
    /// What is named need not be earlier in the log: the name is enough.
    static func retractedSequences(_ known: [ReferenceEvent]) -> Set<UInt64> {
        var retractionsOf: [Target: [ReferenceEvent]] = [:]
        for event in known where event.type == "event.retracted" {
            guard let source = event.data["event"]?["source"]?.text, let id = event.data["event"]?["id"]?.text else {
                continue
            }
            let name = ReferenceEvent.EventName(source: source, id: id)
            retractionsOf[Target(name: name, subject: event.subject), default: []].append(event)
        }
        /// `asking` are the retractions whose own fate is being asked for; a circle of retractions ends there.
        func isRetracted(_ event: ReferenceEvent, _ asking: [UInt64]) -> Bool {
            let retractions = retractionsOf[Target(name: event.name, subject: event.subject)] ?? []
            return retractions.contains { retraction in
                !asking.contains(retraction.sequence) && !isRetracted(retraction, asking + [retraction.sequence])
            }
        }
        return Set(known.filter { isRetracted($0, [$0.sequence]) }.map(\.sequence))
    }

    private struct Target: Hashable {
        var name: ReferenceEvent.EventName
        var subject: String?
    }
}
