import EventLog
public import GRDB

/// Who is in which segment at a moment: `touchline segments [NAME]`.
///
/// The segments are those of the definition in force (`segments.yaml`, published to the log). Each condition is asked
/// of one documented row a customer (`SegmentColumns`) in a table of its own, where it can do no harm.
public struct SegmentsQuery: Sendable {
    /// So many segments may be published at once: each takes a column of the table that conditions are asked of.
    public static let segmentsMax = 1_000

    /// One segment, with its members; `nil` = all, with their counts.
    public var name: String?

    /// A query for one segment or all.
    public init(name: String? = nil) { self.name = name }

    /// Who is in the segments.
    ///
    /// - Throws: `NotFound` for an unknown segment, `SegmentError` for a condition that cannot be asked, or an error of
    ///   the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> SegmentMembership {
        let (definitions, definition) = try SegmentDefinitions.inForce(db)
        if let name, !definitions.segments.contains(where: { $0.name == name }) {
            let names = definitions.segments.map(\.name)
            let near = NearMatches.rank(name, among: names)
            throw NotFound(
                kind: "segment", name: name, nearMatches: near.isEmpty ? Array(names.prefix(8)) : near)
        }
        let segments = definitions.segments.filter { name == nil || $0.name == name }
        var membership = SegmentMembership(
            definition: DefinitionAnswer(definition), segments: segments, members: [], customers: 0,
            at: context.lastSequence, now: context.now.rfc3339)
        if definitions.segments.isEmpty {
            // A file without a segment takes those before it away, and is as good a definition as any.
            membership.notes.append(
                definition.map { "the segments.yaml that event \($0.sequence) published names no segment" }
                    ?? "no segments are published; write segments.yaml, see `touchline segments --help`")
        }
        let now = context.now.rfc3339
        let table = try Self.naming(nil) { () throws(ConditionFault) in
            try ConditionTable(columns: SegmentColumns.all, now: now)
        }
        var wanted = Set<String>()
        let checked = try segments.map { segment in
            try Self.naming(segment) { () throws(ConditionFault) in
                let (columns, sql) = try table.check(segment.condition)
                wanted.formUnion(columns)
                return sql
            }
        }
        try Self.naming(nil) { () throws(ConditionFault) in try table.prepare() }
        var rows = try SegmentRows(db, context)
        membership.customers = try rows.forEach(wanted: wanted) { row in
            try Self.naming(nil) { () throws(ConditionFault) in try table.add(row) }
        }
        membership.notes += rows.notes
        if wanted.contains("risk_band") {
            membership.notes.append(
                "risk_band is high from a risk of \(context.bands.high) on, medium from \(context.bands.medium) on")
        }
        membership.segments = []
        for (segment, condition) in zip(segments, checked) {
            do throws(SegmentError) {
                let members = try Self.naming(segment) { () throws(ConditionFault) in try table.members(condition) }
                membership.segments.append(segment)
                membership.members.append(members)
            } catch {
                // One condition that a customer's data breaks does not take the others' answers away.
                if name != nil { throw error }
                membership.notes.append("\(error); left out")
            }
        }
        return membership
    }

    /// Everything that is wrong with the conditions of a definition's text, as `segments check` and whoever publishes
    /// one say it.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public static func check(_ yaml: String, path: String) throws(DefinitionError) {
        let definitions = try SegmentDefinitions(yaml: yaml, path: path)
        var problems: [DefinitionProblem] = []
        guard definitions.segments.count <= segmentsMax else {
            let problem = DefinitionProblem(
                line: definitions.segments[segmentsMax].line, entry: definitions.segments[segmentsMax].name,
                message: "more than \(segmentsMax) segments", mend: "leave out those that nobody asks for")
            throw DefinitionError(path: path, problems: [problem])
        }
        do throws(ConditionFault) {
            let table = try ConditionTable(columns: SegmentColumns.all, now: "2026-01-01T00:00:00.000000Z")
            for segment in definitions.segments {
                do throws(ConditionFault) {
                    _ = try table.check(segment.condition)
                } catch {
                    problems.append(
                        DefinitionProblem(
                            line: segment.line, entry: segment.name, message: error.message, mend: error.mend))
                }
            }
        } catch {
            problems.append(DefinitionProblem(line: nil, entry: "", message: error.message, mend: error.mend))
        }
        if !problems.isEmpty { throw DefinitionError(path: path, problems: problems) }
    }

    /// Says whose condition is at fault.
    private static func naming<Value>(
        _ segment: SegmentDefinitions.Segment?, _ body: () throws(ConditionFault) -> Value
    ) throws(SegmentError) -> Value {
        do throws(ConditionFault) {
            return try body()
        } catch {
            throw SegmentError(segment: segment?.name, message: error.message, mend: error.mend)
        }
    }
}

