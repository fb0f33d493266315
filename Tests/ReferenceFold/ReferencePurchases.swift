public import Foundation

/// The orders of one subject and what they add up to.
public struct ReferencePurchases: Sendable {
    /// One order.
    public struct Order: Sendable, Equatable {
        /// Whether a `purchase.completed` names it.
        public var isCompleted = false
        public var isCancelled = false
        /// What was bought, per currency.
        public var gross: [String: Decimal] = [:]
        /// What was given back, per currency.
        public var refunded: [String: Decimal] = [:]
        /// Whether anything was given back, be it nothing of nothing.
        public var hasRefund = false
        /// The currency first named.
        public var currency: String?
        /// The day of the first completion.
        public var day: Int?
        public var firstTime: Int64?

        /// Whether all that was bought was given back.
        public var isWhollyRefunded: Bool {
            hasRefund && gross.allSatisfy { currency, amount in refunded[currency, default: 0] >= amount }
        }
    }

    /// The orders by id.
    public var orders: [String: Order] = [:]
    /// Refunds that belong to no known order, per currency.
    public var otherRefunds: [String: Decimal] = [:]

    /// ISO 4217 for "no currency".
    static let unknown = "XXX"

    init() {}

    /// Folds the purchase events among `events`.
    public init(_ events: [ReferenceEvent], calendar: ReferenceCalendar) {
        for event in events {
            let id = event.text("order")
            switch event.type {
            case "purchase.completed":
                guard let id else { continue }
                var order = orders[id] ?? Order()
                order.isCompleted = true
                if order.day == nil {
                    order.day = calendar.day(event.time)
                    order.firstTime = event.time
                }
                order.currency = order.currency ?? event.text("currency")
                if let amount = event.decimal("amount") {
                    let currency = event.text("currency") ?? order.currency ?? Self.unknown
                    order.gross[currency, default: 0] += amount
                }
                orders[id] = order
            case "purchase.cancelled":
                guard let id else { continue }
                orders[id, default: Order()].isCancelled = true
            case "purchase.refunded":
                refund(event, id)
            default:
                break
            }
        }
    }

    mutating func refund(_ event: ReferenceEvent, _ id: String?) {
        guard let id, var order = orders[id], order.isCompleted else {
            if let amount = event.decimal("amount") {
                otherRefunds[event.text("currency") ?? Self.unknown, default: 0] += amount
            }
            return
        }
        order.hasRefund = true
        if let amount = event.decimal("amount") {
            order.refunded[event.text("currency") ?? order.currency ?? Self.unknown, default: 0] += amount
        } else {
            for (currency, gross) in order.gross where order.refunded[currency, default: 0] < gross {
                order.refunded[currency] = gross
            }
        }
        orders[id] = order
    }

    var standing: [Order] { orders.values.filter { $0.isCompleted && !$0.isCancelled } }

    /// How many orders were not cancelled.
    public var count: Int { standing.count }

    /// Net, per currency.
    public var totals: [String: Decimal] {
        var totals: [String: Decimal] = [:]
        for order in standing {
            for (currency, amount) in order.gross { totals[currency, default: 0] += amount }
            for (currency, amount) in order.refunded { totals[currency, default: 0] -= amount }
        }
        for (currency, amount) in otherRefunds { totals[currency, default: 0] -= amount }
        return totals
    }

    /// The days with an order that was neither cancelled nor wholly refunded.
    public var days: Set<Int> {
        Set(standing.filter { !$0.isWhollyRefunded }.compactMap(\.day))
    }
}
