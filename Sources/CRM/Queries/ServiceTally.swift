import EventLog
import GRDB

/// Counts cases.
struct ServiceTally {
    private var counts = (
        opened: 0, open: 0, resolved: 0, closed: 0, reopened: 0, escalated: 0, ended: 0, reopenedAfterEnd: 0
    )
    private var responses: [Int64] = []
    private var resolutions: [Int64] = []
    private var ages: [Int64] = []
    private var ageCounts = Array(repeating: 0, count: ServiceAge.limits.count + 1)

    /// Adds a case; the columns are those of the query.
    mutating func add(_ row: Row, now: Instant) {
        let state = ServiceCase.State(rawValue: row[1]) ?? .open
        counts.opened += 1
        if state.isOpen { counts.open += 1 }
        if row[2] as Bool { counts.resolved += 1 }
        if state == .closed { counts.closed += 1 }
        if row[3] as Int > 0 { counts.reopened += 1 }
        if row[4] as Int > 0 { counts.escalated += 1 }
        if row[12] as Bool {
            counts.ended += 1
            if row[3] as Int > 0 { counts.reopenedAfterEnd += 1 }
        }
        if row[5] as Bool { return }
        if let response: Int64 = row[6] { responses.append(response) }
        if let resolution: Int64 = row[7] { resolutions.append(resolution) }
        if state.isOpen, let opened = try? Instant(rfc3339: row[8] as String) {
            let age = Moment(time: now, sequence: 0).microseconds(since: Moment(time: opened, sequence: 0))
            ages.append(max(0, age))
            ageCounts[ServiceAge.place(of: max(0, age))] += 1
        }
    }

    var figures: ServiceAnswer.Figures {
        ServiceAnswer.Figures(
            opened: counts.opened, open: counts.open, resolved: counts.resolved, closed: counts.closed,
            reopened: counts.reopened,
            reopenRate: counts.ended > 0 ? Double(counts.reopenedAfterEnd) / Double(counts.ended) : nil,
            escalated: counts.escalated,
            firstResponse: DurationFigures(microseconds: responses),
            resolution: DurationFigures(microseconds: resolutions), openAge: DurationFigures(microseconds: ages),
            openByAge: ServiceAge.list(ageCounts, unsure: counts.open - ages.count))
    }
}
