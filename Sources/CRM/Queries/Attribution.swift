/// By what rule the revenue of an order is put down to campaigns.
public enum AttributionRule: String, Sendable, CaseIterable {
    /// All of it to the earliest touch in the window.
    case first
    /// All of it to the latest touch in the window.
    case last
    /// Equal parts to all sendings in the window.
    case linear
    /// To the campaigns whose redemption names the order, in equal parts, whatever the window.
    case redeemed

    /// The rule as a sentence, for whoever reads the figure.
    public func sentence(windowDays: Int) -> String {
        let days = "\(windowDays) day\(windowDays == 1 ? "" : "s") before the order"
        let redemption = "; a redemption that names the order is a touch at the order's moment, whenever it was told of"
        switch self {
        case .first: return "all of an order's net revenue to the earliest touch in the \(days)" + redemption
        case .last: return "all of an order's net revenue to the latest touch in the \(days)" + redemption
        case .linear:
            return "equal parts of an order's net revenue to every sending in the \(days);"
                + " a variant of which only answers are known there counts as one sending" + redemption
        case .redeemed:
            return "an order's net revenue to the variants that were redeemed with it, in equal parts, at any time"
        }
    }
}

/// A campaign's variant, to which revenue is put down.
struct AttributionTarget: Hashable, Comparable, Sendable {
    var campaign: String
    var variant: String

    static func < (left: Self, right: Self) -> Bool {
        (left.campaign, left.variant) < (right.campaign, right.variant)
    }
}

/// What one variant of a campaign did with one customer: its moments as the views tell them.
struct AttributionTouches: Sendable {
    /// A moment: an instant as text, whose order is that of time, and the event.
    struct Moment: Comparable, Sendable {
        var time: String
        /// Whether it stands for the order it is redeemed with; such a one comes after all else of the same time.
        var isOrders = false
        var sequence: Int64

        static func < (left: Self, right: Self) -> Bool {
            left.time != right.time
                ? left.time.utf8.lexicographicallyPrecedes(right.time.utf8)
                : (left.isOrders ? 1 : 0, left.sequence) < (right.isOrders ? 1 : 0, right.sequence)
        }
    }

    var subject: String
    var target: AttributionTarget
    /// When it was sent.
    var sendings: [Moment]
    /// When it was delivered, opened, clicked or redeemed.
    var answers: [Moment]
    /// The orders it was redeemed with, by the redeeming event.
    var orders: [Int64: String]
}

/// An order whose revenue is to be put down to someone.
struct AttributionOrder: Sendable {
    var subject: String
    var order: String
    var currency: String
    /// When it was completed, and the start of the window before it, as instants in text.
    var time: String
    var windowStart: String
    var net: DecimalAmount
}

/// Who gets what of an order: the shares of each rule, which add up to its net revenue.
struct AttributionShares {
    private(set) var shares: [AttributionRule: [(target: AttributionTarget, amount: DecimalAmount)]] = [:]
    /// The variants that touched the customer in the window, or were redeemed with the order.
    private(set) var touched: Set<AttributionTarget> = []

    /// Divides one order among the touches of its customer.
    ///
    /// A redemption that names the order counts as a touch at the order's own moment and not at its own, since it is
    /// often told of later. For other orders it is a touch like any other.
    init(_ order: AttributionOrder, _ touches: [AttributionTouches]) {
        var sendings: [AttributionTarget: Int] = [:]
        var moments: [(moment: AttributionTouches.Moment, target: AttributionTarget)] = []
        var redeemed: Set<AttributionTarget> = []
        for touch in touches {
            let sent = touch.sendings.filter { order.holds($0) }
            let own = touch.subject == order.subject ? touch.orders.filter { $0.value == order.order } : [:]
            var all = sent + touch.answers.filter { own[$0.sequence] == nil && order.holds($0) }
            for sequence in own.keys {
                redeemed.insert(touch.target)
                all.append(AttributionTouches.Moment(time: order.time, isOrders: true, sequence: sequence))
            }
            guard !all.isEmpty else { continue }
            sendings[touch.target, default: 0] += sent.count
            moments += all.map { ($0, touch.target) }
        }
        touched = Set(sendings.keys)
        moments.sort { ($0.moment, $0.target) < ($1.moment, $1.target) }
        if let first = moments.first, let last = moments.last {
            shares[.first] = [(first.target, order.net)]
            shares[.last] = [(last.target, order.net)]
            shares[.linear] = order.net.divided(sendings.mapValues { max($0, 1) })
        }
        if !redeemed.isEmpty {
            shares[.redeemed] = order.net.divided(redeemed.reduce(into: [:]) { $0[$1] = 1 })
        }
    }
}

extension AttributionOrder {
    /// Whether a moment lies in the window, both ends included.
    fileprivate func holds(_ moment: AttributionTouches.Moment) -> Bool {
        !moment.time.utf8.lexicographicallyPrecedes(windowStart.utf8)
            && !time.utf8.lexicographicallyPrecedes(moment.time.utf8)
    }
}

extension DecimalAmount {
    /// The amount in parts by weight that add up to it exactly.
    ///
    /// Parts have at least two decimals. What is left of the smallest unit goes to the first in order, one unit each.
    func divided<Key: Hashable & Comparable>(_ weights: [Key: Int]) -> [(target: Key, amount: DecimalAmount)] {
        let keys = weights.keys.sorted()
        let total = keys.reduce(Int128(0)) { $0 + Int128(weights[$1] ?? 0) }
        let whole = scaled(to: 2) ?? self
        guard total > 0 else { return [] }
        var parts: [(target: Key, amount: DecimalAmount)] = []
        var rest = whole.mantissa
        for key in keys {
            let weight = Int128(weights[key] ?? 0)
            // Quotient and remainder apart, so that no product of amount and weight can overflow.
            let (quotient, remainder) = whole.mantissa.quotientAndRemainder(dividingBy: total)
            let part = quotient * weight + remainder * weight / total
            rest -= part
            parts.append((key, DecimalAmount(unchecked: part, scale: whole.scale)))
        }
        for index in parts.indices where rest != 0 {
            let unit: Int128 = rest > 0 ? 1 : -1
            let part = parts[index].amount
            parts[index].amount = DecimalAmount(unchecked: part.mantissa + unit, scale: part.scale)
            rest -= unit
        }
        return parts
    }
}