/// Who was in which segment at a moment.
public struct SegmentMembership: Sendable {
    /// The definition that the answer went by.
    public var definition: DefinitionAnswer
    /// The segments asked for.
    public var segments: [SegmentDefinitions.Segment]
    /// The members of each, in the order of bytes.
    public var members: [[String]]
    /// How many customers there were in all.
    public var customers: Int
    /// The last known event's sequence; `nil` for an empty log.
    public var at: UInt64?
    /// The moment.
    public var now: String
    /// What must be known of the figures.
    public var notes: [String] = []

    /// The members of a segment; `nil` if it was not asked for.
    func members(of name: String) -> [String]? {
        segments.firstIndex { $0.name == name }.flatMap { $0 < members.count ? members[$0] : nil }
    }
}

/// Segments with their counts, and what changed in them.
public struct SegmentsAnswer: Encodable, Sendable {
    /// What changed in a segment since another moment.
    public struct Change: Encodable, Sendable, Equatable {
        /// How many are members now and were not then.
        public var joinedCount: Int
        /// How many were members then and are not now.
        public var leftCount: Int
        /// The first of those who joined.
        public var joined: [String]
        /// The first of those who left.
        public var left: [String]

        enum CodingKeys: String, CodingKey {
            case joined, left
            case joinedCount = "joined_count"
            case leftCount = "left_count"
        }
    }

    /// One segment.
    public struct Segment: Encodable, Sendable, Equatable {
        /// Its name.
        public var segment: String
        /// What it is for.
        @OrNull public var description: String?
        /// The SQL condition.
        public var condition: String
        /// How many customers are in it.
        public var customers: Int
        /// Their share of all customers; null if there are none.
        @OrNull public var share: Double?
        /// What changed, if that was asked.
        @OrNull public var change: Change?
        /// The first of them, if one segment was asked for.
        @OrNull public var members: [String]?
    }

    /// The last known event's sequence; `nil` for an empty log.
    @OrNull public var at: UInt64?
    /// The moment that `:now` stands for.
    public var now: String
    /// The moment that changes are counted from.
    @OrNull public var changedSince: String?
    /// The definition in force.
    public var definition: DefinitionAnswer
    /// How many customers there are.
    public var customers: Int
    /// The segments in the order of the definition.
    public var segments: [Segment]
    /// What must be known of these figures.
    public var notes: [String]

    enum CodingKeys: String, CodingKey {
        case at, now, definition, customers, segments, notes
        case changedSince = "changed_since"
    }

    /// Makes an answer of memberships.
    ///
    /// - Parameters:
    ///   - membership: who is in which segment.
    ///   - before: who was, at the moment that changes are counted from.
    ///   - limit: how many members are named.
    ///   - namesMembers: whether members are named at all.
    public init(_ membership: SegmentMembership, before: SegmentMembership?, limit: Int, namesMembers: Bool) {
        at = membership.at
        now = membership.now
        changedSince = before?.now
        definition = membership.definition
        customers = membership.customers
        notes = membership.notes
        segments = zip(membership.segments, membership.members).map { segment, members in
            Segment(
                segment: segment.name, description: segment.description, condition: segment.condition,
                customers: members.count,
                share: membership.customers == 0 ? nil : Double(members.count) / Double(membership.customers),
                change: before.map { Self.change(members, $0.members(of: segment.name) ?? [], limit, namesMembers) },
                members: namesMembers ? Array(members.prefix(limit)) : nil)
        }
    }

    private static func change(_ now: [String], _ then: [String], _ limit: Int, _ namesMembers: Bool) -> Change {
        let (present, past) = (Set(now), Set(then))
        let joined = now.filter { !past.contains($0) }
        let left = then.filter { !present.contains($0) }
        let shown = namesMembers ? limit : 0
        return Change(
            joinedCount: joined.count, leftCount: left.count, joined: Array(joined.prefix(shown)),
            left: Array(left.prefix(shown)))
    }
}
