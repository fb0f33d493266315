import EventLog

/// Earlier events of subjects, from the log: through the subject index for a few, in one pass for many.
struct HistorySource {
    /// Above this many subjects one pass over the log is weighed against that many index look-ups.
    private static let lookupsMin = 256
    /// A look-up costs about as much as passing over this many events.
    private static let eventsPerLookup: UInt64 = 150

    let reader: LogReader
    let policy: FoldPolicy

    /// The events below `before` of each of the subjects, in sequence order.
    func histories(of subjects: [String], before: UInt64) throws -> [String: [StoredEvent]] {
        guard !subjects.isEmpty, before > reader.firstSequence else { return [:] }
        let passCost = (before - reader.firstSequence) / Self.eventsPerLookup
        if subjects.count <= Self.lookupsMin || UInt64(subjects.count) < passCost {
            var found: [String: [StoredEvent]] = [:]
            for subject in subjects { found[subject] = try reader.history(of: subject, before: before) }
            return found
        }
        return try pass(for: Set(subjects), before: before)
    }

    /// The system events below `before`, in sequence order.
    func systemEvents(before: UInt64) throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        let types = TypeFilter(policy.systemTypes + [policy.retractionType])
        var cursor = reader.cursor(from: reader.firstSequence, to: before, types: types)
        while let batch = try cursor.nextBatch() {
            for event in batch where event.subject == nil { events.append(event) }
        }
        return events
    }

    private func pass(for wanted: Set<String>, before: UInt64) throws -> [String: [StoredEvent]] {
        var buffer = SubjectBuffer()
        var cursor = reader.cursor(from: reader.firstSequence, to: before)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                if let subject = event.subject, wanted.contains(subject) { buffer.add(event, subject: subject) }
            }
        }
        return Dictionary(uniqueKeysWithValues: buffer.names.map { ($0, buffer.events(of: $0)) })
    }
}
