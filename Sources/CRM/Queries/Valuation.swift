import BuyTillYouDie
import GRDB

/// What the customers of one currency are worth: what they spent, their fifths, and what is expected of them.
///
/// Purchases are days, as everywhere in repeat purchase. Expected purchases come from the churn model in force, which
/// counts the days of all currencies; of a customer who pays in several, this currency gets its share of the days. The
/// value of a purchase comes from the gamma-gamma model, fitted to the customers who bought again in this currency.
struct Valuation {
    /// One customer.
    struct Customer {
        var customer: String
        var firstDay: Int
        var lastDay: Int
        /// Purchase days in the currency.
        var days: Int
        var orders: Int
        var spend: DecimalAmount
        var gaps: [Int64]
        var rfm: RFM
        var alive: Double?
        /// Expected purchase days in the currency within the horizon.
        var expectedPurchases: Double?
        /// Expected spend on such a day.
        var expectedSpend: Double?

        /// Expected spend within the horizon, discounted if that was asked.
        var value: Double?

        /// Mean spend on a purchase day.
        var meanSpend: Double { spend.approximation / Double(days) }
    }

    let currency: String
    /// How many customers bought in each currency, the one with the most first.
    let currencies: [CurrencyCustomers]
    let horizonDays: Int
    /// What a year takes off later money.
    let discount: Double?
    let model: ChurnModel?
    let spendFit: SpendFit?
    let notes: [String]
    /// By id in the order of bytes.
    let customers: [Customer]

    /// Values everyone who had bought by the end of a day.
    ///
    /// - Parameters:
    ///   - currency: the currency; `nil` = the one with most customers.
    ///   - horizonDays: how far ahead is looked; `nil` = as far as the churn model.
    ///   - discount: what a year takes off later money; 0 or more.
    /// - Throws: `ChurnError` for a useless horizon or if nobody had bought, `NotFound` for an unknown currency, or an
    ///   error of the database.
    init(
        _ db: Database, until day: Int, currency: String? = nil, horizonDays: Int? = nil, discount: Double? = nil
    ) throws {
        if let horizonDays { try ChurnModel.check(horizonDays: horizonDays) }
        let book = try PurchaseBook(db, until: day)
        guard !book.records.isEmpty else { throw ChurnError.noPurchases(until: day) }
        currencies = CurrencyCustomers.count(book.records)
        self.currency = try Self.chosen(currency, currencies)
        let chosen = self.currency
        var notes: [String] = []
        let model = try Self.model(db, until: day, horizonDays, &notes)
        self.model = model
        self.horizonDays = horizonDays ?? model?.horizonDays ?? ChurnModel.horizonDaysDefault
        self.discount = discount
        let weeks = Double(self.horizonDays) / 7
        let payers = book.records.filter { record in record.lines.contains { $0.currency == chosen } }
        let spends = payers.map { Self.spend($0.lines(in: chosen)) }
        let spendFit = Self.fit(spends, &notes)
        self.spendFit = spendFit
        let purchases = model?.model
        let rate = discount.flatMap { CustomerValue.Discount(annualRate: $0) }
        var customers = zip(payers, spends).map { record, spend in
            Customer(record, in: chosen, spend, spendFit?.model, purchases, rate, until: day, horizon: weeks)
        }
        Self.rank(&customers)
        self.customers = customers
        self.notes = notes
    }

    private static func chosen(_ wanted: String?, _ known: [CurrencyCustomers]) throws -> String {
        guard let wanted else { return known[0].currency }
        let code = wanted.uppercased()
        guard known.contains(where: { $0.currency == code }) else {
            throw NotFound(kind: "currency", name: wanted, nearMatches: known.prefix(8).map(\.currency))
        }
        return code
    }

    /// The model of repeat purchase: the published one, else one fitted now; `nil` with a note if none can be.
    private static func model(
        _ db: Database, until day: Int, _ horizonDays: Int?, _ notes: inout [String]
    ) throws -> ChurnModel? {
        if let published = try ChurnModel.published(db) { return published }
        let buyers = try ChurnPopulation(db, until: day).buyers
        do throws(ChurnError) {
            return try .fit(.mbg, to: buyers, until: day, horizonDays: horizonDays ?? ChurnModel.horizonDaysDefault)
        } catch {
            notes.append("no purchases are expected: \(error)")
            return nil
        }
    }

