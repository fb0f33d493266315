import EventLog
public import GRDB

/// A list of customers: `touchline customers [--find TEXT]`.
///
/// Text is found anywhere in an id, a name, a phone number, an e-mail address, a company or a linked identity, without
/// regard to the case of Latin letters; digits are found in phone numbers however these are grouped. What was merged
/// is listed once, under its survivor.
public struct CustomersQuery: Sendable {
    /// What to look for; `nil` or empty = everyone, those with the newest events first.
    public var find: String?
    /// How many are listed at most.
    public var limit: Int

    /// A query for customers that match a text.
    public init(find: String? = nil, limit: Int = 50) {
        self.find = find
        self.limit = limit
    }

    /// Answers from the views.
    public func run(_ db: Database, _ context: AnswerContext) throws -> CustomersAnswer {
        let text = (find ?? "").trimmingBlanks
        let rows = try text.isEmpty ? everyone(db) : matching(text, db)
        var customers: [CustomersAnswer.Customer] = []
        for row in rows {
            let group = try MergeGroup.of(row["customer"], db)
            guard let record = try CustomerRecord.fetch(db, group) else { continue }
            customers.append(CustomersAnswer.Customer(record))
        }
        return CustomersAnswer(
            at: context.lastSequence, now: context.now.rfc3339, find: text.isEmpty ? nil : text,
            matches: rows.first?["matches"] ?? 0, customers: customers)
    }

    private func everyone(_ db: Database) throws -> [Row] {
        let sql = """
            SELECT customer, max(last_event) AS last, count(*) OVER () AS matches
            FROM customers_by_customer GROUP BY customer ORDER BY last DESC, customer LIMIT ?
            """
        return try Row.fetchAll(db, sql: sql, arguments: [limit])
    }

    private func matching(_ text: String, _ db: Database) throws -> [Row] {
        // Exact ids first, then exact names and identities, then beginnings of ids, then the rest.
        let sql = """
            WITH hit(subject, rank) AS (
                SELECT subject, CASE WHEN subject = :text THEN 0
                    WHEN name = :text OR phone = :text OR email = :text THEN 1
                    WHEN subject LIKE :beginning ESCAPE '\\' THEN 2 ELSE 3 END
                FROM customers
                WHERE subject LIKE :anywhere ESCAPE '\\' OR name LIKE :anywhere ESCAPE '\\'
                    OR phone LIKE :anywhere ESCAPE '\\' OR email LIKE :anywhere ESCAPE '\\'
                    OR company LIKE :anywhere ESCAPE '\\'
                    OR (:digits IS NOT NULL AND \(Self.digits("phone")) LIKE :digits)
                UNION ALL
                SELECT subject, CASE WHEN value = :text THEN 1 ELSE 3 END FROM customer_identities
                WHERE value LIKE :anywhere ESCAPE '\\'
                    OR (:digits IS NOT NULL AND kind = 'phone' AND \(Self.digits("value")) LIKE :digits))
            SELECT coalesce(s.customer, hit.subject) AS customer, min(rank) AS rank, count(*) OVER () AS matches
            FROM hit LEFT JOIN survivors AS s ON s.subject = hit.subject
            GROUP BY 1 ORDER BY rank, customer LIMIT :limit
            """
        let pattern = text.escapedForLike
        return try Row.fetchAll(
            db, sql: sql,
            arguments: [
                "text": text, "beginning": pattern + "%", "anywhere": "%" + pattern + "%", "limit": limit,
                "digits": text.phoneDigits.map { "%" + $0 + "%" },
            ])
    }

    /// SQL for a phone number without what groups its digits.
    private static func digits(_ column: String) -> String {
        [" ", "-", "(", ")", "."].reduce(column) { "replace(\($0), '\($1)', '')" }
    }
}

/// A list of customers.
public struct CustomersAnswer: Encodable, Sendable {
    /// One customer of the list.
    public struct Customer: Encodable, Sendable, Equatable {
        /// The customer, after merges.
        public var subject: String
        /// Name.
        public var name: String?
        /// Phone number.
        public var phone: String?
        /// E-mail address.
        public var email: String?
        /// Company.
        public var company: String?
        /// Who looks after the customer.
        public var owner: String?
        /// Loyalty tier.
        public var tier: String?
        /// Orders completed and not cancelled.
        public var purchases: Int64
        /// When the last event happened, an instant in UTC.
        public var lastEvent: String?
        /// The customers that were merged into this one.
        public var mergedFrom: [String]

        enum CodingKeys: String, CodingKey {
            case subject, name, phone, email, company, owner, tier, purchases
            case lastEvent = "last_event"
            case mergedFrom = "merged_from"
        }

        init(_ record: CustomerRecord) {
            subject = record.group.survivor
            name = record.text("name")
            phone = record.text("phone")
            email = record.text("email")
            company = record.text("company")
            owner = record.text("owner")
            tier = record.text("tier")
            purchases = record.purchases
            lastEvent = record.lastEvent
            mergedFrom = Array(record.group.members.dropFirst())
        }
    }

    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// What was looked for; `nil` = everyone.
    public var find: String?
    /// How many customers match, listed or not.
    public var matches: Int
    /// The customers.
    public var customers: [Customer]
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmingBlanks: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// With the wildcards of LIKE escaped by a backslash.
    fileprivate var escapedForLike: String {
        var result = ""
        for character in self {
            if character == "%" || character == "_" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// The digits, if this looks like a part of a phone number: at least four digits, grouped or not.
    fileprivate var phoneDigits: String? {
        guard allSatisfy({ ("0"..."9").contains($0) || "+-(). ".contains($0) }) else { return nil }
        let digits = filter { ("0"..."9").contains($0) }
        return digits.count >= 4 ? digits : nil
    }
}
