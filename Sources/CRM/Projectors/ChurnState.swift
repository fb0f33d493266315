import EventLog
import Projection

/// What the churn view holds of one subject, or of the system events.
public struct ChurnState: Sendable {
    let subject: String?
    var hasEvents = false
    var ledger = PurchasesLedger()
    private(set) var signals: [Signal] = []
    private var places: [SignalKey: Int] = [:]
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

    private struct SignalKey: Sendable, Hashable {
        var kind: String
        var key: String
    }

    /// The days on which the customer did something.
    ///
    /// Events come in order of time, so counting changes is enough.
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

    /// Up to this many signals are searched one by one; past it there is an index.
    private static let unindexedSignalsMax = 12

    private func index(_ kind: String, _ key: String) -> Int? {
        if places.isEmpty { return signals.firstIndex { $0.key == key && $0.kind == kind } }
        return places[SignalKey(kind: kind, key: key)]
    }

    private mutating func add(_ signal: Signal) {
        signals.append(signal)
        if !places.isEmpty {
            places[SignalKey(kind: signal.kind, key: signal.key)] = signals.count - 1
        } else if signals.count > Self.unindexedSignalsMax {
            for (place, signal) in signals.enumerated() {
                places[SignalKey(kind: signal.kind, key: signal.key)] = place
            }
        }
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
            add(Signal(kind: kind, key: key, since: moment))
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
        if let place = index("unsubscribe", key), signals[place].until == nil {
            signals[place].value = event.time.rfc3339
            return
        }
        put(Signal(kind: "unsubscribe", key: key, since: Moment(event)))
    }

    /// The customer wants to hear again, or says so for the first time.
    ///
    /// Kept in any case: under another subject of the same customer he may have said otherwise before.
    mutating func subscribe(_ key: String, _ event: StoredEvent) {
        if let place = index("unsubscribe", key), signals[place].until == nil {
            signals[place].until = Moment(event)
        } else {
            put(Signal(kind: "unsubscribe", key: key, since: Moment(event), until: Moment(event)))
        }
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
        if let place = index(signal.kind, signal.key) { signals[place] = signal } else { add(signal) }
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
            for model in state.models { rows.insert(row: model.row.span, table: ChurnTables.modelsIndex) }
            return
        }
        let lines = purchaseLines(state.ledger)
        for line in lines {
            rows.insert(
                [
                    .text(subject), .text(DayCalendar.text(of: line.day)), .text(line.currency),
                    .integer(Int64(line.orders)), .text(line.spend.description), SQLValue(sequence: line.sequence),
                ], table: ChurnTables.purchaseDaysIndex)
        }
        insertCustomer(subject, lines, state.activity, into: &rows)
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

    /// The orders of one day in one currency.
    private struct Line {
        var day: Int
        var currency: String
        var orders: Int
        var spend: DecimalAmount
        var sequence: UInt64
    }

    /// The purchase days in order, a line a currency.
    private func purchaseLines(_ ledger: PurchasesLedger) -> [Line] {
        var single: [Line] = []
        for order in ledger.orders where order.makesPurchaseDay {
            guard let completed = order.completed else { continue }
            let day = calendar.day(of: completed.time)
            order.forEachLine { line in
                single.append(
                    Line(
                        day: day, currency: line.currency, orders: 1, spend: line.net, sequence: completed.sequence))
            }
        }
        single.sort { ($0.day, $0.currency, $0.sequence) < ($1.day, $1.currency, $1.sequence) }
        var lines: [Line] = []
        for line in single {
            guard let last = lines.last, last.day == line.day, last.currency == line.currency else {
                lines.append(line)
                continue
            }
            lines[lines.count - 1].orders += 1
            // Amounts are bounded where the ledger reads them, so the sum fits.
            lines[lines.count - 1].spend = last.spend.adding(line.spend) ?? last.spend
            lines[lines.count - 1].sequence = max(last.sequence, line.sequence)
        }
        return lines
    }

    private func insertCustomer(
        _ subject: String, _ lines: [Line], _ activity: ChurnState.Activity, into rows: inout RowCollector
    ) {
        func text(_ day: Int?) -> SQLValue { SQLValue(day.map { DayCalendar.text(of: $0) }) }
        func sequence(_ day: Int?) -> SQLValue {
            SQLValue(sequence: lines.lazy.filter { $0.day == day }.map(\.sequence).max())
        }
        var days = 0
        for index in lines.indices where index == 0 || lines[index].day != lines[index - 1].day { days += 1 }
        let (first, last) = (lines.first?.day, lines.last?.day)
        let isActive = activity.days > 0
        rows.insert(
            [
                .text(subject), .integer(Int64(days)), text(first), text(last), sequence(first), sequence(last),
                .integer(Int64(activity.days)), text(isActive ? activity.firstDay : nil),
                text(isActive ? activity.lastDay : nil), SQLValue(sequence: isActive ? activity.lastSequence : nil),
            ], table: ChurnTables.customersIndex)
    }
}
