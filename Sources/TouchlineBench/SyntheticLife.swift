package import EventLog

/// Events of a made-up CRM, for measuring: the same for the same seed, and about as large and as alike as real ones.
///
/// Nobody in it exists. They come in requests that can be made in any order, each by its number alone.
package struct SyntheticLife: Sendable {
    /// What ids the events have.
    package enum IDs: String, Sendable, CaseIterable, Encodable {
        /// None: the log names them.
        case none
        /// 36 characters that do not repeat.
        case uuid
    }

    /// Where all chance comes from.
    package var seed: UInt64
    /// How many customers there are.
    package var customers: Int
    /// What ids the events have.
    package var ids: IDs

    /// A life with this seed.
    package init(seed: UInt64, customers: Int, ids: IDs) {
        self.seed = seed
        self.customers = max(1, customers)
        self.ids = ids
    }

    /// The request of this number, of `count` events.
    package func request(_ number: Int, count: Int) -> [EventDraft] {
        // Mixed twice, so that no two requests share a stretch of chance: ids must not repeat.
        var ofSeed = Chance(state: seed)
        var ofRequest = Chance(state: ofSeed.next() &+ UInt64(number))
        var chance = Chance(state: ofRequest.next())
        var events: [EventDraft] = []
        events.reserveCapacity(count)
        var customer = 0
        for index in 0..<count {
            // What happens comes in visits: some events of one customer after the other.
            if index == 0 || chance.below(100) < 45 { customer = draw(&chance) }
            events.append(event(of: customer, at: number * count + index, &chance))
        }
        return events
    }

    /// Some customers come far more often than others.
    private func draw(_ chance: inout Chance) -> Int {
        let first = chance.below(customers)
        return chance.below(100) < 60 ? chance.below(first + 1) : first
    }

    private func event(of customer: Int, at place: Int, _ chance: inout Chance) -> EventDraft {
        let kind = Kind.drawn(&chance)
        let id: String? = ids == .uuid ? chance.uuid() : nil
        return EventDraft(
            id: id, source: kind.source, type: kind.type, subject: "C-" + padded(customer, 6),
            time: time(place, &chance), data: Array(kind.data(&chance).utf8))
    }

    /// Some 3 seconds from event to event, from 2025 on, in months of 28 days.
    private func time(_ place: Int, _ chance: inout Chance) -> String {
        let seconds = place * 3
        let days = seconds / 86_400
        let date = "\(2025 + days / 336)-\(padded(days / 28 % 12 + 1, 2))-\(padded(days % 28 + 1, 2))"
        let clock = "\(padded(seconds / 3600 % 24, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date)T\(clock).\(padded(chance.below(1000), 3))Z"
    }
}

/// Digits with zeros in front.
private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}

