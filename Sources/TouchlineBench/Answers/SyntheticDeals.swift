import CRM
import EventLog
import SystemPackage

/// A year of opportunities: each is opened, goes through three to five stages, and most are won or lost.
struct SyntheticDeals {
    /// How many there are.
    var deals: Int

    /// What happens to a deal, and when.
    private struct Step {
        var second: Int
        var deal: Int
        var what: What
    }

    private enum What {
        case opened
        case moved(Int)
        case amount
        case won
        case lost
        case reopened
    }

    static let firstDay = DayCalendar.number(year: 2025, month: 1, day: 1)
    /// Days on which deals are opened.
    static let days = 365
    /// About so many bytes a deal takes as lines, in the log and in the views.
    static let bytesPerDeal: UInt64 = 6_000
    private static let stages = ["qualify", "proposal", "negotiation", "contract", "closing"]
    private static let daySeconds = 86_400

    /// Writes their events in order of time as NDJSON; the number of events.
    func write(_ path: FilePath, _ progress: BenchProgress) throws -> UInt64 {
        let file = try LineFile(path)
        var chance = Chance(state: 5)
        var steps: [Step] = []
        for deal in 0..<deals { Self.live(deal, &chance, &steps) }
        // Two steps of one second keep the deals' order, and a deal's steps never share a second.
        steps.sort { ($0.second, $0.deal) < ($1.second, $1.deal) }
        for step in steps {
            let (type, data) = text(step, &chance)
            let time = Instant(
                microseconds: (Int64(Self.firstDay) * Int64(Self.daySeconds) + Int64(step.second)) * 1_000_000)
            try file.add(
                SyntheticEvent(
                    source: "/crm", type: "opportunity." + type, subject: "C-" + padded(step.deal * 7_919 % deals, 6),
                    time: time.rfc3339, data: Array(data.utf8)))
            if file.count % 4_096 == 0 { try progress("making deals", file.count, of: UInt64(steps.count)) }
        }
        try file.close()
        return file.count
    }

    private static func live(_ deal: Int, _ chance: inout Chance, _ steps: inout [Step]) {
        var second = chance.below(days * daySeconds)
        func add(_ what: What) { steps.append(Step(second: second, deal: deal, what: what)) }
        add(.opened)
        for stage in 1..<(3 + chance.below(3)) {
            second += 1 + chance.below(30 * daySeconds)
            add(.moved(stage))
        }
        if chance.happens(0.2) {
            second += 1 + chance.below(daySeconds)
            add(.amount)
        }
        second += 1 + chance.below(30 * daySeconds)
        let end = chance.unit()
        guard end < 0.75 else { return }
        add(end < 0.4 ? .won : .lost)
        if end < 0.05 {
            second += 3 * daySeconds
            add(.reopened)
        }
    }

    /// A step's type, without its family, and its data.
    private func text(_ step: Step, _ chance: inout Chance) -> (type: String, data: String) {
        let deal = #"{"opportunity":"opp-\#(padded(step.deal, 6))""#
        switch step.what {
        case .opened:
            return (
                "opened",
                deal + #","stage":"\#(Self.stages[0])","owner":"owner-\#(step.deal % 40)","amount":"#
                    + #""\#(chance.amount(100, 90_000))","currency":"\#(step.deal % 5 == 0 ? "USD" : "CNY")","origin":"#
                    + #""\#(chance.pick(["web", "fair", "call"]))","product":"SKU-\#(step.deal % 20)"}"#
            )
        case .moved(let stage): return ("stage_changed", deal + #","to":"\#(Self.stages[stage])"}"#)
        case .amount: return ("amount_changed", deal + #","amount":"\#(chance.amount(100, 90_000))"}"#)
        case .won: return ("won", deal + "}")
        case .lost: return ("lost", deal + #","reason":"\#(chance.pick(["price", "timing", "无预算"]))"}"#)
        case .reopened: return ("reopened", deal + "}")
        }
    }
}
