import EventLog
import Projection

/// What the customers' view keeps of one subject while it folds its events.
///
/// Small collections are arrays that are searched from the front: most customers have a handful of each, and an array
/// of a handful is both smaller and quicker than a dictionary.
public struct CustomersState: Sendable {
    struct TypeCount: Sendable {
        var type: String
        var count: Int64
        var first: Instant
        var last: Instant
    }

    struct Touch: Sendable {
        var channel: String
        var count: Int64
        var first: Moment
        var last: Moment
    }

    struct Tag: Sendable {
        var tag: String
        var since: Moment
    }

    struct Identity: Sendable {
        var kind: String
        var value: String
        var since: Moment
    }

    struct Consent: Sendable {
        var purpose: String
        /// Empty: every channel.
        var channel: String
        var isGiven: Bool
        var basis: String?
        var moment: Moment
    }

    let subject: String?
    var eventCount: Int64 = 0
    var first: Moment?
    var last: Moment?
    /// Whether it was merged into another customer and still is.
    var isMergedAway = false
    var typeCounts: [TypeCount] = []
    var profile = CustomersProfile()
    var touches: [Touch] = []
    var tags: [Tag] = []
    var identities: [Identity] = []
    var consents: [Consent] = []
    var points: Int64 = 0
    var purchases = PurchasesLedger()

    init(subject: String?) {
        self.subject = subject
    }
}

// MARK: - Events

extension CustomersState {
    mutating func apply(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        count(event)
        switch CustomersEventTypes.shared.meaning(of: event.type) {
        case .onlyCounted: break
        case .registered: profile.register(event)
        case .updated: profile.update(event, anomalies: &anomalies)
        case .assigned: assign(event, anomalies: &anomalies)
        case .tagged, .untagged: tag(event, anomalies: &anomalies)
        case .tierChanged:
            if let tier = required("to", event, &anomalies) { profile.set("tier", to: tier, event) }
        case .merged, .unmerged: merge(event)
        case .identityLinked, .identityUnlinked: link(event, anomalies: &anomalies)
        case .consentGiven: consent(event, isGiven: true, anomalies: &anomalies)
        case .consentWithdrawn: consent(event, isGiven: false, anomalies: &anomalies)
        case .pointsEarned, .pointsAdjusted: addPoints(event, sign: 1, anomalies: &anomalies)
        case .pointsRedeemed: addPoints(event, sign: -1, anomalies: &anomalies)
        case .purchaseCompleted:
            let channel = channel(of: event)
            purchases.complete(event, channel: channel, anomalies: &anomalies)
            if let channel { touch(channel, event) }
        case .purchaseRefunded: purchases.refund(event, anomalies: &anomalies)
        case .purchaseCancelled: purchases.cancel(event, anomalies: &anomalies)
        case .call: touch("phone", event)
        case .message: touch(channel(of: event) ?? "message", event)
        case .meeting: touch("meeting", event)
        case .visit: touch("visit", event)
        case .channelled:
            if let channel = channel(of: event) { touch(channel, event) }
        }
    }

    private mutating func count(_ event: StoredEvent) {
        eventCount += 1
        if first == nil { first = Moment(event) }
        last = Moment(event)
        if let place = typeCounts.firstIndex(where: { $0.type == event.type }) {
            typeCounts[place].count += 1
            typeCounts[place].last = event.time
        } else {
            typeCounts.append(TypeCount(type: event.type, count: 1, first: event.time, last: event.time))
        }
    }

    private func channel(of event: StoredEvent) -> String? {
        event.data.field("channel")
    }

    private mutating func touch(_ channel: String, _ event: StoredEvent) {
        if let place = touches.firstIndex(where: { $0.channel == channel }) {
            touches[place].count += 1
            touches[place].last = Moment(event)
        } else {
            touches.append(Touch(channel: channel, count: 1, first: Moment(event), last: Moment(event)))
        }
    }

    private func required(
        _ field: String, _ event: StoredEvent, _ anomalies: inout AnomalyCollector
    ) -> CustomersProfile.Value? {
        if let value = event.data[field].flatMap({ CustomersProfile.Value($0) }), !value.text.isEmpty { return value }
        anomalies.report(event, "missing_field", "\(event.type) has no \"\(field)\"")
        return nil
    }

    private mutating func assign(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        if let owner = required("owner", event, &anomalies) { profile.set("owner", to: owner, event) }
        if let team = event.data["team"] { profile.set("team", to: CustomersProfile.Value(team), event) }
    }

    private mutating func merge(_ event: StoredEvent) {
        guard event.type == "customer.merged" else {
            isMergedAway = false
            return
        }
        // What the pointer is worth is the merges' view to say; this only keeps what a merge will need.
        if let into = event.data.field("into"), into != subject { isMergedAway = true }
    }

    private mutating func tag(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        guard let tag = required("tag", event, &anomalies)?.text else { return }
        let place = tags.firstIndex { $0.tag == tag }
        if event.type == "customer.tagged" {
            if place == nil { tags.append(Tag(tag: tag, since: Moment(event))) }
        } else if let place {
            tags.remove(at: place)
        } else {
            anomalies.report(event, "tag_not_set", "untagged \(tag), which was not set by then")
        }
    }

    private mutating func link(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        guard let kind = required("kind", event, &anomalies)?.text,
            let value = required("value", event, &anomalies)?.text
        else { return }
        let place = identities.firstIndex { $0.kind == kind && $0.value == value }
        if event.type == "identity.linked" {
            if place == nil { identities.append(Identity(kind: kind, value: value, since: Moment(event))) }
        } else if let place {
            identities.remove(at: place)
        } else {
            anomalies.report(event, "identity_not_linked", "unlinked a \(kind) that was not linked by then")
        }
    }

    private mutating func consent(_ event: StoredEvent, isGiven: Bool, anomalies: inout AnomalyCollector) {
        guard let purpose = required("purpose", event, &anomalies)?.text else { return }
        let new = Consent(
            purpose: purpose, channel: channel(of: event) ?? "", isGiven: isGiven, basis: event.data["basis"]?.text,
            moment: Moment(event))
        if let place = consents.firstIndex(where: { $0.purpose == purpose && $0.channel == new.channel }) {
            consents[place] = new
        } else {
            consents.append(new)
        }
    }

    private mutating func addPoints(_ event: StoredEvent, sign: Int64, anomalies: inout AnomalyCollector) {
        guard let value = event.data["points"] else {
            return anomalies.report(event, "missing_field", "\(event.type) has no \"points\"")
        }
        guard let change = value.integer, change != .min else {
            return anomalies.report(event, "bad_points", "\(value.jsonText) is no whole number; left out")
        }
        let (sum, overflow) = points.addingReportingOverflow(sign * change)
        if overflow {
            anomalies.report(event, "bad_points", "\(value.jsonText) is out of bounds; left out")
        } else {
            points = sum
        }
    }
}
