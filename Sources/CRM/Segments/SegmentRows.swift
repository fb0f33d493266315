import BuyTillYouDie
import EventLog
import Foundation
import GRDB

/// Puts together the rows that conditions are asked of: one a customer, merged subjects taken together.
struct SegmentRows {
    private let db: Database
    private let context: AnswerContext
    private let today: Int
    private let survivors: [String: String]
    private let members: [String: [String]]
    /// What must be known of the rows.
    private(set) var notes: [String] = []

    /// Rows as of a moment.
    init(_ db: Database, _ context: AnswerContext) throws {
        self.db = db
        self.context = context
        today = context.calendar.day(of: context.now)
        (survivors, members) = try ChurnPopulation.merges(db)
    }

    /// Values of a group of columns by customer, and what stands for customers who have none.
    private typealias Part = (values: [String: [SegmentValue]], missing: [SegmentValue])

    /// Calls `body` with every customer's row, a value a column of `SegmentColumns.all`; columns that are not `wanted`
    /// may be NULL.
    ///
    /// - Returns: how many customers there are.
    mutating func forEach(wanted: Set<String>, _ body: ([SegmentValue]) throws -> Void) throws -> Int {
        var parts: [Part] = []
        let groups: [([SegmentColumn], () throws -> Part)] = [
            (SegmentColumns.tags, tags), (SegmentColumns.touches, touches), (SegmentColumns.purchases, purchases),
            (SegmentColumns.service, service), (SegmentColumns.funnel, funnel), (SegmentColumns.tasks, tasks),
        ]
        for (columns, read) in groups {
            let isWanted = columns.contains { wanted.contains($0.name) }
            parts.append(try isWanted ? read() : Self.none(columns))
        }
        let isChurnWanted = SegmentColumns.churn.contains { wanted.contains($0.name) }
        parts.append(try isChurnWanted ? churn() : Self.none(SegmentColumns.churn))
        let isValueWanted = SegmentColumns.value.contains { wanted.contains($0.name) }
        parts.append(try isValueWanted ? value() : Self.none(SegmentColumns.value))
        var count = 0
        func emit(_ profile: [SegmentValue], _ customer: String) throws {
            var row = profile
            for part in parts { row += part.values[customer] ?? part.missing }
            count += 1
            try body(row)
        }
        let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM customers ORDER BY subject")
        var merged = Set<String>()
        while let row = try cursor.next() {
            let subject: String = row["subject"]
            if let customer = survivors[subject] ?? (members[subject] == nil ? nil : subject) {
                merged.insert(customer)
                continue
            }
            try emit(Self.profile(CustomerRecord(alone: row), wanted), subject)
        }
        for customer in merged.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let group = MergeGroup(survivor: customer, members: members[customer] ?? [customer])
            guard let record = try CustomerRecord.fetch(db, group) else { continue }
            try emit(Self.profile(record, wanted), customer)
        }
        return count
    }

    private static func none(_ columns: [SegmentColumn]) -> Part { ([:], columns.map { _ in .null }) }

    private static func profile(_ record: CustomerRecord, _ wanted: Set<String>) throws -> [SegmentValue] {
        let names = ["name", "kind", "company", "origin", "owner", "team", "tier", "phone", "email", "birthday"]
        var fields = SegmentValue.null
        if wanted.contains("fields") {
            let others = record.fields.filter { !names.contains($0.key) && $0.value != .null }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            fields = .text(String(decoding: try encoder.encode(JSONValue.object(others)), as: UTF8.self))
        }
        return [.text(record.group.survivor)] + names.map { SegmentValue(record.text($0)) }
            + [
                fields, .integer(record.points), .integer(record.events), SegmentValue(record.firstEvent),
                SegmentValue(record.lastEvent), .integer(record.purchases),
            ]
    }

    /// Rows of a query whose first column is the customer.
    private func read(_ sql: String, _ missing: [SegmentValue], _ arguments: StatementArguments = []) throws -> Part {
        var values: [String: [SegmentValue]] = [:]
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        while let row = try cursor.next() {
            values[row[0]] = (1...missing.count).map { SegmentValue(row[$0] as DatabaseValue) }
        }
        return (values, missing)
    }

    private func tags() throws -> Part {
        var part = try read(
            """
            SELECT customer, min(first_time), '[]' FROM customer_event_counts_by_customer
            WHERE type = 'customer.registered' GROUP BY customer
            """, [.null, .text("[]")])
        let tags = try read(
            """
            SELECT customer, json_group_array(tag) FROM (
                SELECT DISTINCT customer, tag FROM customer_tags_by_customer ORDER BY customer, tag)
            GROUP BY customer
            """, [.null])
        for (customer, list) in tags.values {
            part.values[customer] = [part.values[customer]?[0] ?? .null, list[0]]
        }
        return part
    }

    private func touches() throws -> Part {
        let types = CustomersEventTypes.contacts.map { "'\($0)'" }.joined(separator: ", ")
        return try read(
            """
            SELECT customer, sum(count), max(last_time) FROM customer_event_counts_by_customer
            WHERE type IN (\(types)) GROUP BY customer
            """, [.integer(0), .null])
    }

    private func purchases() throws -> Part {
        var totals: [String: [String: DecimalAmount]] = [:]
        let cursor = try Row.fetchCursor(
            db, sql: "SELECT customer, currency, total FROM purchase_totals_by_customer ORDER BY customer, currency")
        while let row = try cursor.next() {
            guard let total = DecimalAmount(row[2] as String) else { continue }
            let (customer, currency): (String, String) = (row[0], row[1])
            let known = totals[customer]?[currency]
            totals[customer, default: [:]][currency] = known.map { $0.adding(total) ?? $0 } ?? total
        }
        let missing: [SegmentValue] = [.integer(0), .null, .null, .null, .null, .null, .null, .text("{}")]
        var values = totals.mapValues { Array(missing.dropLast()) + [SegmentValue.text(Self.json($0))] }
        for record in try PurchaseBook(db, until: today).records {
            let days = record.days
            let (first, last) = (days[0], days[days.count - 1])
            let counts = Dictionary(record.lines.map { ($0.currency, 1) }, uniquingKeysWith: +)
            let currency = counts.min { (-$0.value, $0.key) < (-$1.value, $1.key) }?.key ?? ""
            let spent = totals[record.customer] ?? [:]
            values[record.customer] = [
                .integer(Int64(days.count)), .text(DayCalendar.text(of: first)), .text(DayCalendar.text(of: last)),
                .integer(Int64(today - last)),
                SegmentValue(days.count > 1 ? Double(last - first) / Double(days.count - 1) : nil), .text(currency),
                SegmentValue(spent[currency]?.approximation), .text(Self.json(spent)),
            ]
        }
        return (values, missing)
    }

    /// Amounts as JSON numbers, digit by digit.
    private static func json(_ amounts: [String: DecimalAmount]) -> String {
        let members = amounts.sorted { $0.key < $1.key }.map { currency, amount in
            String(decoding: JSONText.string(currency), as: UTF8.self) + ":\(amount)"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private func service() throws -> Part {
        try read(
            """
            SELECT customer, sum(family = 'complaint'), sum(family = 'complaint' AND is_open),
                sum(family = 'ticket'), sum(family = 'ticket' AND is_open)
            FROM cases_by_customer GROUP BY customer
            """, Array(repeating: .integer(0), count: 4))
    }

    private func funnel() throws -> Part {
        try read(
            """
            SELECT customer, sum(lead), sum(open), sum(won), sum(lost) FROM (
                SELECT customer, 0 AS lead, state = 'open' AS open, state = 'won' AS won, state = 'lost' AS lost
                FROM opportunities_by_customer
                UNION ALL
                SELECT customer, state IN ('captured', 'assigned'), 0, 0, 0 FROM leads_by_customer)
            GROUP BY customer
            """, Array(repeating: .integer(0), count: 4))
    }

    private func tasks() throws -> Part {
        try read(
            """
            SELECT customer, sum(state = 'open'), sum(state = 'open' AND coalesce(due < ?, 0))
            FROM tasks_by_customer GROUP BY customer
            """, [.integer(0), .integer(0)], [context.now.rfc3339])
    }

    private mutating func churn() throws -> Part {
        var part = try read(
            """
            SELECT customer, max(signal = 'contract' AND (value IS NULL OR value >= :today)),
                sum(signal = 'unsubscribe'), NULL, NULL, NULL, NULL
            FROM churn_signals_by_customer
            WHERE since <= :now AND (until IS NULL OR until > :now) AND signal IN ('contract', 'unsubscribe')
            GROUP BY customer
            """, [.integer(0), .integer(0), .null, .null, .null, .null],
            ["today": DayCalendar.text(of: today), "now": context.now.rfc3339])
        for (customer, subjects) in try ChurnPopulation.merges(db).members {
            // Of several subjects the newest word holds, and counts once.
            guard part.values[customer] != nil else { continue }
            let count = try ChurnSignals(subjects, db, context).of("unsubscribe").count
            part.values[customer]?[1] = .integer(Int64(count))
        }
        let population = try ChurnPopulation(db, until: today)
        guard !population.buyers.isEmpty, let scorer = try scorer(population) else { return part }
        // Customers under a contract are not among those of the pass.
        try ChurnScan(db, context).forEach(db, signals: scorer.model.hasWeights) { entry in
            let buyer = entry.buyer
            let known = part.values[buyer.customer] ?? part.missing
            let risk = Logit.probability(scorer.score(entry.history(asOf: today), entry.signals))
            part.values[buyer.customer] = [
                known[0], known[1], SegmentValue(risk), .text(context.bands.name(of: risk)),
                SegmentValue(scorer.probabilityAlive(buyer)), SegmentValue(scorer.expectedPurchases(buyer)),
            ]
        }
        return part
    }

    /// Scores by the published model, else by one fitted now; `nil` with a note if none can be.
    private mutating func scorer(_ population: ChurnPopulation) throws -> ChurnScorer? {
        if let model = try ChurnModel.published(db) {
            return ChurnScorer(model, horizonDays: model.horizonDays, today: today)
        }
        do throws(ChurnError) {
            let model = try ChurnModel.fit(
                .mbg, to: population.buyers, until: today, horizonDays: ChurnModel.horizonDaysDefault)
            notes.append("no churn model is published, so one was fitted for this answer")
            return ChurnScorer(model, horizonDays: model.horizonDays, today: today)
        } catch {
            notes.append("nobody has a risk: \(error)")
            return nil
        }
    }

    private mutating func value() throws -> Part {
        let missing = SegmentColumns.value.map { _ in SegmentValue.null }
        let valuation: Valuation
        do {
            valuation = try Valuation(db, until: today)
        } catch ChurnError.noPurchases {
            return ([:], missing)
        }
        notes += valuation.notes
        var values: [String: [SegmentValue]] = [:]
        for customer in valuation.customers {
            values[customer.customer] = [
                .integer(Int64(customer.rfm.recency)), .integer(Int64(customer.rfm.frequency)),
                .integer(Int64(customer.rfm.monetary)), .text(customer.rfm.code), SegmentValue(customer.value),
            ]
        }
        return (values, missing)
    }
}

extension SegmentValue {
    /// A value as the database holds it; blobs are in no view.
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .null, .blob: self = .null
        }
    }
}
