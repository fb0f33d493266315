import ArgumentParser
import EventLog
import TouchlineService

/// Which events to print.
struct EventSelection: ParsableArguments {
    @Option(help: "The first sequence.")
    var from: UInt64?

    @Option(help: "The last sequence.")
    var to: UInt64?

    @Option(help: "Recorded at or after TIME.")
    var since: String?

    @Option(help: "Recorded up to TIME (a date: the end of that day).")
    var until: String?

    @Option(help: "Types, such as purchase.completed or 'complaint.*'; may be given several times.")
    var type: [String] = []

    @Option(help: "One subject's events.")
    var subject: String?

    /// The sequences to read, the upper one exclusive and `nil` for the head.
    ///
    /// - Parameter start: where to begin if nothing is said of it.
    func bounds(_ reader: LogReader, _ folder: DataFolder, start: UInt64 = 0) throws -> (from: UInt64, to: UInt64?) {
        var lower = from ?? (since == nil ? start : reader.firstSequence)
        guard lower >= reader.firstSequence else {
            throw ServiceError(
                .badInput,
                "--from \(lower): events before \(reader.firstSequence) are archived; bring those segments back")
        }
        if let since {
            let start =
                since.utf8.count == 10
                ? try MomentRequest.startOfDay(since, "--since", folder.calendar)
                : try MomentRequest.instant(since, "--since", folder.calendar)
            lower = max(lower, try reader.count(recordedBy: Instant(microseconds: start.microseconds - 1)))
        }
        var upper = to.map { $0 == .max ? $0 : $0 + 1 }
        if let until {
            let end = try reader.count(recordedBy: MomentRequest.instant(until, "--until", folder.calendar))
            upper = min(upper ?? end, end)
        }
        return (lower, upper)
    }

    /// Types as the log filters them; `nil` for all.
    var types: TypeFilter? { type.isEmpty ? nil : TypeFilter(type) }
}
