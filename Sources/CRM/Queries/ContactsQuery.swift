public import GRDB

/// How many contacts it took until customers bought.
///
/// Contacts are calls, messages in and out, meetings and visits, with the customer or anyone merged into it. They count
/// until the customer's first purchase: its first completed order or won opportunity, whatever became of that later.
/// No view keeps this; it is folded when it is asked for.
public struct ContactsQuery: Sendable {
    /// The query.
    public init() {}

    /// Answers from the rows of `ContactsProjector`.
    ///
    /// - Throws: an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> ContactFigures {
        var first: [String: (time: Int64, sequence: Int64)] = [:]
        let purchases = try Row.fetchCursor(db, sql: "SELECT customer, time, sequence FROM first_purchases_by_customer")
        while let row = try purchases.next() {
            let (customer, purchase): (String, (time: Int64, sequence: Int64)) = (row[0], (row[1], row[2]))
            if let known = first[customer], known <= purchase { continue }
            first[customer] = purchase
        }
        var counts = first.mapValues { _ in 0 }
        let contacts = try Row.fetchCursor(
            db, sql: "SELECT customer, time, sequence FROM contacts_until_purchase_by_customer")
        while let row = try contacts.next() {
            let customer: String = row[0]
            guard let purchase = first[customer], (row[1], row[2]) < purchase else { continue }
            counts[customer, default: 0] += 1
        }
        return ContactFigures(counts.values.sorted())
    }
}

/// Figures over the contacts of customers before their first purchases.
public struct ContactFigures: Encodable, Sendable, Equatable {
    /// Customers that bought.
    public var customers: Int
    /// Those that bought without any contact before.
    public var withoutContact: Int
    /// Half of the customers had at most so many contacts; `nil` if none bought.
    public var median: Int?
    /// Nine in ten had at most so many.
    public var p90: Int?
    /// The mean.
    public var mean: Double?

    init(_ sorted: [Int]) {
        customers = sorted.count
        withoutContact = sorted.count { $0 == 0 }
        let lengths = sorted.map { Int64($0) }
        median = DurationFigures.nearestRank(lengths, 1, of: 2).map { Int($0) }
        p90 = DurationFigures.nearestRank(lengths, 9, of: 10).map { Int($0) }
        mean = sorted.isEmpty ? nil : Double(sorted.reduce(0, +)) / Double(sorted.count)
    }

    enum CodingKeys: String, CodingKey {
        case customers, median, p90, mean
        case withoutContact = "without_contact"
    }

    /// Encodes every key, null where there is nothing.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(customers, forKey: .customers)
        try container.encode(withoutContact, forKey: .withoutContact)
        try container.encode(median, forKey: .median)
        try container.encode(p90, forKey: .p90)
        try container.encode(mean, forKey: .mean)
    }
}
