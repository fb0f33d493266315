import Dispatch
import Synchronization

/// Reads many spans on several threads, each a stretch of its own: decompressing takes most of the time of a long
/// history.
enum SpanShares {
    /// Fewer spans than this for each thread are not worth waking it.
    private static let spansMin = 16
    private static let threadsMax = 4

    /// The events that `body` gives for the spans, in their order.
    ///
    /// - Throws: what `body` throws for the first span that it fails for.
    static func read(
        _ spans: [SegmentSpan], _ body: @Sendable (SegmentSpan) throws(LogError) -> [StoredEvent]
    ) throws(LogError) -> [StoredEvent] {
        let count = max(1, min(spans.count / spansMin, threadsMax))
        let shares = Mutex([Result<[StoredEvent], LogError>](repeating: .success([]), count: count))
        DispatchQueue.concurrentPerform(iterations: count) { number in
            let share = spans[(spans.count * number / count)..<(spans.count * (number + 1) / count)]
            let result = Result { () throws(LogError) in
                var events: [StoredEvent] = []
                for span in share { events += try body(span) }
                return events
            }
            shares.withLock { $0[number] = result }
        }
        var events: [StoredEvent] = []
        for share in shares.withLock({ $0 }) { events += try share.get() }
        return events
    }
}