    private static func fit(_ spends: [GammaGamma.Spend], _ notes: inout [String]) -> SpendFit? {
        let usable = spends.count { $0.purchases > 0 && $0.mean > 0 }
        guard usable >= ModelKind.repeatBuyersMin else {
            notes.append(
                "no spend is expected: \(usable) customers spent something when they bought again, at least "
                    + "\(ModelKind.repeatBuyersMin) are needed")
            return nil
        }
        do throws(FitError) {
            let fit = try GammaGamma.fit(spends)
            notes += fit.notes.map { "spend: \($0)" }
            return fit
        } catch {
            notes.append("no spend is expected: \(error)")
            return nil
        }
    }

    /// The repeat purchases of the currency: every day but the first.
    private static func spend(_ lines: [PurchaseRecord.Line]) -> GammaGamma.Spend {
        let later = lines.dropFirst()
        let total = later.reduce(DecimalAmount.zero) { $0.adding($1.spend) ?? $0 }
        return GammaGamma.Spend(
            purchases: later.count, mean: later.isEmpty ? 0 : max(0, total.approximation / Double(later.count)))
    }

    private static func rank(_ customers: inout [Customer]) {
        let recency = Quintiles.of(customers.map(\.lastDay), by: <)
        let frequency = Quintiles.of(customers.map(\.days), by: <)
        let monetary = Quintiles.of(customers.map(\.spend), by: <)
        for index in customers.indices {
            customers[index].rfm = RFM(
                recency: recency[index], frequency: frequency[index], monetary: monetary[index])
        }
    }
}

extension Valuation.Customer {
    fileprivate init(
        _ record: PurchaseRecord, in currency: String, _ spend: GammaGamma.Spend, _ spends: GammaGamma?,
        _ purchases: (any RepeatPurchaseModel)?, _ discount: CustomerValue.Discount?, until day: Int, horizon: Double
    ) {
        let lines = record.lines(in: currency)
        let all = record.days
        let (first, last) = (all[0], all[all.count - 1])
        let history = PurchaseHistory(
            repeats: all.count - 1, recency: Double(last - first) / 7, age: Double(day - first) / 7)
        customer = record.customer
        firstDay = lines[0].day
        lastDay = lines[lines.count - 1].day
        days = lines.count
        orders = lines.reduce(0) { $0 + $1.orders }
        self.spend = lines.reduce(DecimalAmount.zero) { $0.adding($1.spend) ?? $0 }
        gaps = PurchaseRecord.gaps(lines.map(\.day))
        rfm = RFM(recency: 0, frequency: 0, monetary: 0)
        alive = purchases.flatMap { finite($0.probabilityAlive(history)) }
        let share = Double(lines.count) / Double(all.count)
        expectedPurchases = purchases.flatMap { finite($0.expectedPurchases(history, horizon: horizon) * share) }
        expectedSpend = spends.flatMap { $0.expectedValue(spend) }.flatMap(finite)
        guard let purchases, let spends else { return }
        let worth = CustomerValue(purchases: purchases, spend: spends, discount: discount)
        value = worth.expectedSpend(history, spend, horizon: horizon).flatMap { finite($0 * share) }
    }
}

/// The number, unless it is none.
func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }

/// How many customers bought in a currency.
public struct CurrencyCustomers: Encodable, Sendable, Equatable {
    /// ISO 4217; XXX = never said.
    public var currency: String
    /// How many customers.
    public var customers: Int

    /// The one with most customers first, then by code.
    static func count(_ records: [PurchaseRecord]) -> [CurrencyCustomers] {
        var counts: [String: Int] = [:]
        for record in records {
            for currency in Set(record.lines.map(\.currency)) { counts[currency, default: 0] += 1 }
        }
        return counts.map { CurrencyCustomers(currency: $0.key, customers: $0.value) }
            .sorted { (-$0.customers, $0.currency) < (-$1.customers, $1.currency) }
    }
}
