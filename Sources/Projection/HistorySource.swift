import EventLog

/// Earlier events of subjects, from the log: through the subject index for a few, in one pass for many.
struct HistorySource {
    /// Above this many subjects one pass over the log is weighed against that many look-ups.
    private static let lookupsMin = 64
    /// A look-up costs about as much as passing over this many events.
    private static let eventsPerLookup: UInt64 = 2_000
    /// Bytes of histories that are held at a time.
    private static let heldBytesMax: UInt64 = 256 << 20

    let reader: LogReader
    let policy: FoldPolicy

    /// The events below `before` of each of the subjects, in sequence order.
    func histories(of subjects: [ByteText], before: UInt64) throws -> [ByteText: [StoredEvent]] {
        guard !subjects.isEmpty, before > reader.firstSequence else { return [:] }
        var buffer = SubjectBuffer()
        let passCost = (before - reader.firstSequence) / Self.eventsPerLookup
        if subjects.count <= Self.lookupsMin || UInt64(subjects.count) < passCost {
            // Copied out, since an event as read keeps its whole batch in memory.
            for subject in subjects {
                for event in try reader.history(of: subject.text, before: before, passingGaps: true) {
                    buffer.add(event, subject: subject.text)
                }
            }
        } else {
            var wanted = SubjectTable()
            for subject in subjects { _ = wanted.number(of: subject.text.utf8.span) }
            let table = wanted
            var cursor = reader.cursor(from: reader.firstSequence, to: before, passingGaps: true)
            while let batch = try cursor.nextBatch() {
                buffer.add(batch) { table.find($0) != nil }
            }
        }
        buffer.arrange()
        return Dictionary(uniqueKeysWithValues: buffer.eventsBySubject().map { (ByteText($0.subject), $0.events) })
    }

    /// The subjects in groups whose histories fit in memory together.
    func groups(of subjects: [ByteText], before: UInt64) throws -> [[ByteText]] {
        guard subjects.count > Self.lookupsMin else { return [subjects] }
        let statistics = try reader.statistics()
        let share = Double(before - min(before, reader.firstSequence)) / Double(max(1, statistics.events))
        let bytes = share * (Double(statistics.lineBytes) * 1.1 + Double(statistics.events) * 240)
        let count = max(1, Int(bytes / Double(Self.heldBytesMax)))
        guard count > 1 else { return [subjects] }
        var groups = [[ByteText]](repeating: [], count: count)
        for subject in subjects { groups[group(of: subject.text, count: count)].append(subject) }
        return groups.filter { !$0.isEmpty }
    }

    /// The system events below `before`, in sequence order.
    func systemEvents(before: UInt64) throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        var cursor = reader.cursor(
            from: reader.firstSequence, to: before, types: policy.systemFilter, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            for event in batch where event.subject == nil { events.append(event) }
        }
        return events
    }
}
