import EventLog
import Projection

/// The orders of one customer: what was bought, refunded and cancelled, by the rules of the event catalogue.
///
/// Events of one order add up and count once, in any order of time: a refund or a cancellation may come before its
/// order, and takes that order's currency if it names none. So amounts are kept as said, and settled only when asked.
/// A cancelled order is worth nothing, whatever was refunded before. A refund without an amount takes all of the order.
struct PurchasesLedger: Sendable {
    /// ISO 4217's code for "no currency": where neither the event nor its order names one.
    static let noCurrency = "XXX"
    /// Amounts from here on, or with more decimals than `decimalsMax`, are left out as anomalies.
    ///
    /// Within these bounds a hundred million amounts add up without overflow.
    static let amountBelow = DecimalAmount(unchecked: 1_000_000_000_000_000_000, scale: 0)
    /// The most decimals of an amount.
    static let decimalsMax = 12
    /// Up to this many orders are searched one by one; past it there is an index.
    private static let unindexedOrdersMax = 12

    /// What became of an order.
    enum OrderState: String, Sendable {
        case completed
        case partlyRefunded = "partly_refunded"
        case refunded
        case cancelled
        /// Refunded or cancelled, but never completed in the known log.
        case unknown
    }

    /// What was said in one currency.
    struct Sum: Sendable {
        /// `nil`: the event named none.
        var currency: String?
        var gross: DecimalAmount
        var refunded: DecimalAmount
    }

    /// One order as its events tell it.
    struct Order: Sendable {
        var id: String
        /// The first event that named it.
        var firstSequence: UInt64
        /// Its first completion; `nil` if it was never completed.
        var completed: (time: Instant, sequence: UInt64)?
        var isCancelled = false
        var isRefundedWhole = false
        /// Whether any refund with an amount names it, be it of nothing.
        var hasRefund = false
        /// The first currency that a completion names.
        var currency: String?
        /// The first currency that a refund names.
        var refundCurrency: String?
        var items: Int64?
        var channel: String?
        var product: String?
        var sum: Sum?
        /// Further currencies; nearly always empty.
        var otherSums: [Sum] = []
    }

    /// One order in one currency, settled.
    struct Line: Sendable, Equatable {
        var currency: String
        var gross: DecimalAmount
        var refunded: DecimalAmount
        var net: DecimalAmount
    }

    private(set) var orders: [Order] = []
    private var index: [String: Int] = [:]
    /// Refunds that name no order.
    private(set) var looseRefunds: [Sum] = []
    private(set) var looseSequence: UInt64?
}

// MARK: - Events

extension PurchasesLedger {
    /// `purchase.completed`.
    mutating func complete(_ event: StoredEvent, channel: String?, anomalies: inout AnomalyCollector) {
        let data = event.data
        let id: String
        if let named = data.field("order") {
            id = named
        } else {
            // A purchase is never lost: without an order it is one of its own.
            id = "event:\(event.sequence)"
            anomalies.report(event, "missing_field", "purchase.completed names no order; counted as order \(id)")
        }
        let amount = Self.amount(data, event, &anomalies)
        let currency = Self.currency(data)
        let place = self.place(of: id, event)
        if amount == nil, data["amount"] == nil {
            anomalies.report(event, "missing_field", "purchase.completed of order \(id) has no amount")
        }
        if let currency, let known = orders[place].currency, known != currency {
            anomalies.report(event, "second_currency", "order \(id) is in \(known), this event says \(currency)")
        }
        if orders[place].completed == nil { orders[place].completed = (event.time, event.sequence) }
        orders[place].currency = orders[place].currency ?? currency
        orders[place].add(currency, gross: amount ?? .zero, refunded: .zero)
        if let items = data["items"]?.integer {
            let (sum, overflow) = (orders[place].items ?? 0).addingReportingOverflow(items)
            if !overflow { orders[place].items = sum }
        }
        orders[place].channel = orders[place].channel ?? channel
        if orders[place].product == nil { orders[place].product = data.field("product") }
    }

