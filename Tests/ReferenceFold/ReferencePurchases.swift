package import Foundation

/// The orders of one subject and what they add up to.
///
/// The events of an order add up, whatever their order in time: only what they say together counts.
package struct ReferencePurchases: Sendable {
    /// One order.
    package struct Order: Sendable, Equatable {
        /// Whether a `purchase.completed` names it.
        package var isCompleted = false
        package var isCancelled = false
        /// Whether a refund without an amount names it: the whole order.
        package var isRefundedWhole = false
        /// What was bought, per currency.
        package var gross: [String: Decimal] = [:]
        /// What refunds with an amount gave back, per currency.
        package var partRefunds: [String: Decimal] = [:]
        /// The day and time of the first completion.
        package var day: Int?
        package var firstTime: Int64?

        /// An order of which nothing but these refunds is known, per currency.
        package init(partRefunds: [String: Decimal] = [:]) { self.partRefunds = partRefunds }

        /// The currencies in which anything was said.
        package var currencies: Set<String> { Set(gross.keys).union(partRefunds.keys) }

        /// What was given back in a currency.
        package func refunded(_ currency: String) -> Decimal {
            let part = partRefunds[currency, default: 0]
            return isCompleted && isRefundedWhole ? max(part, gross[currency, default: 0]) : part
        }

        /// Whether all that was bought was given back.
        package var isWhollyRefunded: Bool {
            if isRefundedWhole { return true }
            return !partRefunds.isEmpty && gross.allSatisfy { refunded($0.key) >= $0.value }
        }
    }

    /// The orders by id.
    package var orders: [String: Order] = [:]
    /// Refunds that name no order, per currency.
    package var otherRefunds: [String: Decimal] = [:]

    /// ISO 4217 for "no currency".
    static let unknown = "XXX"

    init() {}

    /// Folds the purchase events among `events`.
    package init(_ events: [ReferenceEvent], calendar: ReferenceCalendar) {
        let purchases = events.filter { $0.family == "purchase" }
        for event in purchases where event.type == "purchase.refunded" && event.text("order") == nil {
            guard let amount = event.decimal("amount") else { continue }
            otherRefunds[event.text("currency") ?? Self.unknown, default: 0] += amount
        }
        for (id, events) in Dictionary(grouping: purchases, by: { $0.text("order") }) {
            if let id { orders[id] = Self.order(events, calendar) }
        }
    }

    /// Adds up the events of one order, given in business order.
    static func order(_ events: [ReferenceEvent], _ calendar: ReferenceCalendar) -> Order {
        var order = Order()
        let completions = events.filter { $0.type == "purchase.completed" }
        let refunds = events.filter { $0.type == "purchase.refunded" }
        order.isCompleted = !completions.isEmpty
        order.isCancelled = events.contains { $0.type == "purchase.cancelled" }
        order.day = completions.first.map { calendar.day($0.time) }
        order.firstTime = completions.first?.time
        let currency =
            completions.compactMap { $0.text("currency") }.first ?? refunds.compactMap { $0.text("currency") }.first
            ?? unknown
        for event in completions {
            order.gross[event.text("currency") ?? currency, default: 0] += event.decimal("amount") ?? 0
        }
        for event in refunds {
            if let amount = event.decimal("amount") {
                order.partRefunds[event.text("currency") ?? currency, default: 0] += amount
            } else {
                order.isRefundedWhole = true
            }
        }
        return order
    }

    var standing: [Order] { orders.values.filter { $0.isCompleted && !$0.isCancelled } }

    /// How many orders were not cancelled.
    package var count: Int { standing.count }

    /// When each of these was first completed.
    package var times: [Int64] { standing.compactMap(\.firstTime) }

    /// Net, per currency: what stands, less what was given back, also of orders that nobody knows.
    package var totals: [String: Decimal] {
        var totals: [String: Decimal] = [:]
        for order in orders.values where !(order.isCompleted && order.isCancelled) {
            for currency in order.currencies {
                totals[currency, default: 0] += order.gross[currency, default: 0] - order.refunded(currency)
            }
        }
        for (currency, amount) in otherRefunds { totals[currency, default: 0] -= amount }
        return totals
    }

    /// The days with an order that was neither cancelled nor wholly refunded.
    package var days: Set<Int> {
        Set(standing.filter { !$0.isWhollyRefunded }.compactMap(\.day))
    }
}