/// Chance that a seed repeats (SplitMix64).
private struct Chance {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ end: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(end)).high) }

    mutating func pick(_ words: [String]) -> String { words[below(words.count)] }

    mutating func hex(_ digits: Int) -> String {
        let text = String(next() >> UInt64(64 - 4 * digits), radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    mutating func uuid() -> String { "\(hex(8))-\(hex(4))-4\(hex(3))-a\(hex(3))-\(hex(12))" }

    mutating func amount() -> String { "\(1 + below(below(5_000) + 1)).\(padded(below(100), 2))" }
}

/// What may happen.
private enum Kind: CaseIterable {
    case viewed, sent, received, bought, answered, registered, called, consented, points, ticket, stage

    static func drawn(_ chance: inout Chance) -> Kind {
        // Of a hundred events; about what a company's log holds.
        switch chance.below(100) {
        case ..<20: .viewed
        case ..<38: .sent
        case ..<50: .received
        case ..<64: .bought
        case ..<75: .answered
        case ..<80: .registered
        case ..<86: .called
        case ..<90: .consented
        case ..<94: .points
        case ..<97: .ticket
        default: .stage
        }
    }

    var type: String {
        switch self {
        case .viewed: "product.viewed"
        case .sent: "campaign.sent"
        case .received: "message.received"
        case .bought: "purchase.completed"
        case .answered: "message.sent"
        case .registered: "customer.registered"
        case .called: "call.completed"
        case .consented: "consent.given"
        case .points: "points.earned"
        case .ticket: "ticket.opened"
        case .stage: "opportunity.stage_changed"
        }
    }

    var source: String {
        switch self {
        case .viewed, .points: "/synthetic/web"
        case .sent: "/synthetic/campaigns"
        case .received, .answered, .called, .ticket: "/synthetic/desk"
        case .bought: "/synthetic/pos/1"
        case .registered, .consented, .stage: "/synthetic/crm"
        }
    }

    private static let channels = ["web", "app", "phone", "sms", "wechat", "email", "store"]
    private static let agents = ["wu.xin", "chen.yu", "anna.b", "fatima.o", "ivan.d", "huang.jing", "hana.t"]
    private static let texts = [
        "请问这款还有现货吗？什么时候可以发货？", "The invoice was sent to the address on file.", "合同条款已确认，等待法务审核",
        "Can I combine the member price with the campaign?", "电话无人接听，明天上午再联系", "Delivered to the wrong floor again.",
        "Does the renewal price include support?", "活动价和会员价可以一起用吗", "Thank you, that solved it.",
    ]
    private static let stages = ["qualification", "evaluation", "procurement", "negotiation", "won", "lost"]

    func data(_ chance: inout Chance) -> String {
        let channel = chance.pick(Self.channels)
        switch self {
        case .viewed:
            return #"{"product":"SKU-\#(padded(chance.below(9000), 4))","channel":"\#(channel)","#
                + #""session":"\#(chance.hex(8))","seconds":\#(chance.below(400)),"from_page":"/category/SKU-\#(padded(chance.below(9000), 4))"}"#
        case .sent:
            let campaign = "spring-\(chance.below(40))"
            return #"{"campaign":"\#(campaign)","touch":"T-\#(padded(chance.below(10_000_000), 7))","#
                + #""channel":"\#(channel)","variant":"\#(chance.pick(["A", "B"]))","offer":"10% off","template":"tpl-\#(campaign)"}"#
        case .received, .answered:
            let who = self == .answered ? #""agent":"\#(chance.pick(Self.agents))","# : ""
            return #"{"channel":"\#(channel)","thread":"TH-\#(padded(chance.below(1_000_000), 6))",\#(who)"#
                + #""text":"\#(chance.pick(Self.texts))"}"#
        case .bought:
            let amount = chance.amount()
            return #"{"order":"O-\#(padded(chance.below(10_000_000), 7))","amount":"\#(amount)","currency":"CNY","#
                + #""items":1,"channel":"\#(channel)","lines":[{"product":"SKU-\#(padded(chance.below(9000), 4))","quantity":1,"#
                + #""amount":"\#(amount)"}]}"#
        case .registered:
            let number = padded(chance.below(1_000_000), 6)
            return #"{"name":"Synthetic \#(number)","phone":"+86 100 \#(padded(chance.below(10_000), 4)) 0000","#
                + #""email":"c\#(number)@example.com","kind":"person","origin":"website","owner":"\#(chance.pick(Self.agents))"}"#
        case .called:
            return #"{"direction":"outbound","seconds":\#(chance.below(900)),"outcome":"callback","#
                + #""agent":"\#(chance.pick(Self.agents))","note":"\#(chance.pick(Self.texts))"}"#
        case .consented: return #"{"purpose":"marketing","channel":"\#(channel)","basis":"sign-up form"}"#
        case .points:
            return #"{"points":\#(chance.below(2_000)),"order":"O-\#(padded(chance.below(10_000_000), 7))"}"#
        case .ticket:
            return #"{"ticket":"R-\#(padded(chance.below(1_000_000), 6))","severity":"normal","category":"access","#
                + #""channel":"\#(channel)","text":"\#(chance.pick(Self.texts))"}"#
        case .stage:
            return #"{"opportunity":"P-\#(padded(chance.below(1_000_000), 6))","to":"\#(chance.pick(Self.stages))","#
                + #""from":"\#(chance.pick(Self.stages))"}"#
        }
    }
}