    /// `purchase.refunded`.
    mutating func refund(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        let data = event.data
        let currency = Self.currency(data)
        let isPartial = data["amount"].map { $0.kind != .null } ?? false
        var amount = Self.amount(data, event, &anomalies)
        if isPartial, amount == nil { return }
        if let refunded = amount, refunded.isNegative {
            anomalies.report(event, "negative_refund", "a refund of \(refunded); taken without its sign")
            amount = refunded.magnitude
        }
        guard let id = data.field("order") else {
            guard let amount else {
                return anomalies.report(event, "missing_field", "a refund with neither order nor amount")
            }
            if currency == nil {
                anomalies.report(event, "missing_field", "a refund with neither order nor currency")
            }
            looseSequence = looseSequence ?? event.sequence
            looseRefunds.add(currency, gross: .zero, refunded: amount)
            return
        }
        let place = self.place(of: id, event)
        if let currency, let known = orders[place].currency, known != currency {
            anomalies.report(event, "second_currency", "order \(id) is in \(known), this refund says \(currency)")
        }
        orders[place].refundCurrency = orders[place].refundCurrency ?? currency
        if let amount {
            orders[place].hasRefund = true
            orders[place].add(currency, gross: .zero, refunded: amount)
        } else {
            orders[place].isRefundedWhole = true
        }
    }

    /// `purchase.cancelled`.
    mutating func cancel(_ event: StoredEvent, anomalies: inout AnomalyCollector) {
        guard let id = event.data.field("order") else {
            return anomalies.report(event, "missing_field", "purchase.cancelled names no order")
        }
        let place = self.place(of: id, event)
        orders[place].isCancelled = true
    }

    /// Where the order is, made if need be.
    private mutating func place(of id: String, _ event: StoredEvent) -> Int {
        if orders.count <= Self.unindexedOrdersMax {
            if let found = orders.firstIndex(where: { $0.id == id }) { return found }
        } else {
            if index.isEmpty {
                for (place, order) in orders.enumerated() { index[order.id] = place }
            }
            if let found = index[id] { return found }
        }
        orders.append(Order(id: id, firstSequence: event.sequence))
        if !index.isEmpty { index[id] = orders.count - 1 }
        return orders.count - 1
    }

    /// The amount; `nil` if there is none, or none that can be used, which is reported.
    private static func amount(
        _ data: JSONView, _ event: StoredEvent, _ anomalies: inout AnomalyCollector
    ) -> DecimalAmount? {
        guard let json = data["amount"], json.kind != .null else { return nil }
        guard let amount = DecimalAmount(json) else {
            anomalies.report(event, "bad_amount", "\(json.jsonText) is no amount; left out")
            return nil
        }
        guard let size = amount.magnitude, size < amountBelow, amount.scale <= decimalsMax else {
            anomalies.report(event, "bad_amount", "\(json.jsonText) is out of bounds; left out")
            return nil
        }
        return amount
    }

    private static func currency(_ data: JSONView) -> String? {
        data.field("currency")
    }
}

// MARK: - Settling

extension PurchasesLedger.Order {
    fileprivate mutating func add(_ currency: String?, gross: DecimalAmount, refunded: DecimalAmount) {
        if var sum, sum.currency == currency {
            sum.add(gross: gross, refunded: refunded)
            self.sum = sum
        } else if sum == nil {
            sum = PurchasesLedger.Sum(currency: currency, gross: gross, refunded: refunded)
        } else {
            otherSums.add(currency, gross: gross, refunded: refunded)
        }
    }

    /// The currency of amounts that name none.
    private var ownCurrency: String { currency ?? refundCurrency ?? PurchasesLedger.noCurrency }

    /// What was said per currency, in the order of the currencies' first mention.
    private var sums: [PurchasesLedger.Sum] {
        guard let sum else { return [] }
        var settled: [PurchasesLedger.Sum] = []
        settled.add(sum.currency ?? ownCurrency, gross: sum.gross, refunded: sum.refunded)
        for other in otherSums {
            settled.add(other.currency ?? ownCurrency, gross: other.gross, refunded: other.refunded)
        }
        return settled
    }

