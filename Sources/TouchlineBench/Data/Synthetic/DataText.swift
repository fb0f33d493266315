/// The `data` of one made-up event, as it is being written.
struct DataText {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() { bytes.reserveCapacity(400) }

    /// The JSON text.
    var finished: [UInt8] { bytes + [UInt8(ascii: "}")] }

    private mutating func key(_ key: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    }

    private mutating func text(_ key: StaticString, _ text: String) {
        self.key(key)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func number(_ key: StaticString, _ number: Int) {
        self.key(key)
        bytes.append(contentsOf: String(number).utf8)
    }

    /// What an agent or a customer wrote, in half of all cases more than one sentence.
    private mutating func note(_ key: StaticString, _ probability: Double, _ chance: inout Chance) {
        guard chance.happens(probability) else { return }
        var text = SyntheticText.sentence(&chance)
        if chance.happens(0.45) {
            text += "; " + chance.pick(chance.happens(0.5) ? SyntheticText.english : SyntheticText.chinese)
        }
        self.text(key, text)
        if chance.happens(0.3) {
            self.key("labels")
            let tags = "[\"\(chance.pick(SyntheticText.words))\",\"\(chance.pick(SyntheticText.words))\"]"
            bytes.append(contentsOf: tags.utf8)
        }
    }

    mutating func register(_ number: Int, _ chance: inout Chance) {
        text("name", "Synthetic \(chance.pick(SyntheticText.words)) \(number)")
        text("phone", "+86 100 \(padded(chance.below(10_000), 4)) \(padded(chance.below(10_000), 4))")
        text("email", "c\(number)@example.com")
        text("kind", chance.happens(0.8) ? "person" : "company")
        text("origin", chance.pick(SyntheticText.origins))
        text("owner", SyntheticText.agent(&chance))
        text("city", chance.pick(SyntheticText.cities))
    }

    mutating func campaign(_ kind: SyntheticKind, touch: Int, _ chance: inout Chance) {
        let campaign = SyntheticText.campaign(touch)
        text("campaign", campaign)
        text("touch", "msg-\(String(touch, radix: 16))")
        text("channel", SyntheticText.channels[touch % 4])
        guard kind != .touched else { return }
        text("variant", ["A", "B", "C"][touch % 3])
        text("locale", chance.pick(["zh-CN", "en-US", "en-GB", "de-DE", "es-ES"]))
        guard kind == .clicked else { return }
        text("url", "https://shop.example.com/p/\(SyntheticText.product(&chance))?from=\(campaign)")
    }

    mutating func call(_ chance: inout Chance) {
        text("direction", chance.happens(0.55) ? "inbound" : "outbound")
        text("agent", SyntheticText.agent(&chance))
        text("team", chance.pick(SyntheticText.teams))
        number("seconds", 5 + Int(chance.unit() * chance.unit() * 1_800))
        text("outcome", chance.pick(["answered", "voicemail", "no_answer", "busy", "callback_requested"]))
        note("note", 0.55, &chance)
    }

    mutating func purchase(order: Int, _ chance: inout Chance) {
        text("order", "ord-\(padded(order, 10))")
        text("amount", chance.amount(8, 3_000))
        text("currency", SyntheticText.currency(order))
        let count = 1 + Int(chance.unit() * chance.unit() * 4)
        number("items", count)
        text("channel", chance.pick(SyntheticText.channels))
        text("city", chance.pick(SyntheticText.cities))
        key("lines")
        for index in 0..<count {
            let amount = chance.amount(4, 900)
            bytes.append(contentsOf: (index == 0 ? "[" : ",").utf8)
            bytes.append(contentsOf: "{\"product\":\"\(SyntheticText.product(&chance))\",\"quantity\":".utf8)
            bytes.append(contentsOf: "\(1 + chance.below(5)),\"amount\":\"\(amount)\"}".utf8)
        }
        bytes.append(UInt8(ascii: "]"))
        note("note", 0.1, &chance)
    }

    mutating func refund(order: Int, _ chance: inout Chance) {
        text("order", "ord-\(padded(order, 10))")
        text("amount", chance.amount(1, 8))
        text("currency", SyntheticText.currency(order))
        note("reason", 0.9, &chance)
    }

    mutating func complaint(_ kind: SyntheticKind, _ code: Int, _ chance: inout Chance) {
        text("complaint", "cmp-\(padded(code % 1_000_000_000, 9))")
        text("category", SyntheticText.categories[code % SyntheticText.categories.count])
        if kind == .complained {
            text("severity", chance.pick(["low", "normal", "high", "critical"]))
            text("channel", chance.pick(SyntheticText.channels))
        } else {
            text("agent", SyntheticText.agent(&chance))
            text("reason", chance.pick(["refund", "replacement", "apology", "discount", "no_action"]))
        }
        note("text", 0.95, &chance)
    }

    mutating func ticket(_ kind: SyntheticKind, _ code: Int, _ chance: inout Chance) {
        text("ticket", "tkt-\(padded(code % 1_000_000_000, 9))")
        text("category", SyntheticText.categories[code % SyntheticText.categories.count])
        if kind == .asked {
            text("severity", chance.pick(["low", "normal", "high", "critical"]))
            text("channel", chance.pick(SyntheticText.channels))
        } else {
            text("agent", SyntheticText.agent(&chance))
            text("team", chance.pick(SyntheticText.teams))
        }
        note("text", 0.85, &chance)
    }

    mutating func lead(_ code: Int, _ chance: inout Chance) {
        text("lead", "lead-\(padded(code % 1_000_000_000, 9))")
        text("origin", chance.pick(SyntheticText.origins))
        text("campaign", SyntheticText.campaign(code))
        text("product", SyntheticText.product(&chance))
        text("city", chance.pick(SyntheticText.cities))
        number("score", chance.below(100))
        note("note", 0.4, &chance)
    }

    mutating func deal(_ kind: SyntheticKind, _ code: Int, stage: Int, _ chance: inout Chance) {
        text("opportunity", "opp-\(padded(code % 1_000_000_000, 9))")
        switch kind {
        case .dealOpened:
            text("name", "\(chance.pick(SyntheticText.words)) \(chance.pick(SyntheticText.words))")
            text("stage", SyntheticText.stages[0])
            text("amount", chance.amount(500, 90_000))
            text("currency", SyntheticText.currency(code))
            text("owner", SyntheticText.agent(&chance))
            text("origin", chance.pick(SyntheticText.origins))
        case .dealMoved:
            text("from", SyntheticText.stages[max(0, stage - 2)])
            text("to", SyntheticText.stages[max(0, stage - 1)])
        case .dealWon:
            text("amount", chance.amount(500, 90_000))
            text("currency", SyntheticText.currency(code))
        default: text("reason", chance.pick(SyntheticText.english))
        }
        note("note", 0.5, &chance)
    }

    mutating func expiry(_ chance: inout Chance) {
        number("points", 1 + chance.below(2_000))
        text("reason", "two years after they were earned")
        text("balance_class", chance.pick(["basic", "silver", "gold"]))
    }
}
