import BuyTillYouDie
import EventLog
import GRDB

/// All who can be scored, in one pass over the tables: who has bought by the end of a day and is under no contract.
///
/// Customers who stand alone come first, by their ids' bytes, then merged ones, likewise. What a score needs is read
/// as numbers; a name is made only for those who ask for it, since of a million customers ten are listed.
struct ChurnScan {
    /// Each merged subject's surviving customer.
    let survivors: [String: String]
    /// Each survivor's subjects, itself included, in the order of bytes.
    let members: [String: [String]]
    /// Customers under a contract, who are not scored.
    let contracts: [String: ChurnContract]
    private let context: AnswerContext
    private let today: Int

    /// Reads merges and contracts.
    init(_ db: Database, _ context: AnswerContext) throws {
        (survivors, members) = try ChurnPopulation.merges(db)
        self.context = context
        today = context.calendar.day(of: context.now)
        var contracts: [String: ChurnContract] = [:]
        let subjects = try String.fetchAll(
            db, sql: "SELECT DISTINCT subject FROM churn_signals WHERE signal = 'contract' ORDER BY subject")
        for subject in subjects {
            let customer = survivors[subject] ?? subject
            guard contracts[customer] == nil else { continue }
            let signals = try ChurnSignals(members[customer] ?? [customer], db, context)
            contracts[customer] = ChurnContract(customer, signals)
        }
        self.contracts = contracts
    }

    /// The subjects of a customer.
    func subjects(of customer: String) -> [String] { members[customer] ?? [customer] }

    /// How many customers there are, buyers or not: those of the customers' view, or, without it, of this one.
    func customerCount(_ db: Database) throws -> Int {
        let table = try db.tableExists("customers") ? "customers" : "churn_customers"
        let sql = """
            SELECT count(DISTINCT coalesce(survivors.customer, t.subject))
            FROM "\(table)" AS t LEFT JOIN survivors ON survivors.subject = t.subject
            """
        // Without merges the count needs no join, and that is nearly always.
        guard survivors.isEmpty else { return try Int.fetchOne(db, sql: sql) ?? 0 }
        return try Int.fetchOne(db, sql: "SELECT count(*) FROM \"\(table)\"") ?? 0
    }

    /// One customer of the pass; valid only while it is at him.
    struct Entry {
        /// Purchase days, the first and the last of them.
        let days: Int
        let firstDay: Int
        let lastDay: Int
        /// What the views say beside purchases, if it was asked for.
        let signals: ChurnSignals?
        /// Whether he is several subjects in one, and so comes out of the order of ids.
        var isMerged: Bool { merged != nil }
        fileprivate let row: Row?
        fileprivate let merged: ChurnBuyer?

        /// The history as of the end of a day, in weeks.
        func history(asOf day: Int) -> PurchaseHistory {
            ChurnBuyer.history(days: days, firstDay: firstDay, lastDay: lastDay, asOf: day)
        }

        /// The customer with his name.
        var buyer: ChurnBuyer {
            if let merged { return merged }
            guard let row else {
                return ChurnBuyer(
                    customer: "", days: days, firstDay: firstDay, lastDay: lastDay, firstSequence: 0, lastSequence: 0)
            }
            return ChurnBuyer(
                customer: row[0], days: days, firstDay: firstDay, lastDay: lastDay,
                firstSequence: UInt64(clamping: row[4] as Int64), lastSequence: UInt64(clamping: row[5] as Int64))
        }
    }

    private static let sql = """
        SELECT subject, purchase_days, first_day, last_day, first_sequence, last_sequence,
            active_days, first_active_day, last_active_day, last_active_sequence
        FROM churn_customers WHERE purchase_days > 0 ORDER BY subject
        """

    /// Calls `body` with each customer, with his signals if they are wanted.
    func forEach(_ db: Database, signals wanted: Bool, _ body: (Entry) throws -> Void) throws {
        var signalRows = wanted ? try SignalRows(db) : nil
        let needsName = wanted || !survivors.isEmpty || !contracts.isEmpty
        let rows = try Row.fetchCursor(db, sql: Self.sql)
        while let row = try rows.next() {
            let name: String = needsName ? row[0] : ""
            if needsName, survivors[name] != nil || members[name] != nil || contracts[name] != nil { continue }
            guard let first = DayCalendar.day(of: row[2] as String), first <= today,
                let last = DayCalendar.day(of: row[3] as String)
            else { continue }
            var signals: ChurnSignals?
            if wanted {
                var found = ChurnSignals(context)
                found.addActivity(row, from: 6)
                try signalRows?.forEach(of: name) { found.add($0) }
                found.settle()
                signals = found
            }
            if last <= today {
                try body(
                    Entry(days: row[1], firstDay: first, lastDay: last, signals: signals, row: row, merged: nil))
            } else if let buyer = try ChurnPopulation.buyer(row[0], [row[0]], db, until: today) {
                // Purchases after the day are in the tables: the summary counts them, the days do not.
                try body(Entry(buyer, signals))
            }
        }
        for customer in members.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where contracts[customer] == nil {
            let subjects = subjects(of: customer)
            guard let buyer = try ChurnPopulation.buyer(customer, subjects, db, until: today) else { continue }
            try body(Entry(buyer, wanted ? try ChurnSignals(subjects, db, context) : nil))
        }
    }
}

extension ChurnScan.Entry {
    fileprivate init(_ buyer: ChurnBuyer, _ signals: ChurnSignals?) {
        self.init(
            days: buyer.days, firstDay: buyer.firstDay, lastDay: buyer.lastDay, signals: signals, row: nil,
            merged: buyer)
    }
}

/// The rows of `churn_signals` beside a pass over customers in the same order.
private struct SignalRows {
    private let rows: RowCursor
    private var row: Row?
    private var subject = ""

    init(_ db: Database) throws {
        rows = try Row.fetchCursor(db, sql: "SELECT * FROM churn_signals ORDER BY subject, signal, key")
        try step()
    }

    private mutating func step() throws {
        row = try rows.next()
        if let row { subject = row[0] }
    }

    /// The rows of one customer; those of customers before him are passed over.
    mutating func forEach(of name: String, _ body: (Row) -> Void) throws {
        while let row {
            let order = Self.order(subject, name)
            if order > 0 { return }
            if order == 0 { body(row) }
            try step()
        }
    }

    /// Below 0 if the first text's bytes come before the other's, 0 if they are the same.
    private static func order(_ left: String, _ right: String) -> Int {
        let (left, right) = (left.utf8.span, right.utf8.span)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }
}