    /// Whether it is bought and neither cancelled nor wholly refunded: only then its day is a purchase day.
    var makesPurchaseDay: Bool { state == .completed || state == .partlyRefunded }

    /// Whether it counts as a purchase.
    var counts: Bool { completed != nil && !isCancelled }

    /// What became of it.
    ///
    /// Wholly refunded = a refund of the whole order, or refunds that reach what was paid in each currency of it.
    var state: PurchasesLedger.OrderState {
        guard completed != nil else { return .unknown }
        if isCancelled { return .cancelled }
        if isRefundedWhole { return .refunded }
        guard hasRefund else { return .completed }
        let sums = self.sums
        if sums.allSatisfy({ $0.refunded >= $0.gross }) { return .refunded }
        return sums.contains { !$0.refunded.isZero } ? .partlyRefunded : .completed
    }

    /// The order settled, a line a currency; none if nothing was ever said of money.
    func forEachLine(_ body: (PurchasesLedger.Line) -> Void) {
        guard let sum else { return }
        // Nearly every order is in one currency, and needs no list.
        if otherSums.isEmpty { return body(line(sum)) }
        for sum in sums { body(line(sum)) }
    }

    /// Whether anything was ever said of money.
    var hasLines: Bool { sum != nil }

    private func line(_ sum: PurchasesLedger.Sum) -> PurchasesLedger.Line {
        // What an earlier refund took is part of the whole.
        let refunded = isRefundedWhole && completed != nil ? max(sum.refunded, sum.gross) : sum.refunded
        var net = sum.gross.subtracting(refunded) ?? sum.gross
        if isCancelled, completed != nil { net = net.subtracting(net) ?? .zero }
        return PurchasesLedger.Line(
            currency: sum.currency ?? ownCurrency, gross: sum.gross, refunded: refunded, net: net)
    }
}

extension PurchasesLedger.Sum {
    fileprivate mutating func add(gross: DecimalAmount, refunded: DecimalAmount) {
        // Amounts are bounded where they are read, so the sums fit.
        self.gross = self.gross.adding(gross) ?? self.gross
        self.refunded = self.refunded.adding(refunded) ?? self.refunded
    }
}

extension [PurchasesLedger.Sum] {
    fileprivate mutating func add(_ currency: String?, gross: DecimalAmount, refunded: DecimalAmount) {
        if let place = firstIndex(where: { $0.currency == currency }) {
            self[place].add(gross: gross, refunded: refunded)
        } else {
            append(PurchasesLedger.Sum(currency: currency, gross: gross, refunded: refunded))
        }
    }
}

extension PurchasesLedger {
    /// Refunds that name no order, a line a currency.
    var looseLines: [Line] {
        var sums: [Sum] = []
        for sum in looseRefunds {
            sums.add(sum.currency ?? Self.noCurrency, gross: .zero, refunded: sum.refunded)
        }
        return sums.map { sum in
            Line(
                currency: sum.currency ?? Self.noCurrency, gross: .zero, refunded: sum.refunded,
                net: sum.refunded.negated() ?? .zero)
        }
    }

    /// Net per currency, sorted by currency: all orders but cancelled ones, less the refunds without an order.
    func totals() -> [(currency: String, total: DecimalAmount)] {
        var totals: [(currency: String, total: DecimalAmount)] = []
        func add(_ line: Line) {
            if let place = totals.firstIndex(where: { $0.currency == line.currency }) {
                totals[place].total = totals[place].total.adding(line.net) ?? totals[place].total
            } else {
                totals.append((line.currency, line.net))
            }
        }
        for order in orders where order.state != .cancelled { order.forEachLine(add) }
        looseLines.forEach(add)
        return totals.sorted { $0.currency < $1.currency }
    }
}
