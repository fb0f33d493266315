import EventLog
public import GRDB

/// The funnel of a pipeline: `touchline funnel [PIPELINE] [--by owner]`.
///
/// Without a name it answers for the pipeline `default` if there is one, else for the largest; every answer lists all
/// pipelines there are. `leads` is the built-in pipeline of leads, and there even when empty.
public struct FunnelQuery: Sendable {
    /// What the figures may be broken down by.
    public enum Grouping: String, Sendable, CaseIterable {
        /// The owner at closing, or now while open.
        case owner
        /// Where it came from.
        case origin
        /// What it is about.
        case product
    }

    /// The pipeline; `nil` = the one to show first.
    public var pipeline: String?
    /// What to break the figures down by.
    public var grouping: Grouping?

    /// A query for a pipeline.
    public init(pipeline: String? = nil, by grouping: Grouping? = nil) {
        self.pipeline = pipeline
        self.grouping = grouping
    }

    /// Answers from the views.
    ///
    /// - Throws: `NotFound` with near matches if there is no such pipeline, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> FunnelAnswer {
        let pipelines = try Self.pipelines(db)
        let name = try chosen(pipelines)
        var paths =
            name == FunnelPipelines.leadsName
            ? FunnelPaths(try FunnelLeads.fetch(db, nil), now: context.now, by: grouping)
            : try opportunityPaths(db, name, now: context.now)
        let defined = FunnelPipelines().order(of: name)
        let order = paths.order(defined: defined)
        var all = FunnelTally(order: order)
        var perGroup: [String: FunnelTally] = [:]
        for path in paths.paths {
            all.add(path)
            guard grouping != nil else { continue }
            perGroup[path.group ?? FunnelPipelines.noStage, default: FunnelTally(order: order)].add(path)
        }
        let groups = perGroup.map { FunnelAnswer.Group(name: $0.key, figures: $0.value.figures(paths, order: order)) }
            .sorted { ($1.figures.opportunities, $0.name) < ($0.figures.opportunities, $1.name) }
        return FunnelAnswer(
            at: context.lastSequence, now: context.now.rfc3339, pipeline: name, by: grouping?.rawValue,
            order: defined == nil ? "observed" : "defined", figures: all.figures(paths, order: order),
            groups: grouping == nil ? nil : groups, pipelines: pipelines)
    }

    /// Every pipeline that an opportunity was ever in, and `leads` if there is a lead; the largest first.
    static func pipelines(_ db: Database) throws -> [FunnelAnswer.Pipeline] {
        let sql = """
            SELECT pipeline, count(*) AS opportunities
            FROM (SELECT DISTINCT pipeline, subject, opportunity_id FROM opportunity_stages)
            WHERE pipeline <> ?1 GROUP BY pipeline
            UNION ALL
            SELECT ?1, count(*) FROM (SELECT DISTINCT customer, lead_id FROM leads_by_customer) HAVING count(*) > 0
            ORDER BY opportunities DESC, pipeline
            """
        return try Row.fetchAll(db, sql: sql, arguments: [FunnelPipelines.leadsName]).map {
            FunnelAnswer.Pipeline(pipeline: $0["pipeline"], opportunities: $0["opportunities"])
        }
    }

    private func chosen(_ pipelines: [FunnelAnswer.Pipeline]) throws -> String {
        let names = pipelines.map(\.pipeline)
        if let pipeline {
            if names.contains(pipeline) || pipeline == FunnelPipelines.leadsName { return pipeline }
            throw NotFound(
                kind: "pipeline", name: pipeline, nearMatches: NearMatches.rank(pipeline, among: names + ["leads"]))
        }
        if names.contains(FunnelPipelines.defaultName) { return FunnelPipelines.defaultName }
        return names.first { $0 != FunnelPipelines.leadsName } ?? names.first ?? FunnelPipelines.defaultName
    }

    private func opportunityPaths(_ db: Database, _ pipeline: String, now: Instant) throws -> FunnelPaths {
        let group =
            switch grouping {
            case nil: "NULL"
            case .owner: "CASE o.state WHEN 'open' THEN o.owner ELSE o.closing_owner END"
            case .origin: "o.origin"
            case .product: "o.product"
            }
        // One event names one opportunity, so `first_sequence` tells opportunities apart, and cheaply.
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT o.first_sequence, s.stage, s.sequence, s.duration, s.left_by,
                    o.pipeline, o.state, o.stage, o.entered, o.amount, o.currency, o.lost_reason, \(group)
                FROM opportunity_stages AS s
                JOIN opportunities AS o ON o.subject = s.subject AND o.opportunity_id = s.opportunity_id
                WHERE s.pipeline = ? ORDER BY s.subject, s.opportunity_id, s.ordinal
                """, arguments: [pipeline])
        var paths = FunnelPaths()
        var path: FunnelPaths.Path?
        var currentStage: String?
        var identity: Int64 = -1
        while let row = try rows.next() {
            let next: Int64 = row[0]
            if next != identity {
                if let path { paths.paths.append(path) }
                identity = next
                let new = Self.path(row, in: pipeline, now: now)
                path = new
                currentStage = new.outcome == .open ? row[7] : nil
            }
            let name: String = row[1]
            let stage = paths.stage(name, row[2])
            if name == currentStage { path?.current = stage }
            let isPassing = (row[4] as String?) == FunnelDeal.Exit.closed.rawValue
            path?.visits.append(FunnelPaths.Visit(stage: stage, length: isPassing ? nil : row[3]))
        }
        if let path { paths.paths.append(path) }
        return paths
    }

    private static func path(_ row: Row, in pipeline: String, now: Instant) -> FunnelPaths.Path {
        let outcome: FunnelPaths.Outcome
        if (row[5] as String) != pipeline {
            outcome = .moved
        } else {
            switch row[6] as String {
            case FunnelDeal.State.won.rawValue: outcome = .won
            case FunnelDeal.State.lost.rawValue: outcome = .lost
            default: outcome = .open
            }
        }
        var path = FunnelPaths.Path(outcome: outcome)
        if outcome == .open, let text: String = row[8], let entered = try? Instant(rfc3339: text) {
            path.age = Moment(time: now, sequence: 0).microseconds(since: Moment(time: entered, sequence: 0))
        }
        path.amount = (row[9] as String?).flatMap { DecimalAmount($0) }
        path.currency = row[10]
        path.reason = row[11]
        path.group = row[12]
        return path
    }
}
