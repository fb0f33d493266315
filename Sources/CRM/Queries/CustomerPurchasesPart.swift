public import GRDB

/// How a customer buys, within the 360° view: his own figures, which need nobody else's.
public struct CustomerPurchasesPart: Encodable, Sendable {
    /// What was bought in a currency.
    public struct Spend: Encodable, Sendable, Equatable {
        /// ISO 4217; XXX = never said.
        public var currency: String
        /// Purchase days.
        public var purchaseDays: Int
        /// Orders.
        public var orders: Int
        /// What was spent on these days.
        public var spend: DecimalAmount
        /// Mean spend on such a day.
        public var meanSpend: Double

        enum CodingKeys: String, CodingKey {
            case currency, orders, spend
            case purchaseDays = "purchase_days"
            case meanSpend = "mean_spend"
        }
    }

    /// Purchase days after the first.
    public var repeats: Int
    /// Days since the last purchase.
    public var daysSince: Int
    /// The days between one purchase day and the next.
    public var gaps: GapFigures
    /// What was spent per currency.
    public var spend: [Spend]
    /// Fifths and expected spend among all customers, if asked for.
    @OrNull public var amongAll: ValueAmongAll?

    enum CodingKeys: String, CodingKey {
        case repeats, gaps, spend
        case daysSince = "days_since"
        case amongAll = "among_all"
    }
}

extension CustomerValueQuery {
    /// The part of the 360° view with the customer's own figures; null if he never bought.
    ///
    /// - Parameter amongAll: also his fifths and expected spend; the tables must hold everyone then.
    public static func part(
        amongAll query: CustomerValueQuery? = nil
    ) -> CustomerQuery.Part {
        { db, context, group in
            let today = context.calendar.day(of: context.now)
            guard let record = try PurchaseBook.record(group, db, until: today), let last = record.lines.last else {
                return AnswerPart(nil)
            }
            let days = record.days
            let spend = Set(record.lines.map(\.currency)).sorted().map { currency in
                let lines = record.lines(in: currency)
                let total = lines.reduce(DecimalAmount.zero) { $0.adding($1.spend) ?? $0 }
                return CustomerPurchasesPart.Spend(
                    currency: currency, purchaseDays: lines.count, orders: lines.reduce(0) { $0 + $1.orders },
                    spend: total, meanSpend: total.approximation / Double(lines.count))
            }
            return AnswerPart(
                CustomerPurchasesPart(
                    repeats: days.count - 1, daysSince: today - last.day,
                    gaps: GapFigures(PurchaseRecord.gaps(days)), spend: spend,
                    amongAll: try query?.customer(db, context, group)))
        }
    }
}
