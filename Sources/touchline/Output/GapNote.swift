import EventLog
import Projection
import TouchlineService

/// What an operator is told of events that were given up.
enum GapNote {
    /// One gap, in one line.
    static func text(_ gap: AcceptedGap) -> String {
        "events \(gap.sequences.lowerBound) to \(gap.sequences.upperBound - 1) are a gap, accepted at "
            + "\(gap.accepted.rfc3339): they were damaged and cannot be read (\(gap.path) at byte \(gap.offset))"
    }

    /// Says on standard error that answers lack events, if they do.
    static func write(_ reader: LogReader) throws {
        for gap in try reader.acceptedGaps() {
            StandardError.write("note: answers lack what was given up: \(text(gap))\n")
        }
    }

    /// The gaps as anomalies of the log itself.
    static func anomalies(_ reader: LogReader) throws -> [ListedAnomaly] {
        try reader.acceptedGaps().map { gap in
            ListedAnomaly(
                subject: "", projector: "log", sequence: Int64(clamping: gap.sequences.lowerBound),
                kind: "accepted-gap",
                detail: text(gap))
        }
    }
}
