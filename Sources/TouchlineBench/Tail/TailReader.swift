import EventLog
package import SystemPackage

/// The child of `bench tail`: follows a log as `touchline tail -f` does.
package enum TailReader {
    /// What it says once it follows.
    package static let ready = "ready"

    /// Follows until it has seen `count` events; nanoseconds from when each was due, in the order of the log.
    ///
    /// - Parameter said: told that it follows.
    package static func run(_ directory: FilePath, count: Int, ready: () -> Void) throws -> [UInt64] {
        let reader = try LogReader.open(directory)
        var latencies: [UInt64] = []
        latencies.reserveCapacity(count)
        var next = reader.head
        ready()
        while latencies.count < count {
            _ = reader.wait(past: next, timeout: .milliseconds(500))
            let end = reader.head
            var cursor = reader.cursor(from: next, to: end)
            while let batch = try cursor.nextBatch() {
                for event in batch {
                    guard let due = event.data["due"]?.integer else { continue }
                    let now = MonotonicTime.now()
                    latencies.append(now - min(now, UInt64(clamping: due)))
                }
            }
            next = end
        }
        return latencies
    }
}
