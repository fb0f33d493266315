import BuyTillYouDie
import EventLog
import GRDB

/// What the views say of a customer beside purchases, merged subjects taken together.
struct ChurnSignals {
    /// A row of `churn_signals` that holds now, or a complaint that has ended.
    struct Signal {
        var kind: String
        var key: String
        var since: Instant
        var sequence: UInt64
        var until: Instant?
        var untilSequence: UInt64?
        var value: String?
        var scaleMin: String?
        var scaleMax: String?

        /// The events that tell of it.
        var sequences: [UInt64] { untilSequence.map { [sequence, $0] } ?? [sequence] }
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
    /// Complaints that were resolved or closed, likewise.
    private(set) var endedComplaints: [Signal] = []
    /// Where the customer subscribed again.
    private var subscribed: [Signal] = []
    private(set) var activity = Activity()
    let now: Instant
    let today: Int

    /// No signals yet; add rows, then `settle`.
    init(_ context: AnswerContext) {
        now = context.now
        today = context.calendar.day(of: context.now)
    }

    /// Reads the signals of some subjects as of the context's now.
    init(_ subjects: [String], _ db: Database, _ context: AnswerContext) throws {
        self.init(context)
        let signals = try db.cachedStatement(sql: "SELECT * FROM churn_signals WHERE subject = ?")
        let days = try db.cachedStatement(
            sql: """
                SELECT active_days, first_active_day, last_active_day, last_active_sequence
                FROM churn_customers WHERE subject = ?
                """)
        for subject in subjects {
            let rows = try Row.fetchCursor(signals, arguments: [subject])
            while let row = try rows.next() { add(row) }
            if let row = try Row.fetchOne(days, arguments: [subject]) { addActivity(row, from: 0) }
        }
        if subjects.count > 1 {
            activity.days -= try Self.sharedPurchaseDays(subjects, db)
            // What is not known singly may not make more days than there were.
            if activity.days > 0 { activity.days = min(activity.days, activity.lastDay - activity.firstDay + 1) }
            joinUnsubscribes()
        }
        settle()
    }

    /// Of a channel or a consent the customer's newest word holds, under whichever subject he said it, and it counts
    /// once, since it was first so.
    private mutating func joinUnsubscribes() {
        let heard = Dictionary(grouping: subscribed, by: \.key).mapValues { signals in
            signals.compactMap { signal in signal.until.map { ($0, signal.untilSequence ?? 0) } }.max { $0 < $1 }
        }
        var joined: [String: Signal] = [:]
        for var signal in of("unsubscribe") {
            if let word = heard[signal.key] ?? nil, (signal.since, signal.sequence) < word {
                guard let again = signal.value.flatMap({ try? Instant(rfc3339: $0) }), again > word.0 else { continue }
                signal.since = again
            }
            if let known = joined[signal.key], (known.since, known.sequence) < (signal.since, signal.sequence) {
                continue
            }
            joined[signal.key] = signal
        }
        standing.removeAll { $0.kind == "unsubscribe" }
        standing += joined.values
    }

    /// By how much the days on which several subjects bought count too often if each subject's are added up.
    ///
    /// Days on which one bought and another did something else, or both did, are not known singly and count twice.
    private static func sharedPurchaseDays(_ subjects: [String], _ db: Database) throws -> Int {
        let statement = try db.cachedStatement(sql: "SELECT DISTINCT day FROM purchase_days WHERE subject = ?")
        var seen: Set<String> = []
        var shared = 0
        for subject in subjects {
            for day in try String.fetchAll(statement, arguments: [subject]) where !seen.insert(day).inserted {
                shared += 1
            }
        }
        return shared
    }

    /// Takes a row of `churn_signals`.
    mutating func add(_ row: Row) {
        guard let since = try? Instant(rfc3339: row["since"] as String), since <= now else { return }
        let until = (row["until"] as String?).flatMap { try? Instant(rfc3339: $0) }
        let hasEnded = until.map { $0 <= now } ?? false
        let kind: String = row["signal"]
        guard !hasEnded || kind == "complaint" || kind == "unsubscribe" else { return }
        let signal = Signal(
            kind: kind, key: row["key"], since: since, sequence: UInt64(clamping: row["sequence"] as Int64),
            until: hasEnded ? until : nil,
            untilSequence: hasEnded ? (row["until_sequence"] as Int64?).map { UInt64(clamping: $0) } : nil,
            value: row["value"], scaleMin: row["scale_min"], scaleMax: row["scale_max"])
        if !hasEnded {
            standing.append(signal)
        } else if kind == "complaint" {
            endedComplaints.append(signal)
        } else {
            subscribed.append(signal)
        }
    }

