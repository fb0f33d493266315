import EventLog
import Projection

/// The place of an event in a fold: when, and which.
struct Moment: Sendable, Equatable, Comparable {
    var time: Instant
    var sequence: UInt64

    init(time: Instant, sequence: UInt64) {
        self.time = time
        self.sequence = sequence
    }

    init(_ event: StoredEvent) {
        self.init(time: event.time, sequence: event.sequence)
    }

    static func < (left: Moment, right: Moment) -> Bool {
        (left.time, left.sequence) < (right.time, right.sequence)
    }

    /// Microseconds from `earlier` to this moment.
    func microseconds(since earlier: Moment) -> Int64 {
        let (span, overflow) = time.microseconds.subtractingReportingOverflow(earlier.time.microseconds)
        return overflow ? .max : span
    }
}

extension JSONView {
    /// The text of a member; `nil` if it is absent, empty, or neither a string nor a number.
    func field(_ key: String) -> String? {
        guard let text = text(of: key), !text.isEmpty else { return nil }
        return text
    }
}

/// An amount of money as an event states it: decimal text and perhaps a currency.
struct StatedAmount: Sendable, Equatable {
    var amount: String
    var currency: String?

    /// Reads `amount` and `currency` of an event; what is no decimal within the bounds of money is reported.
    static func read(_ data: JSONView, _ event: StoredEvent, _ anomalies: inout AnomalyCollector) -> StatedAmount? {
        guard let json = data["amount"], !json.isNull else { return nil }
        guard let amount = DecimalAmount(json), amount.scale <= PurchasesLedger.decimalsMax,
            let size = amount.magnitude, size < PurchasesLedger.amountBelow
        else {
            anomalies.report(event, "bad_amount", "\"amount\" is no decimal of up to 18 digits: \(json.jsonText)")
            return nil
        }
        return StatedAmount(amount: amount.description, currency: data.field("currency"))
    }
}
