import GRDB

/// What one customer bought day by day, merged subjects taken together.
struct PurchaseRecord: Sendable {
    /// The orders of one day in one currency.
    struct Line: Sendable {
        var day: Int
        var currency: String
        var orders: Int
        var spend: DecimalAmount
    }

    var customer: String
    /// By day, then currency; each pair once.
    var lines: [Line]

    /// A record of rows in any order.
    init(customer: String, rows: [Line]) {
        self.customer = customer
        lines = []
        for row in rows.sorted(by: { ($0.day, $0.currency) < ($1.day, $1.currency) }) {
            guard let last = lines.last, last.day == row.day, last.currency == row.currency else {
                lines.append(row)
                continue
            }
            lines[lines.count - 1].orders += row.orders
            lines[lines.count - 1].spend = last.spend.adding(row.spend) ?? last.spend
        }
    }

    /// The purchase days, each once, in order.
    var days: [Int] {
        lines.reduce(into: []) { if $0.last != $1.day { $0.append($1.day) } }
    }

    /// The lines of one currency.
    func lines(in currency: String) -> [Line] { lines.filter { $0.currency == currency } }

    /// The days between each purchase day and the next.
    static func gaps(_ days: [Int]) -> [Int64] { zip(days.dropFirst(), days).map { Int64($0 - $1) } }
}

/// Everyone who had bought by the end of a day, with the days; a merged customer has the union of the days.
struct PurchaseBook {
    /// The buyers, by id in the order of bytes.
    let records: [PurchaseRecord]

    /// Reads all buyers.
    init(_ db: Database, until day: Int) throws {
        let (survivors, members) = try ChurnPopulation.merges(db)
        var records: [PurchaseRecord] = []
        var merged: [String: [PurchaseRecord.Line]] = [:]
        var (subject, rows) = ("", [PurchaseRecord.Line]())
        func flush() {
            guard !rows.isEmpty else { return }
            if let customer = survivors[subject] ?? (members[subject] == nil ? nil : subject) {
                merged[customer, default: []] += rows
            } else {
                records.append(PurchaseRecord(customer: subject, rows: rows))
            }
            rows.removeAll(keepingCapacity: true)
        }
        let cursor = try Row.fetchCursor(
            db,
            sql: "SELECT subject, day, currency, orders, spend FROM purchase_days WHERE day <= ? ORDER BY subject",
            arguments: [DayCalendar.text(of: day)])
        while let row = try cursor.next() {
            let name: String = row[0]
            if name != subject {
                flush()
                subject = name
            }
            if let line = PurchaseRecord.Line(row) { rows.append(line) }
        }
        flush()
        records += merged.map { PurchaseRecord(customer: $0.key, rows: $0.value) }
        records.sort { $0.customer.utf8.lexicographicallyPrecedes($1.customer.utf8) }
        self.records = records
    }

    /// One customer's record; `nil` if nothing was bought by then.
    static func record(_ group: MergeGroup, _ db: Database, until day: Int) throws -> PurchaseRecord? {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT subject, day, currency, orders, spend FROM purchase_days
                WHERE day <= ? AND subject IN (SELECT value FROM json_each(?))
                """, arguments: [DayCalendar.text(of: day), group.json])
        guard !rows.isEmpty else { return nil }
        return PurchaseRecord(customer: group.survivor, rows: rows.compactMap { PurchaseRecord.Line($0) })
    }
}

extension PurchaseRecord.Line {
    /// A row of `purchase_days`: subject, day, currency, orders, spend.
    fileprivate init?(_ row: Row) {
        guard let day = DayCalendar.day(of: row[1] as String), let spend = DecimalAmount(row[4] as String) else {
            return nil
        }
        self.init(day: day, currency: row[2], orders: row[3], spend: spend)
    }
}
