import BuyTillYouDie
import GRDB

/// The purchase days of one customer, merged ones taken together.
struct ChurnBuyer: Sendable, Equatable {
    var customer: String
    /// Purchase days, each once.
    var days: Int
    var firstDay: Int
    var lastDay: Int
    var firstSequence: UInt64
    var lastSequence: UInt64

    /// The history as of the end of a day, in weeks; t_x and T are whole days over 7.
    func history(asOf day: Int) -> PurchaseHistory {
        Self.history(days: days, firstDay: firstDay, lastDay: lastDay, asOf: day)
    }

    static func history(days: Int, firstDay: Int, lastDay: Int, asOf day: Int) -> PurchaseHistory {
        PurchaseHistory(
            repeats: days - 1, recency: Double(lastDay - firstDay) / 7, age: Double(day - firstDay) / 7)
    }

    /// The mean number of days between purchases; `nil` below two.
    var usualGap: Double? { days > 1 ? Double(lastDay - firstDay) / Double(days - 1) : nil }
}

/// Everyone who had bought by the end of a day, as the views tell it.
struct ChurnPopulation {
    /// The buyers, by id in the order of bytes.
    let buyers: [ChurnBuyer]

    /// Reads all buyers.
    init(_ db: Database, until day: Int) throws {
        let (survivors, members) = try Self.merges(db)
        var buyers: [ChurnBuyer] = []
        // The summary answers for a customer who stands alone and has no purchase later than the day; the few
        // others are counted from their days.
        let sql = """
            SELECT subject, purchase_days, first_day, last_day, first_sequence, last_sequence
            FROM churn_customers WHERE purchase_days > 0 AND first_day <= ? ORDER BY subject
            """
        let untilText = DayCalendar.text(of: day)
        let rows = try Row.fetchCursor(db, sql: sql, arguments: [untilText])
        var toBeCounted: [[String]] = []
        while let row = try rows.next() {
            let subject: String = row[0]
            guard survivors[subject] == nil, members[subject] == nil else { continue }
            let lastText: String = row[3]
            guard lastText <= untilText, let firstDay = DayCalendar.day(of: row[2] as String),
                let lastDay = DayCalendar.day(of: lastText)
            else {
                toBeCounted.append([subject])
                continue
            }
            buyers.append(
                ChurnBuyer(
                    customer: subject, days: row[1], firstDay: firstDay, lastDay: lastDay,
                    firstSequence: UInt64(clamping: row[4] as Int64), lastSequence: UInt64(clamping: row[5] as Int64)))
        }
        for subjects in toBeCounted {
            if let buyer = try Self.buyer(subjects[0], subjects, db, until: day) { buyers.append(buyer) }
        }
        for (customer, subjects) in members {
            if let buyer = try Self.buyer(customer, subjects, db, until: day) { buyers.append(buyer) }
        }
        buyers.sort { $0.customer.utf8.lexicographicallyPrecedes($1.customer.utf8) }
        self.buyers = buyers
    }

    /// Each merged subject's survivor, and each survivor's subjects.
    static func merges(_ db: Database) throws -> (survivors: [String: String], members: [String: [String]]) {
        var survivors: [String: String] = [:]
        var members: [String: [String]] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT subject, customer FROM survivors ORDER BY subject")
        while let row = try rows.next() {
            let (subject, customer): (String, String) = (row[0], row[1])
            survivors[subject] = customer
            members[customer, default: []].append(subject)
        }
        for (customer, subjects) in members {
            members[customer] = ([customer] + subjects.filter { $0 != customer })
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        return (survivors, members)
    }

    /// One customer, from the days of all his subjects; `nil` if there is none by then.
    static func buyer(_ customer: String, _ subjects: [String], _ db: Database, until day: Int) throws -> ChurnBuyer? {
        let days = try purchaseDays(subjects, db, until: day)
        guard let first = days.first, let last = days.last else { return nil }
        return ChurnBuyer(
            customer: customer, days: days.count, firstDay: first.day, lastDay: last.day,
            firstSequence: first.sequence, lastSequence: last.sequence)
    }

    /// The union of the purchase days of some subjects, each day once with its last event.
    static func purchaseDays(
        _ subjects: [String], _ db: Database, until day: Int
    ) throws -> [(day: Int, sequence: UInt64)] {
        var sequences: [Int: UInt64] = [:]
        let statement = try db.cachedStatement(
            sql: "SELECT day, sequence FROM purchase_days WHERE subject = ? AND day <= ?")
        for subject in subjects {
            let rows = try Row.fetchCursor(statement, arguments: [subject, DayCalendar.text(of: day)])
            while let row = try rows.next() {
                guard let number = DayCalendar.day(of: row[0] as String) else { continue }
                sequences[number] = max(sequences[number] ?? 0, UInt64(clamping: row[1] as Int64))
            }
        }
        return sequences.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Spend per currency on the purchase days of some subjects.
    static func spend(_ subjects: [String], _ db: Database, until day: Int) throws -> [String: DecimalAmount] {
        var totals: [String: DecimalAmount] = [:]
        let statement = try db.cachedStatement(
            sql: "SELECT currency, spend FROM purchase_days WHERE subject = ? AND day <= ?")
        for subject in subjects {
            let rows = try Row.fetchCursor(statement, arguments: [subject, DayCalendar.text(of: day)])
            while let row = try rows.next() {
                guard let amount = DecimalAmount(row[1] as String) else { continue }
                let currency: String = row[0]
                totals[currency] = totals[currency].map { $0.adding(amount) ?? $0 } ?? amount
            }
        }
        return totals
    }
}
