public import EventLog
public import Projection

/// Campaigns as they are defined, and what each customer got of them and did.
///
/// A touch that names no variant or channel takes those of the sending it answers: the one with the same `touch`, else
/// the campaign's last sending to this customer. So a redemption counts for the variant that brought it.
public struct CampaignsProjector: Projector {
    /// The projector.
    public init() {}

    /// `campaigns`.
    public let name = "campaigns"
    /// The version of its meaning.
    public let version = 3
    /// Everything about campaigns.
    public let consumes = ["campaign.*"]
    /// `campaigns`, `campaign_touches`.
    public var tables: [TableDefinition] { CampaignsTables.all }
    /// The touches with the surviving customer.
    public var views: [ViewDefinition] { [customerView(of: CampaignsTables.touches)] }

    /// Nothing yet.
    public func makeState(subject: String?) -> CampaignsState { CampaignsState(subject: subject) }

    /// Applies a definition or a touch.
    public func apply(_ event: StoredEvent, to state: inout CampaignsState, anomalies: inout AnomalyCollector) {
        let data = event.data
        guard let campaign = data.field("campaign") else {
            return anomalies.report(event, "missing_field", "\(event.type) names no \"campaign\"")
        }
        if event.type == "campaign.defined" {
            guard state.subject == nil else {
                return anomalies.report(event, "has_subject", "campaign.defined is no matter of one customer")
            }
            let stated = CampaignsState.cost(data, event, &anomalies)
            state.define(campaign, data, cost: stated, at: Moment(event))
            return
        }
        guard let kind = CampaignTouchKind(type: event.type) else { return }
        guard state.subject != nil else {
            return anomalies.report(event, "no_subject", "\(event.type) without a subject belongs to no one")
        }
        state.touch(kind, campaign, data, at: Moment(event))
    }

    /// Writes every table's rows.
    public func emit(_ state: CampaignsState, into rows: inout RowCollector) {
        CampaignsTables.emit(state, into: &rows)
    }
}

/// What can happen between a campaign and a customer, in the order of the columns.
enum CampaignTouchKind: Int, Sendable, CaseIterable {
    case sent, delivered, opened, clicked, bounced, redeemed, unsubscribed

    var name: String { CampaignTouchKind.names[rawValue] }

    private static let names = ["sent", "delivered", "opened", "clicked", "bounced", "redeemed", "unsubscribed"]

    init?(type: String) {
        switch type {
        case "campaign.sent": self = .sent
        case "campaign.delivered": self = .delivered
        case "campaign.opened": self = .opened
        case "campaign.clicked": self = .clicked
        case "campaign.bounced": self = .bounced
        case "campaign.redeemed": self = .redeemed
        case "campaign.unsubscribed": self = .unsubscribed
        default: return nil
        }
    }
}

/// What the campaigns view holds of one subject, or of the system events.
public struct CampaignsState: Sendable {
    /// A campaign as last defined.
    struct Definition: Sendable {
        var name: String?
        var starts: String?
        var ends: String?
        var cost: String?
        var currency: String?
        var defined: Moment
    }

    /// Which touches share a row.
    struct Key: Hashable, Sendable {
        var campaign: String
        var variant: String
        var channel: String
    }

    /// How often something happened, first and last.
    struct Tally: Sendable {
        var count: Int
        var first: Moment
        var last: Moment
        /// Those that are neither first nor last.
        var between: [Moment] = []
    }

    /// One row of touches.
    struct Touches: Sendable {
        var key: Key
        /// By the kind's raw value.
        var tallies = InlineArray<7, Tally?>(repeating: nil)
        /// The redemptions that named an order, in order.
        var redemptions: [(order: String, sequence: UInt64)] = []
        var offer: String?
    }

    /// What an answer names: the touch it answers, or none (`""`), which is the campaign's last one.
    private struct SendingKey: Hashable, Sendable {
        var campaign: String
        var touch: String
    }

    /// Where a touch was sent, to complete what answers it.
    private struct Sending: Sendable {
        var variant: String
        var channel: String
    }

    let subject: String?
    private(set) var definitions: [String: Definition] = [:]
    private(set) var touches: [Touches] = []
    private var index = KeyIndex<Key>()
    private var sendings: [Sending] = []
    private var sendingIndex = KeyIndex<SendingKey>()

    init(subject: String?) {
        self.subject = subject
    }

    static func cost(
        _ data: JSONView, _ event: StoredEvent, _ anomalies: inout AnomalyCollector
    ) -> String? {
        guard let json = data["cost"], !json.isNull else { return nil }
        if let cost = DecimalAmount(json) { return cost.description }
        anomalies.report(event, "bad_amount", "\"cost\" is no decimal: \(json.jsonText)")
        return nil
    }

    mutating func define(_ campaign: String, _ data: JSONView, cost: String?, at moment: Moment) {
        let known = definitions[campaign]
        definitions[campaign] = Definition(
            name: data.field("name") ?? known?.name, starts: data.field("starts") ?? known?.starts,
            ends: data.field("ends") ?? known?.ends, cost: cost ?? known?.cost,
            currency: data.field("currency") ?? known?.currency, defined: moment)
    }

    mutating func touch(_ kind: CampaignTouchKind, _ campaign: String, _ data: JSONView, at moment: Moment) {
        let touch = data.field("touch")
        var variant = data.field("variant")
        var channel = data.field("channel")
        if kind == .sent {
            let sending = Sending(variant: variant ?? "", channel: channel ?? "")
            note(sending, SendingKey(campaign: campaign, touch: ""))
            if let touch { note(sending, SendingKey(campaign: campaign, touch: touch)) }
        } else if variant == nil || channel == nil {
            let place =
                touch.flatMap { sendingIndex[SendingKey(campaign: campaign, touch: $0)] }
                ?? sendingIndex[SendingKey(campaign: campaign, touch: "")]
            variant = variant ?? place.map { sendings[$0].variant }
            channel = channel ?? place.map { sendings[$0].channel }
        }
        let key = Key(campaign: campaign, variant: variant ?? "", channel: channel ?? "")
        let row = index[key] ?? addRow(key)
        touches[row].offer = data.field("offer") ?? touches[row].offer
        if var tally = touches[row].tallies[kind.rawValue] {
            if tally.count > 1 { tally.between.append(tally.last) }
            tally.count += 1
            tally.last = moment
            touches[row].tallies[kind.rawValue] = tally
        } else {
            touches[row].tallies[kind.rawValue] = Tally(count: 1, first: moment, last: moment)
        }
        if kind == .redeemed, let order = data.field("order") {
            touches[row].redemptions.append((order, moment.sequence))
        }
    }

    private mutating func note(_ sending: Sending, _ key: SendingKey) {
        if let place = sendingIndex[key] {
            sendings[place] = sending
        } else {
            sendingIndex.append(key)
            sendings.append(sending)
        }
    }

    private mutating func addRow(_ key: Key) -> Int {
        index.append(key)
        touches.append(Touches(key: key))
        return touches.count - 1
    }
}
