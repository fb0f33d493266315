import EventLog
public import GRDB

/// Customers that may be one: `touchline customers --duplicates`.
///
/// Two customers are candidates if they have the same identity (kind and value), the same phone number or the same
/// e-mail address, however written. Candidates of candidates are one group. What was merged is one customer already.
/// A key that ``sharedMin`` customers or more have (a shop's phone) says little: it joins nobody, and is listed apart.
public struct DuplicatesQuery: Sendable {
    /// How many groups, and how many shared keys, are listed at most.
    public var limit: Int

    /// From so many customers on a key is shared, and joins nobody.
    public static let sharedMin = 21
    /// How many customers of a shared key, or of a large group, are named.
    static let examplesMax = 5

    /// A query for the first `limit` groups.
    public init(limit: Int = 50) { self.limit = limit }

    /// Answers from the views.
    ///
    /// Groups with more reasons come first, then by their first customer; groups of which all but one customer were
    /// taken out of a merge before come last, since somebody has told them apart.
    public func run(_ db: Database, _ context: AnswerContext) throws -> DuplicatesAnswer {
        let keys = try DuplicateKeys(db).customers.sorted { $0.key < $1.key }
        let shared = keys.filter { $0.value.count >= Self.sharedMin }
            .sorted { (-$0.value.count, $0.key) < (-$1.value.count, $1.key) }
        let joining = keys.filter { $0.value.count < Self.sharedMin }
        let unmerged = try Self.unmerged(db)
        var groups = Self.groups(joining).map { reasons -> Group in
            let customers = Set(reasons.flatMap(\.customers)).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
            let apart = customers.filter { unmerged[$0] != nil }
            return Group(customers: customers, reasons: reasons, isToldApart: customers.count - apart.count < 2)
        }
        groups.sort {
            if $0.isToldApart != $1.isToldApart { return !$0.isToldApart }
            if $0.reasons.count != $1.reasons.count { return $0.reasons.count > $1.reasons.count }
            return $0.customers[0].utf8.lexicographicallyPrecedes($1.customers[0].utf8)
        }
        return DuplicatesAnswer(
            at: context.lastSequence, now: context.now.rfc3339, groupCount: groups.count,
            customers: groups.reduce(0) { $0 + $1.customers.count },
            groups: try groups.prefix(max(0, limit)).map { try Self.answer($0, unmerged, db) },
            sharedCount: shared.count,
            shared: shared.prefix(max(0, limit)).map { key, customers in
                DuplicatesAnswer.Shared(
                    reason: key.reason.rawValue, kind: key.kind.isEmpty ? nil : key.kind, value: key.value,
                    customers: customers.count, examples: Array(customers.prefix(Self.examplesMax)))
            })
    }

    private struct Group {
        var customers: [String]
        var reasons: [DuplicatesAnswer.Reason]
        var isToldApart: Bool
    }

