import EventLog

/// One contract as its events tell it.
struct FunnelContract: Sendable {
    let id: String
    let firstSequence: UInt64
    var lastSequence: UInt64
    var opportunity: String?
    var amount: String?
    var currency: String?
    var starts: String?
    var ends: String?
    var signed: Moment?
    var renewals = 0
    var renewed: Moment?
    var ended: Moment?
    var reason: String?

    init(id: String, at moment: Moment) {
        self.id = id
        firstSequence = moment.sequence
        lastSequence = moment.sequence
    }

    /// Takes what a signature or a renewal says; silence replaces nothing.
    mutating func describe(_ data: JSONView, _ stated: StatedAmount?) {
        opportunity = data.field("opportunity") ?? opportunity
        starts = data.field("starts") ?? starts
        ends = data.field("ends") ?? ends
        if let stated {
            amount = stated.amount
            currency = stated.currency ?? currency
        }
    }
}

/// One quote as its events tell it.
struct FunnelQuote: Sendable {
    let id: String
    let sent: Moment
    var last: Moment
    var times = 1
    var opportunity: String?
    var amount: String?
    var currency: String?
    var validUntil: String?

    init(id: String, at moment: Moment) {
        self.id = id
        sent = moment
        last = moment
    }
}
