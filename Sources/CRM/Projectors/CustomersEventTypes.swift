/// What an event type means to the customers' view, found without comparing it with every other type.
///
/// The fold asks once an event, so the look-up is one small hash and one comparison; types that are not listed are
/// counted by their text and change nothing else.
struct CustomersEventTypes: Sendable {
    /// What the fold does with an event beside counting it.
    enum Meaning: UInt8, Sendable {
        case onlyCounted
        case registered, updated, assigned, tagged, untagged, tierChanged
        case merged, unmerged
        case identityLinked, identityUnlinked
        case consentGiven, consentWithdrawn
        case pointsEarned, pointsRedeemed, pointsAdjusted
        case purchaseCompleted, purchaseRefunded, purchaseCancelled
        case call, message, meeting, visit
        /// A touch if `data` names a channel.
        case channelled
    }

    /// The types that mean something.
    private static let meanings: [(type: String, meaning: Meaning)] = [
        ("customer.registered", .registered), ("customer.updated", .updated), ("customer.assigned", .assigned),
        ("customer.tagged", .tagged), ("customer.untagged", .untagged), ("customer.tier_changed", .tierChanged),
        ("customer.merged", .merged), ("customer.unmerged", .unmerged),
        ("identity.linked", .identityLinked), ("identity.unlinked", .identityUnlinked),
        ("consent.given", .consentGiven), ("consent.withdrawn", .consentWithdrawn),
        ("points.earned", .pointsEarned), ("points.redeemed", .pointsRedeemed),
        ("points.expired", .pointsRedeemed), ("points.adjusted", .pointsAdjusted),
        ("purchase.completed", .purchaseCompleted), ("purchase.refunded", .purchaseRefunded),
        ("purchase.cancelled", .purchaseCancelled),
        ("call.completed", .call), ("message.received", .message), ("message.sent", .message),
        ("meeting.held", .meeting), ("visit.made", .visit),
        ("product.viewed", .channelled), ("campaign.sent", .channelled), ("campaign.delivered", .channelled),
        ("campaign.opened", .channelled), ("campaign.clicked", .channelled), ("campaign.redeemed", .channelled),
        ("campaign.unsubscribed", .channelled), ("complaint.opened", .channelled), ("ticket.opened", .channelled),
        ("survey.sent", .channelled),
    ]

    /// The types of contacts between a customer and the company: calls, messages, meetings and visits.
    static let contacts = meanings.filter { [.call, .message, .meeting, .visit].contains($0.meaning) }.map(\.type)

    /// The one table.
    static let shared = CustomersEventTypes()

    private static let slotCount = 128
    private let slots: [(type: String, meaning: Meaning)?]

    private init() {
        var slots = [(type: String, meaning: Meaning)?](repeating: nil, count: Self.slotCount)
        for entry in Self.meanings {
            var slot = Self.slot(of: entry.type)
            while slots[slot] != nil { slot = (slot + 1) % Self.slotCount }
            slots[slot] = entry
        }
        self.slots = slots
    }

    /// What the type means.
    func meaning(of type: String) -> Meaning {
        var slot = Self.slot(of: type)
        while let entry = slots[slot] {
            if entry.type == type { return entry.meaning }
            slot = (slot + 1) % Self.slotCount
        }
        return .onlyCounted
    }

    private static func slot(of type: String) -> Int {
        let bytes = type.utf8
        let length = bytes.count
        guard length >= 4 else { return 0 }
        let mix = bytes.withContiguousStorageIfAvailable { text in
            Int(text[0]) &* 7 &+ Int(text[3]) &* 61 &+ Int(text[length - 1]) &* 13 &+ Int(text[length - 4]) &* 31
        }
        return ((mix ?? 0) &+ length &* 17) & (slotCount - 1)
    }
}