    /// When each customer was last taken out of a merge; those who are merged again do not matter.
    private static func unmerged(_ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT subject, last_time FROM customer_event_counts
                WHERE type = 'customer.unmerged' AND subject NOT IN (SELECT subject FROM merges)
                """)
        return Dictionary(rows.map { ($0[0] as String, $0[1] as String) }) { $1 }
    }

    /// The keys of each set of customers that are joined by keys.
    private static func groups(
        _ keys: [(key: DuplicateKey, value: [String])]
    ) -> [[DuplicatesAnswer.Reason]] {
        var joined = DisjointSets()
        for (_, customers) in keys {
            for customer in customers.dropFirst() { joined.join(customers[0], customer) }
        }
        var groups: [String: [DuplicatesAnswer.Reason]] = [:]
        for (key, customers) in keys {
            groups[joined.root(of: customers[0]), default: []].append(
                DuplicatesAnswer.Reason(
                    reason: key.reason.rawValue, kind: key.kind.isEmpty ? nil : key.kind, value: key.value,
                    customers: customers))
        }
        return Array(groups.values)
    }

    private static func answer(
        _ group: Group, _ unmerged: [String: String], _ db: Database
    ) throws -> DuplicatesAnswer.Group {
        let customers = try group.customers.prefix(sharedMin).map { customer -> DuplicatesAnswer.Customer in
            let record = try CustomerRecord.fetch(db, MergeGroup.of(customer, db))
            return DuplicatesAnswer.Customer(
                customer: customer, name: record?.text("name"), phone: record?.text("phone"),
                email: record?.text("email"), owner: record?.text("owner"), events: record?.events ?? 0,
                lastEvent: record?.lastEvent, unmerged: unmerged[customer])
        }
        return DuplicatesAnswer.Group(
            count: group.customers.count, customers: customers, reasons: group.reasons,
            note: customers.contains { $0.unmerged != nil }
                ? "taken out of a merge before, so somebody has told them apart" : nil)
    }
}

/// Names joined into sets (union by attaching the greater root to the lesser, with path halving).
struct DisjointSets {
    private var parents: [String: String] = [:]

    /// The least name that is known to be in the set.
    mutating func root(of name: String) -> String {
        var name = name
        while let parent = parents[name] {
            if let grandparent = parents[parent] { parents[name] = grandparent }
            name = parent
        }
        return name
    }

    mutating func join(_ left: String, _ right: String) {
        let (a, b) = (root(of: left), root(of: right))
        if a < b { parents[b] = a } else if b < a { parents[a] = b }
    }
}

/// Customers that may be one.
public struct DuplicatesAnswer: Encodable, Sendable {
    /// Something that several customers have.
    public struct Reason: Encodable, Sendable, Equatable {
        /// `identity`, `phone` or `email`.
        public var reason: String
        /// Of an identity its kind.
        @OrNull public var kind: String?
        /// The identity, or the number or address in its one spelling.
        public var value: String
        /// Who has it.
        public var customers: [String]
    }

    /// One of the candidates.
    public struct Customer: Encodable, Sendable, Equatable {
        /// The customer, the survivor after merges.
        public var customer: String
        /// Name.
        @OrNull public var name: String?
        /// Phone number, as sent.
        @OrNull public var phone: String?
        /// E-mail address, as sent.
        @OrNull public var email: String?
        /// Who looks after the customer.
        @OrNull public var owner: String?
        /// Number of events.
        public var events: Int64
        /// When the last one happened, an instant in UTC.
        @OrNull public var lastEvent: String?
        /// When the customer was last taken out of a merge.
        @OrNull public var unmerged: String?

        enum CodingKeys: String, CodingKey {
            case customer, name, phone, email, owner, events, unmerged
            case lastEvent = "last_event"
        }
    }

    /// Customers joined by reasons.
    public struct Group: Encodable, Sendable, Equatable {
        /// How many customers.
        public var count: Int
        /// The first of them.
        public var customers: [Customer]
        /// Why.
        public var reasons: [Reason]
        /// What else must be known.
        @OrNull public var note: String?
    }

    /// Something that so many customers have that it joins nobody.
    public struct Shared: Encodable, Sendable, Equatable {
        /// `identity`, `phone` or `email`.
        public var reason: String
        /// Of an identity its kind.
        @OrNull public var kind: String?
        /// The identity, or the number or address in its one spelling.
        public var value: String
        /// How many customers have it.
        public var customers: Int
        /// The first of them.
        public var examples: [String]
    }

    /// The last known event's sequence; `nil` for an empty log.
    @OrNull public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// How many groups there are, listed or not.
    public var groupCount: Int
    /// How many customers are in them.
    public var customers: Int
    /// The groups.
    public var groups: [Group]
    /// How many keys are shared by many, listed or not.
    public var sharedCount: Int
    /// These keys, the most shared first.
    public var shared: [Shared]

    enum CodingKeys: String, CodingKey {
        case at, now, customers, groups, shared
        case groupCount = "group_count"
        case sharedCount = "shared_count"
    }
}
