/// A small seeded random generator (SplitMix64), the same on every machine.
package struct ReferenceRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that repeats itself for the same seed.
    package init(seed: UInt64) {
        state = seed
        state = next()  // so that neighbouring seeds do not make the same numbers, shifted
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// True in about one of `n` cases.
    package mutating func oneIn(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }

    /// One of the choices; there is at least one.
    package mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }
}

/// An event of a random history, before a log has taken it.
package struct RandomEvent: Sendable {
    package var id: String
    package var source: String
    package var type: String
    package var subject: String?
    package var time: String
    /// JSON text.
    package var data: String

    private var names: String { #""specversion":"1.0","id":"\#(id)","source":"\#(source)","type":"\#(type)","# }
    private var who: String { subject.map { #""subject":"\#($0)","# } ?? "" }

    /// The line as a sender sends it.
    package var senderLine: String { "{\(names)\(who)\"time\":\"\(time)\",\"data\":\(data)}" }

    /// The line as a log stores it.
    package func storedLine(sequence: Int, subjectSequence: Int, recorded: String) -> String {
        let digits = String(sequence)
        let padded = String(repeating: "0", count: 20 - digits.count) + digits
        let version = subject == nil ? "" : ",\"subjectsequence\":\(subjectSequence)"
        return
            "{\(names)\(who)\"time\":\"\(time)\",\"recordedtime\":\"\(recorded)\",\"sequence\":\"\(padded)\"\(version)"
            + ",\"data\":\(data)}"
    }
}

/// A random history: few customers and few ids, so that things collide; any type at any time in any order, with
/// retractions (of retractions, of what is not there yet, of another subject's), merges in chains and circles.
///
/// It makes no sense as a life. It is meant to reach every rule of the views in few events.
package struct RandomHistory: Sendable {
    package var events: [RandomEvent] = []
    /// Days of the history, from 2025-03-01 on (clocks change in many zones within it).
    static let days = 60
    private var random: ReferenceRandom
    private var subjects: [String?] = []

    /// Makes a history of `count` events.
    package init(seed: UInt64, count: Int) {
        random = ReferenceRandom(seed: seed)
        let all = ["C-1", "C-2", "C-3", "C-4", "C-5", "lead:L-1", "lead:L-2"]
        subjects = (0..<count).map { _ in random.oneIn(25) ? nil : random.pick(all) }
        for index in 0..<count { events.append(make(index)) }
    }

    /// The lines as a log stores them: recorded one a second from 2025-05-01 on.
    package var storedLines: [String] {
        var versions: [String: Int] = [:]
        return events.enumerated().map { sequence, event in
            if let subject = event.subject { versions[subject, default: 0] += 1 }
            let second = sequence % 60
            let minute = sequence / 60 % 60
            let recorded = "2025-05-01T\(Self.two(sequence / 3600)):\(Self.two(minute)):\(Self.two(second)).000000Z"
            return event.storedLine(
                sequence: sequence, subjectSequence: event.subject.map { versions[$0, default: 0] } ?? 0,
                recorded: recorded)
        }
    }

    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func name(_ index: Int) -> (source: String, id: String) { (index % 3 == 0 ? "/b" : "/a", "e\(index)") }

    private mutating func make(_ index: Int) -> RandomEvent {
        let (source, id) = name(index)
        let (type, fields) = subjects[index] == nil ? systemBody(index) : body(index)
        let data = "{" + fields.joined(separator: ",") + "}"
        return RandomEvent(
            id: id, source: source, type: type, subject: subjects[index], time: time(index), data: data)
    }

    /// Mostly in order, often late, sometimes at one and the same moment; two senders in two zones.
    private mutating func time(_ index: Int) -> String {
        let hours = Self.days * 24
        var hour = index * hours / max(1, subjects.count)
        if random.oneIn(3) { hour = Int.random(in: 0..<hours, using: &random) }
        if random.oneIn(3) { hour = hour / 48 * 48 }
        let minute = random.oneIn(2) ? 0 : Int.random(in: 0..<60, using: &random)
        let fraction = random.oneIn(4) ? ".25" : random.oneIn(8) ? ".000001" : ""
        let day = hour / 24
        let date = day < 31 ? "2025-03-\(Self.two(day + 1))" : "2025-04-\(Self.two(day - 30))"
        let zone = random.oneIn(3) ? "+08:00" : "Z"
        return "\(date)T\(Self.two(hour % 24)):\(Self.two(minute)):00\(fraction)\(zone)"
    }

    private mutating func systemBody(_ index: Int) -> (String, [String]) {
        if random.oneIn(4) { return ("event.retracted", retraction(index)) }
        return ("campaign.defined", [text("campaign", ["spring", "618"]), text("name", ["Spring", "年中"])])
    }

    /// Names another event, mostly one of the same subject that came before.
    private mutating func retraction(_ index: Int) -> [String] {
        let same = subjects.indices.filter { $0 != index && subjects[$0] == subjects[index] }
        let before = same.filter { $0 < index }
        let corrections = before.filter { events[$0].type == "event.retracted" || events[$0].type == "customer.merged" }
        var target = Int.random(in: 0..<subjects.count, using: &random)
        if !corrections.isEmpty, random.oneIn(2) {
            target = random.pick(corrections)
        } else if !before.isEmpty, !random.oneIn(5) {
            target = random.pick(before)
        } else if !same.isEmpty {
            target = random.pick(same)
        }
        if target == index { target = (index + 1) % subjects.count }
        let named = name(target)
        return [#""event":{"source":"\#(named.source)","id":"\#(named.id)"}"#]
    }

    // Fields

    private mutating func text(_ key: String, _ choices: [String]) -> String {
        "\"\(key)\":\"\(random.pick(choices))\""
    }

    /// The field in two of three cases.
    private mutating func maybe(_ key: String, _ choices: [String]) -> [String] {
        random.oneIn(3) ? [] : [text(key, choices)]
    }

    private mutating func number(_ key: String, _ range: ClosedRange<Int>) -> String {
        "\"\(key)\":\(Int.random(in: range, using: &random))"
    }

    private mutating func money(_ required: Bool) -> [String] {
        if !required, random.oneIn(3) { return [] }
        var fields = [text("amount", ["0", "0.00", "10.10", "129.90", "5", "1000.005"])]
        if required || !random.oneIn(4) { fields.append(text("currency", ["CNY", "CNY", "CNY", "USD", "JPY"])) }
        return fields
    }

    private mutating func body(_ index: Int) -> (String, [String]) {
        let r = Int.random(in: 0..<100, using: &random)
        switch r {
        case 0..<15: return customer()
        case 15..<32: return purchase()
        case 32..<52: return deal()
        case 52..<58: return lead()
        case 58..<72: return service()
        case 72..<80: return interaction()
        case 80..<86: return campaign()
        case 86..<92: return other()
        default: return ("event.retracted", retraction(index))
        }
    }

    private mutating func customer() -> (String, [String]) {
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            return (
                "customer.registered",
                maybe("name", ["王芳", "Ann"]) + maybe("email", ["a@example.com"])
                    + maybe("owner", ["li", "ma"]) + maybe("city", ["上海", "Bern"])
            )
        case 1, 2:
            let fields =
                maybe("name", ["王敏", "Bob"]) + maybe("city", ["成都"]) + maybe("owner", ["zhou"])
                + (random.oneIn(4) ? ["\"email\":null"] : []) + (random.oneIn(4) ? ["\"age\":41"] : [])
                + (random.oneIn(4) ? ["\"vip\":true"] : [])
            return ("customer.updated", ["\"set\":{\(fields.joined(separator: ","))}"])
        case 3: return ("customer.assigned", [text("owner", ["li", "ma", "zhou"])] + maybe("team", ["a", "b"]))
        case 4: return ("customer.tagged", [text("tag", ["vip", "新客"])])
        case 5: return ("customer.untagged", [text("tag", ["vip", "新客"])])
        case 6: return ("customer.tier_changed", [text("to", ["gold", "silver"])])
        case 7, 8: return ("customer.merged", [text("into", ["C-1", "C-2", "C-3", "C-4", "C-9"])])
        case 9: return ("customer.unmerged", [])
        case 10: return ("identity.linked", [text("kind", ["wechat", "erp"]), text("value", ["v1", "v2"])])
        default: return ("identity.unlinked", [text("kind", ["wechat", "erp"]), text("value", ["v1", "v2"])])
        }
    }

    private mutating func purchase() -> (String, [String]) {
        let orders = ["O-1", "O-2", "O-3", "O-4"]
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<5:
            return ("purchase.completed", [text("order", orders)] + money(true) + maybe("channel", ["store", "web"]))
        case 5, 6: return ("purchase.refunded", maybe("order", orders) + money(false))
        default: return ("purchase.cancelled", [text("order", orders)])
        }
    }

    private mutating func deal() -> (String, [String]) {
        let opportunity = text("opportunity", ["P-1", "P-2", "P-3"])
        let stages = ["new", "offer", "legal"]
        switch Int.random(in: 0..<15, using: &random) {
        case 0..<4:
            return (
                "opportunity.opened",
                [opportunity] + maybe("stage", stages) + maybe("owner", ["li", "ma"])
                    + money(false) + (random.oneIn(3) ? [text("pipeline", ["big"])] : [])
                    + (random.oneIn(3) ? [text("lead", ["L-1", "L-2"])] : [])
            )
        case 4..<8:
            return (
                "opportunity.stage_changed",
                [opportunity, text("to", stages)] + maybe("from", stages)
                    + (random.oneIn(6) ? [text("pipeline", ["big", "default"])] : [])
            )
        case 8:
            return ("opportunity.amount_changed", [opportunity] + money(true))
        case 9: return ("opportunity.assigned", [opportunity, text("owner", ["li", "ma", "zhou"])])
        case 10: return ("opportunity.won", [opportunity] + money(false))
        case 11: return ("opportunity.lost", [opportunity] + maybe("reason", ["price", "无预算"]))
        case 12: return ("opportunity.reopened", [opportunity] + maybe("stage", stages))
        case 13:
            return (
                "quote.sent", [text("quote", ["Q-1", "Q-2"])] + maybe("opportunity", ["P-1", "P-2"]) + money(false)
            )
        default:
            let type = random.pick(["contract.signed", "contract.renewed", "contract.ended"])
            return (
                type,
                [text("contract", ["CT-1"])] + maybe("opportunity", ["P-1", "P-2"])
                    + maybe("ends", ["2025-12-31"]) + money(false)
            )
        }
    }

    private mutating func lead() -> (String, [String]) {
        let lead = text("lead", ["L-1", "L-2"])
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1: return ("lead.captured", [lead] + maybe("origin", ["web"]))
        case 2: return ("lead.assigned", [lead, text("owner", ["li", "ma"])])
        case 3: return ("lead.qualified", [lead] + maybe("opportunity", ["P-1", "P-2"]))
        default: return ("lead.disqualified", [lead] + maybe("reason", ["price"]))
        }
    }

    private mutating func service() -> (String, [String]) {
        let family = random.pick(["complaint", "ticket"])
        let state = random.pick([
            "opened", "opened", "assigned", "responded", "escalated", "waiting", "resolved", "resolved", "notified",
            "reopened", "closed",
        ])
        return (
            "\(family).\(state)",
            [text(family, ["X-1", "X-2"])] + maybe("agent", ["li", "ma"])
                + (state == "opened" ? maybe("severity", ["low", "high"]) : [])
        )
    }

    private mutating func interaction() -> (String, [String]) {
        var about: [String] = []
        if random.oneIn(2) { about.append(text(random.pick(["complaint", "ticket"]), ["X-1", "X-2"])) }
        if random.oneIn(4) { about.append(text("task", ["K-1", "K-2"])) }
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            return (
                "call.completed", [text("direction", ["inbound", "outbound"]), number("seconds", 0...600)] + about
            )
        case 1: return ("message.received", [text("channel", ["wechat", "email"])] + about)
        case 2, 3: return ("message.sent", [text("channel", ["wechat", "email"])] + about + maybe("agent", ["li"]))
        default: return (random.pick(["meeting.held", "visit.made"]), about + maybe("agent", ["li"]))
        }
    }

    private mutating func campaign() -> (String, [String]) {
        let kind = random.pick([
            "sent", "sent", "sent", "delivered", "opened", "clicked", "bounced", "redeemed", "redeemed", "unsubscribed",
        ])
        return (
            "campaign.\(kind)",
            [text("campaign", ["spring", "618", "winback"])] + maybe("variant", ["A", "B"])
                + maybe("channel", ["email", "sms"]) + maybe("touch", ["T-1", "T-2"])
        )
    }

    private mutating func other() -> (String, [String]) {
        switch Int.random(in: 0..<11, using: &random) {
        case 0: return ("points.earned", [number("points", 1...50)])
        case 1: return (random.pick(["points.redeemed", "points.expired"]), [number("points", 1...20)])
        case 2: return ("points.adjusted", [number("points", -10...10)])
        case 3, 4:
            return (
                "task.scheduled",
                [text("task", ["K-1", "K-2"]), text("due", ["2025-06-01T08:00:00+08:00"])]
                    + maybe("owner", ["li"])
            )
        case 5: return (random.pick(["task.completed", "task.cancelled"]), [text("task", ["K-1", "K-2"])])
        case 6, 7:
            return (
                random.pick(["consent.given", "consent.withdrawn"]),
                [text("purpose", ["marketing", "profiling"])] + maybe("channel", ["email", "sms"])
            )
        case 8: return ("survey.sent", [text("survey", ["S-1", "S-2"])])
        case 9: return ("survey.answered", [text("survey", ["S-1", "S-2"]), number("score", 0...10)])
        default:
            return (
                random.pick(["x.weather_seen", "record.viewed", "product.viewed"]),
                [text("by", ["li"]), text("product", ["SKU-1"])]
            )
        }
    }
}