    /// Takes four columns: days, the first and last of them, and the last event.
    mutating func addActivity(_ row: Row, from column: Int) {
        guard let first = (row[column + 1] as String?).flatMap({ DayCalendar.day(of: $0) }),
            let last = (row[column + 2] as String?).flatMap({ DayCalendar.day(of: $0) })
        else { return }
        activity.days += row[column] as Int
        activity.firstDay = min(activity.firstDay, first)
        if last >= activity.lastDay {
            activity.lastDay = last
            activity.lastSequence = max(activity.lastSequence, UInt64(clamping: (row[column + 3] as Int64?) ?? 0))
        }
    }

    /// Puts what was added in order, so that sums do not depend on the order of rows.
    mutating func settle() {
        func arrange(_ signals: inout [Signal]) {
            guard signals.count > 1 else { return }
            signals.sort { ($0.kind, $0.since, $0.sequence) < ($1.kind, $1.since, $1.sequence) }
        }
        arrange(&standing)
        arrange(&endedComplaints)
    }

    /// What holds now of one kind.
    func of(_ kind: String) -> [Signal] { standing.filter { $0.kind == kind } }

    /// Days from an instant to now, not whole.
    func age(_ instant: Instant) -> Double {
        Double(max(0, now.microseconds - instant.microseconds)) / 86_400_000_000
    }

    /// Days since a signal began, not whole.
    func age(_ signal: Signal) -> Double { age(signal.since) }

    /// Tickets that have been open for too long.
    var overdueTickets: [Signal] { of("ticket").filter { age($0) > Double(ChurnFeature.ticketDaysMax) } }

    /// The contract that binds the customer longest today; open-ended before dated.
    var activeContract: Signal? {
        let todayText = DayCalendar.text(of: today)
        return of("contract").filter { $0.value.map { $0 >= todayText } ?? true }
            .max { ($0.value ?? "~", $0.sequence) < ($1.value ?? "~", $1.sequence) }
    }

    /// The last answered survey, and its place on its scale: 0 worst, 1 best; `nil` without a usable scale.
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
}

// MARK: - Features

extension ChurnSignals {
    /// The value of a feature under a model's half-lives.
    func value(of feature: ChurnFeature, _ model: ChurnModel) -> Double {
        value(of: feature, halfLife: model.halfLife(feature))
    }

    /// The value of a feature that counts half after so many days; `nil` = it does not fade.
    func value(of feature: ChurnFeature, halfLife: Double?) -> Double {
        func faded(_ signals: [Signal]) -> Double {
            guard let halfLife else { return Double(signals.count) }
            return signals.reduce(0.0) { $0 + Logit.weight(age: age($1), halfLife: halfLife) }
        }
        if feature == .silence {
            return silence.map { min(ChurnFeature.silenceMax, Double($0.days) / $0.usualGap) } ?? 0
        }
        if standing.isEmpty, endedComplaints.isEmpty { return 0 }
        switch feature {
        case .openComplaints: return faded(of("complaint")) + ChurnFeature.endedShare * faded(endedComplaints)
        case .overdueTickets: return faded(overdueTickets)
        case .unsubscribes: return faded(of("unsubscribe"))
        case .lowSurvey:
            guard let (signal, place) = lastSurvey, place < 0.5 else { return 0 }
            return faded([signal]) * (1 - 2 * place)
        case .silence: return 0
        }
    }

    /// The events behind a feature's value.
    func sequences(of feature: ChurnFeature) -> [UInt64] {
        switch feature {
        case .openComplaints: return (of("complaint") + endedComplaints).flatMap(\.sequences)
        case .overdueTickets: return overdueTickets.map(\.sequence)
        case .unsubscribes: return of("unsubscribe").map(\.sequence)
        case .lowSurvey: return lastSurvey.flatMap { $0.place < 0.5 ? [$0.signal.sequence] : nil } ?? []
        case .silence: return silence == nil ? [] : [activity.lastSequence]
        }
    }
}
