/// How events are sent: by how many tasks, how many a request, how many requests unanswered at a time.
package struct AppendShape: Sendable {
    /// Tasks that append side by side.
    package var tasks: Int
    /// Events of a request.
    package var request: Int
    /// Requests of one task that wait for their acknowledgement at a time.
    package var inFlight: Int

    /// A shape.
    package init(tasks: Int, request: Int, inFlight: Int = 1) {
        self.tasks = tasks
        self.request = request
        self.inFlight = inFlight
    }

    /// The rows of the budgets.
    package static let all = [
        AppendShape(tasks: 1, request: 1), AppendShape(tasks: 64, request: 1),
        AppendShape(tasks: 1, request: 1_000), AppendShape(tasks: 1, request: 1_000, inFlight: 4),
    ]

    /// The first part of its rows' names.
    var name: String { "append.\(tasks)x\(request)" + (inFlight > 1 ? ".\(inFlight)-in-flight" : "") }

    /// The goal for its rate.
    var budget: BenchBudget? {
        switch (tasks, request, inFlight) {
        case (1, 1, 1): .atLeast(0.85, .ratio)
        case (64, 1, 1): .atLeast(0.6, .ratio)
        // Redis with appendfsync always, on the machine of the peers' figures.
        case (1, 1_000, _): .atLeast(271_000, .figure)
        default: nil
        }
    }
}

/// What one run of appending gave.
struct AppendMeasurement {
    /// Events that were acknowledged.
    var events: UInt64
    /// Seconds from the first line parsed to the last acknowledgement.
    var seconds: Double
    /// Nanoseconds from a request's first line parsed to its acknowledgement.
    var latencies: [UInt64]
    /// Bytes of an average batch as it was written.
    var batchBytes: Double
    /// Events of an average batch.
    var batchEvents: Double
    /// Allocations from the first line parsed to the last acknowledgement, if they are counted.
    var allocations: UInt64?

    var rate: Double { Double(events) / max(seconds, 1e-9) }
}

/// The value below which so many hundredths of the values lie; 0 if there are none.
func percentile(_ hundredths: Double, ofSorted values: [UInt64]) -> Double {
    guard !values.isEmpty else { return 0 }
    return Double(values[min(values.count - 1, Int(Double(values.count) * hundredths / 100))])
}
