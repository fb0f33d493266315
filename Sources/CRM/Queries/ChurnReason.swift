/// Why a customer has the score he has, in plain words, with the events that show it.
public struct ChurnReason: Encodable, Sendable, Equatable {
    /// A stable name of the kind of reason.
    public var code: String
    /// The reason in plain words.
    public var text: String
    /// The events behind it.
    public var sequences: [UInt64]

    /// The reasons of a customer, purchases first.
    static func reasons(_ buyer: ChurnBuyer, _ signals: ChurnSignals) -> [ChurnReason] {
        [purchase(buyer, signals)] + complaints(signals) + endedComplaints(signals) + tickets(signals)
            + survey(signals) + silence(signals) + unsubscribes(signals)
    }

    private static func purchase(_ buyer: ChurnBuyer, _ signals: ChurnSignals) -> ChurnReason {
        let ago = Self.ago(signals.today - buyer.lastDay)
        guard let gap = buyer.usualGap else {
            return ChurnReason(code: "last_purchase", text: "one purchase, \(ago)", sequences: [buyer.lastSequence])
        }
        return ChurnReason(
            code: "last_purchase", text: "last purchase \(ago); usual gap \(days(gap))",
            sequences: [buyer.firstSequence, buyer.lastSequence])
    }

    private static func complaints(_ signals: ChurnSignals) -> [ChurnReason] {
        let open = signals.of("complaint")
        guard let first = open.first else { return [] }
        let age = days(signals.age(first))
        let text =
            open.count == 1 ? "1 complaint open for \(age)" : "\(open.count) complaints open, the oldest for \(age)"
        return [ChurnReason(code: "open_complaints", text: text, sequences: open.map(\.sequence))]
    }

    /// A complaint that ended is told for as long as its share in a score is more than a trifle.
    private static func endedComplaints(_ signals: ChurnSignals) -> [ChurnReason] {
        let ended = signals.endedComplaints.filter { signals.age($0) <= endedDaysMax }
        guard let last = ended.compactMap(\.until).max() else { return [] }
        let ago = Self.ago(Int(signals.age(last)))
        let text =
            ended.count == 1
            ? "1 complaint, resolved or closed \(ago)"
            : "\(ended.count) complaints, the last one resolved or closed \(ago)"
        return [ChurnReason(code: "ended_complaints", text: text, sequences: ended.flatMap(\.sequences))]
    }

    /// Two half-lives of a newly fitted model.
    private static let endedDaysMax = 180.0

    private static func tickets(_ signals: ChurnSignals) -> [ChurnReason] {
        let overdue = signals.overdueTickets
        guard !overdue.isEmpty else { return [] }
        let count = overdue.count == 1 ? "1 ticket" : "\(overdue.count) tickets"
        return [
            ChurnReason(
                code: "overdue_tickets", text: "\(count) open for more than \(ChurnFeature.ticketDaysMax) days",
                sequences: overdue.map(\.sequence))
        ]
    }

    private static func survey(_ signals: ChurnSignals) -> [ChurnReason] {
        guard let (signal, place) = signals.lastSurvey, place < 0.5 else { return [] }
        let scale = "\(signal.scaleMin ?? "0") to \(signal.scaleMax ?? "")"
        let ago = Self.ago(Int(signals.age(signal)))
        return [
            ChurnReason(
                code: "low_survey", text: "last survey answer \(signal.value ?? "") on a scale of \(scale), \(ago)",
                sequences: [signal.sequence])
        ]
    }

    private static func silence(_ signals: ChurnSignals) -> [ChurnReason] {
        guard let silence = signals.silence, Double(silence.days) > 2 * silence.usualGap else { return [] }
        return [
            ChurnReason(
                code: "silence",
                text: "silent for \(days(Double(silence.days))); usually heard of every \(days(silence.usualGap))",
                sequences: [signals.activity.lastSequence])
        ]
    }

    private static func unsubscribes(_ signals: ChurnSignals) -> [ChurnReason] {
        let gone = signals.of("unsubscribe")
        guard let last = gone.last else { return [] }
        return [
            ChurnReason(
                code: "unsubscribes", text: "unsubscribed, \(ago(Int(signals.age(last))))",
                sequences: gone.map(\.sequence))
        ]
    }

    private static func ago(_ days: Int) -> String {
        switch days {
        case ...0: "today"
        case 1: "1 day ago"
        default: "\(days) days ago"
        }
    }

    /// Whole days, or one decimal below ten.
    private static func days(_ days: Double) -> String {
        let tenths = Int((days * 10).rounded())
        if tenths == 10 { return "1 day" }
        return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10) days" : "\(Int(days.rounded())) days"
    }
}
