import EventLog
import Projection

/// What the churn view holds of one subject, or of the system events.
public struct ChurnState: Sendable {
    let subject: String?
    var hasEvents = false
    var ledger = PurchasesLedger()
    private(set) var signals: [Signal] = []
    private(set) var activity = Activity()
    private(set) var models: [ChurnModel] = []

    init(subject: String?) {
        self.subject = subject
    }

    /// A row of `churn_signals`.
    struct Signal: Sendable, Equatable {
        var kind: String
        var key: String
        var since: Moment
        var until: Moment?
        var value: String?
        var scaleMin: String?
        var scaleMax: String?
    }

    /// The days on which the customer did something. Events come in order of time, so counting changes is enough.
    struct Activity: Sendable, Equatable {
        var days = 0
        var firstDay = 0
        var lastDay = 0
        var lastSequence: UInt64 = 0
    }

    /// The customer did something on this day.
    mutating func touch(_ event: StoredEvent, _ day: Int) {
        if activity.days == 0 { activity.firstDay = day }
        // Where clocks are set back across midnight a day may come twice; it counts twice then, which does no harm.
        if activity.days == 0 || day != activity.lastDay { activity.days += 1 }
        activity.lastDay = day
        activity.lastSequence = event.sequence
    }

    private func index(_ kind: String, _ key: String) -> Int? {
        signals.firstIndex { $0.key == key && $0.kind == kind }
    }

    /// A step of a complaint or a ticket, under the rules of the service view: what is named for the first time exists
    /// from then on, and whatever follows a resolution, save words, opens it again.
    mutating func take(_ kind: String, _ step: ChurnProjector.Meaning.Step, _ event: StoredEvent) {
        guard let key = event.data.field(kind) else { return }
        let moment = Moment(event)
        let place: Int
        if let known = index(kind, key) {
            place = known
        } else {
            signals.append(Signal(kind: kind, key: key, since: moment))
            place = signals.count - 1
        }
        if kind == "complaint" { signals[place].value = event.data.field("severity") ?? signals[place].value }
        switch step {
        case .opened, .keepsOpen: break
        case .opensAgain: signals[place].until = nil
        case .ends: signals[place].until = signals[place].until ?? moment
        }
    }

    /// An answered survey; of several answers to one survey the last counts.
    mutating func answer(_ event: StoredEvent) {
        let data = event.data
        let key = data.field("survey") ?? ""
        var signal = Signal(kind: "survey", key: key, since: Moment(event))
        signal.value = data["score"].flatMap { DecimalAmount($0)?.description }
        signal.scaleMin = data["scale_min"].flatMap { DecimalAmount($0)?.description }
        signal.scaleMax = data["scale_max"].flatMap { DecimalAmount($0)?.description }
        put(signal)
    }

    /// The customer wants to hear no more; the first time counts until he subscribes again.
    mutating func unsubscribe(_ key: String, _ event: StoredEvent) {
        if let place = index("unsubscribe", key), signals[place].until == nil { return }
        put(Signal(kind: "unsubscribe", key: key, since: Moment(event)))
    }

    /// The customer wants to hear again.
    mutating func subscribe(_ key: String, _ event: StoredEvent) {
        end("unsubscribe", key, event)
    }

    /// A contract is signed or renewed.
    mutating func sign(_ event: StoredEvent) {
        guard let key = event.data.field("contract") else { return }
        let place = index("contract", key)
        let since = place.map { signals[$0].since } ?? Moment(event)
        let ends = event.data.field("ends") ?? place.flatMap { signals[$0].value }
        put(Signal(kind: "contract", key: key, since: since, value: ends))
    }

    /// What is so no longer is; of what was never so nothing is known.
    mutating func end(_ kind: String, _ key: String?, _ event: StoredEvent) {
        guard let key, let place = index(kind, key), signals[place].until == nil else { return }
        signals[place].until = Moment(event)
    }

    private mutating func put(_ signal: Signal) {
        if let place = index(signal.kind, signal.key) { signals[place] = signal } else { signals.append(signal) }
    }

    /// A model is published; one that cannot be used is an anomaly.
    mutating func publish(_ event: StoredEvent, _ anomalies: inout AnomalyCollector) {
        hasEvents = true
        switch ChurnModel.read(event) {
        case .success(let model): models.append(model)
        case .failure(let reason): anomalies.report(event, "unusable_model", reason.description)
        }
    }
}

/// Writes the rows of a state.
struct ChurnRows {
    let calendar: DayCalendar

    func emit(_ state: ChurnState, into rows: inout RowCollector) {
        guard state.hasEvents else { return }
        guard let subject = state.subject else {
            for model in state.models { rows.insert(model.row, table: ChurnTables.modelsIndex) }
            return
        }
        let days = purchaseDays(state.ledger)
        for day in days {
            for line in day.lines {
                rows.insert(
                    [
                        .text(subject), .text(DayCalendar.text(of: day.day)), .text(line.currency),
                        .integer(Int64(line.orders)), .text(line.spend.description),
                        SQLValue(sequence: line.last.sequence),
                    ], table: ChurnTables.purchaseDaysIndex)
            }
        }
        rows.insert(customer(subject, days, state.activity), table: ChurnTables.customersIndex)
        for signal in state.signals {
            rows.insert(
                [
                    .text(subject), .text(signal.kind), .text(signal.key), SQLValue(signal.since.time),
                    SQLValue(sequence: signal.since.sequence), SQLValue(signal.until?.time),
                    SQLValue(sequence: signal.until?.sequence), SQLValue(signal.value), SQLValue(signal.scaleMin),
                    SQLValue(signal.scaleMax),
                ], table: ChurnTables.signalsIndex)
        }
    }

    private struct Line {
        var currency: String
        var orders: Int
        var spend: DecimalAmount
        var last: Moment
    }

    private struct Day {
        var day: Int
        var lines: [Line]

        var last: Moment? { lines.map(\.last).max() }
    }

    /// The purchase days in order, each with a line a currency, sorted.
    private func purchaseDays(_ ledger: PurchasesLedger) -> [Day] {
        var lines: [Int: [Line]] = [:]
        for order in ledger.orders where order.makesPurchaseDay {
            guard let completed = order.completed else { continue }
            let moment = Moment(time: completed.time, sequence: completed.sequence)
            let day = calendar.day(of: completed.time)
            for line in order.lines {
                var known = lines[day] ?? []
                if let place = known.firstIndex(where: { $0.currency == line.currency }) {
                    known[place].orders += 1
                    known[place].spend = known[place].spend.adding(line.net) ?? known[place].spend
                    known[place].last = max(known[place].last, moment)
                } else {
                    known.append(Line(currency: line.currency, orders: 1, spend: line.net, last: moment))
                }
                lines[day] = known
            }
        }
        return lines.keys.sorted().map { day in
            Day(day: day, lines: (lines[day] ?? []).sorted { $0.currency < $1.currency })
        }
    }

    private func customer(_ subject: String, _ days: [Day], _ activity: ChurnState.Activity) -> [SQLValue] {
        func text(_ day: Int?) -> SQLValue { SQLValue(day.map { DayCalendar.text(of: $0) }) }
        let isActive = activity.days > 0
        return [
            .text(subject), .integer(Int64(days.count)), text(days.first?.day), text(days.last?.day),
            SQLValue(sequence: days.first?.last?.sequence), SQLValue(sequence: days.last?.last?.sequence),
            .integer(Int64(activity.days)), text(isActive ? activity.firstDay : nil),
            text(isActive ? activity.lastDay : nil), SQLValue(sequence: isActive ? activity.lastSequence : nil),
        ]
    }
}
