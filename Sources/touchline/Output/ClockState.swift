import EventLog

/// That the clock is behind the log: new events then reuse the last instant, so that `recordedtime` never runs back.
struct ClockState {
    /// How far, in seconds.
    let behind: Double
    /// The first sequence that has the last instant.
    let since: UInt64?

    /// `nil` if the clock is not behind.
    init?(_ statistics: LogStatistics) {
        guard let last = statistics.lastRecordedTime else { return nil }
        let microseconds = last.microseconds - Instant.now().microseconds
        guard microseconds > 0 else { return nil }
        behind = Double(microseconds) / 1e6
        since = statistics.lastRecordedSince
    }

    /// In one line.
    var text: String {
        "the clock is \(Text.duration(behind)) behind the log: new events reuse the last instant"
            + (since.map { ", since sequence \($0)" } ?? "")
    }
}
