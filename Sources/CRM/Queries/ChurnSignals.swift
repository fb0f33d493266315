import BuyTillYouDie
import EventLog
import GRDB

/// What the views say of a customer beside purchases, merged subjects taken together.
struct ChurnSignals {
    /// A row of `churn_signals` that holds now.
    struct Signal {
        var kind: String
        var key: String
        var since: Instant
        var sequence: UInt64
        var value: String?
        var scaleMin: String?
        var scaleMax: String?
    }

    /// The days on which the customer did something.
    struct Activity {
        var days = 0
        var firstDay = Int.max
        var lastDay = Int.min
        var lastSequence: UInt64 = 0
    }

    /// What holds now, by kind, then since when, then sequence.
    private(set) var standing: [Signal] = []
    private(set) var activity = Activity()
    let now: Instant
    let today: Int

    /// Reads the signals of some subjects as of the context's now.
    init(_ subjects: [String], _ db: Database, _ context: AnswerContext) throws {
        now = context.now
        today = context.calendar.day(of: context.now)
        let signals = try db.cachedStatement(sql: "SELECT * FROM churn_signals WHERE subject = ?")
        let days = try db.cachedStatement(
            sql: """
                SELECT active_days, first_active_day, last_active_day, last_active_sequence
                FROM churn_customers WHERE subject = ? AND active_days > 0
                """)
        for subject in subjects {
            let rows = try Row.fetchCursor(signals, arguments: [subject])
            while let row = try rows.next() { add(row) }
            if let row = try Row.fetchOne(days, arguments: [subject]) { addActivity(row) }
        }
        standing.sort { ($0.kind, $0.since, $0.sequence) < ($1.kind, $1.since, $1.sequence) }
    }

    private mutating func add(_ row: Row) {
        guard let since = try? Instant(rfc3339: row["since"] as String), since <= now else { return }
        if let until = (row["until"] as String?).flatMap({ try? Instant(rfc3339: $0) }), until <= now { return }
        standing.append(
            Signal(
                kind: row["signal"], key: row["key"], since: since,
                sequence: UInt64(clamping: row["sequence"] as Int64), value: row["value"],
                scaleMin: row["scale_min"], scaleMax: row["scale_max"]))
    }

    private mutating func addActivity(_ row: Row) {
        guard let first = (row[1] as String?).flatMap({ DayCalendar.day(of: $0) }),
            let last = (row[2] as String?).flatMap({ DayCalendar.day(of: $0) })
        else { return }
        // Days that two merged subjects share count twice: the usual gap of such a customer is a little short.
        activity.days += row[0] as Int
        activity.firstDay = min(activity.firstDay, first)
        if last >= activity.lastDay {
            activity.lastDay = last
            activity.lastSequence = max(activity.lastSequence, UInt64(clamping: (row[3] as Int64?) ?? 0))
        }
    }

    /// What holds now of one kind.
    func of(_ kind: String) -> [Signal] { standing.filter { $0.kind == kind } }

    /// Whole days from an instant to now.
    func age(_ signal: Signal) -> Double {
        Double(max(0, now.microseconds - signal.since.microseconds)) / 86_400_000_000
    }

    /// Tickets that have been open for too long.
    var overdueTickets: [Signal] { of("ticket").filter { age($0) > Double(ChurnFeature.ticketDaysMax) } }

    /// The contract that binds the customer longest today; open-ended before dated.
    var activeContract: Signal? {
        let todayText = DayCalendar.text(of: today)
        return of("contract").filter { $0.value.map { $0 >= todayText } ?? true }
            .max { ($0.value ?? "~", $0.sequence) < ($1.value ?? "~", $1.sequence) }
    }

    /// The last answered survey whose scale is known: 0 = worst answer, 1 = best.
    var lastSurvey: (signal: Signal, place: Double)? {
        guard let last = of("survey").last,
            let score = last.value.flatMap({ DecimalAmount($0) })?.approximation,
            let best = last.scaleMax.flatMap({ DecimalAmount($0) })?.approximation
        else { return nil }
        let least = last.scaleMin.flatMap { DecimalAmount($0) }?.approximation ?? 0
        guard best > least else { return nil }
        return (last, min(1, max(0, (score - least) / (best - least))))
    }

    /// Days since the customer last did something, and his usual gap; `nil` below two such days.
    var silence: (days: Int, usualGap: Double)? {
        guard activity.days > 1, activity.lastDay > activity.firstDay, activity.lastDay <= today else { return nil }
        return (today - activity.lastDay, Double(activity.lastDay - activity.firstDay) / Double(activity.days - 1))
    }

    /// The value of a feature, and the events behind it.
    func value(of feature: ChurnFeature, _ model: ChurnModel) -> (value: Double, sequences: [UInt64]) {
        func faded(_ signals: [Signal]) -> (Double, [UInt64]) {
            let weights = signals.map { signal in
                model.halfLife(feature).map { Logit.weight(age: age(signal), halfLife: $0) } ?? 1
            }
            return (weights.reduce(0, +), signals.map(\.sequence))
        }
        switch feature {
        case .openComplaints: return faded(of("complaint"))
        case .overdueTickets: return faded(overdueTickets)
        case .unsubscribes: return faded(of("unsubscribe"))
        case .lowSurvey:
            guard let (signal, place) = lastSurvey, place < 0.5 else { return (0, []) }
            let (weight, sequences) = faded([signal])
            return (weight * (1 - 2 * place), sequences)
        case .silence:
            guard let silence else { return (0, []) }
            return (
                min(ChurnFeature.silenceMax, Double(silence.days) / silence.usualGap), [activity.lastSequence]
            )
        }
    }
}
