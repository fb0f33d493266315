public import EventLog
public import GRDB
import Projection

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
        /// The quarter of closing, or of opening while open; of a lead that of its capture.
        case quarter
    }

    /// The pipeline; `nil` = the one to show first.
    public var pipeline: String?
    /// What to break the figures down by.
    public var grouping: Grouping?
    /// Only this stage's figures; `nil` = every stage's.
    public var stage: String?
    /// Whether to list the open opportunities that stay longer than their stage allows.
    public var listsOver: Bool
    /// The periods to forecast; `nil` = no forecast.
    public var forecast: ForecastPeriod?

    /// A query for a pipeline.
    public init(
        pipeline: String? = nil, by grouping: Grouping? = nil, stage: String? = nil, listsOver: Bool = false,
        forecast: ForecastPeriod? = nil
    ) {
        self.pipeline = pipeline
        self.grouping = grouping
        self.stage = stage
        self.listsOver = listsOver
        self.forecast = forecast
    }

    /// Answers from the views.
    ///
    /// - Throws: `NotFound` with near matches if there is no such pipeline or stage, `ReplayNeeded` where the rows
    ///   reach beyond the moment and cannot tell, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> FunnelAnswer {
        let pipelines = try FunnelPipelines.inForce(db)
        var scan = try FunnelScan(db, context, pipelines, pipeline ?? FunnelPipelines.defaultName, self)
        let listed = try (scan.pipelines(pipelines) + leads(db, context))
            .sorted { ($1.opportunities, $0.pipeline) < ($0.opportunities, $1.pipeline) }
        let name = try chosen(listed, db)
        if name == FunnelPipelines.leadsName {
            guard !context.cutsRows else { throw ReplayNeeded() }
            scan.paths = FunnelPaths(
                try FunnelLeads.fetch(db, nil), context, by: grouping, names: &scan.reader.names)
        } else if name != scan.name {
            scan = try FunnelScan(db, context, pipelines, name, self)
        }
        return try answer(scan, name, pipelines, listed, db, context)
    }

    private func answer(
        _ given: FunnelScan, _ name: String, _ pipelines: FunnelPipelines,
        _ listed: [FunnelAnswer.Pipeline], _ db: Database, _ context: AnswerContext
    ) throws -> FunnelAnswer {
        var scan = given
        let defined = pipelines.stages(of: name)
        let order = try scan.paths.order(defined: defined?.map(\.name)) {
            try firstSequences(db, name, context)
        }
        let byName = Dictionary((defined ?? []).map { ($0.name, $0) }) { first, _ in first }
        let limits = scan.paths.stages.map { byName[$0]?.limit }
        var all = FunnelTally(order: order, limits: limits)
        var groups: [Int32: FunnelTally] = [:]
        for path in scan.paths.paths {
            all.add(path, of: scan.paths)
            guard grouping != nil else { continue }
            groups[path.group, default: FunnelTally(order: order, limits: limits)].add(path, of: scan.paths)
        }
        let shown = try stages(of: scan.paths, order, name)
        let definitions = order.map { byName[scan.paths.stages[$0]] }
        func figures(_ tally: FunnelTally) -> FunnelAnswer.Figures {
            var figures = tally.figures(scan.paths, order: order, definitions: definitions, names: scan.reader.names)
            figures.stages.removeAll { !shown.contains($0.stage) }
            return figures
        }
        let groupFigures = groups.map {
            FunnelAnswer.Group(
                name: scan.reader.names.text($0.key) ?? FunnelPipelines.noStage, figures: figures($0.value))
        }.sorted { ($1.figures.opportunities, $0.name) < ($0.figures.opportunities, $1.name) }
        return FunnelAnswer(
            at: context.lastSequence, now: context.now.rfc3339, pipeline: name, by: grouping?.rawValue,
            order: defined == nil ? "observed" : "defined", definition: pipelines.definition, figures: figures(all),
            groups: grouping == nil ? nil : groupFigures,
            over: listsOver
                ? scan.over.filter { shown.contains($0.stage) }.sorted { $0.ageSeconds > $1.ageSeconds } : nil,
            forecast: try forecast(db, context, pipelines, name),
            pipelines: listed)
    }

    private func forecast(
        _ db: Database, _ context: AnswerContext, _ pipelines: FunnelPipelines, _ name: String
    ) throws -> FunnelForecast? {
        // A lead has no amount.
        guard let forecast, name != FunnelPipelines.leadsName else { return nil }
        var forecaster = try FunnelForecaster(forecast, db, context, pipelines, name)
        return forecaster.make()
    }

    /// The stages to show: all, or the one asked for.
    private func stages(of paths: FunnelPaths, _ order: [Int], _ pipeline: String) throws -> Set<String> {
        guard let stage else { return Set(paths.stages) }
        guard paths.stages.contains(stage) else {
            throw NotFound(
                kind: "stage in pipeline \(pipeline)", name: stage,
                nearMatches: NearMatches.rank(stage, among: order.map { paths.stages[$0] }))
        }
        return [stage]
    }

    private func chosen(_ listed: [FunnelAnswer.Pipeline], _ db: Database) throws -> String {
        if let pipeline {
            if pipeline == FunnelPipelines.leadsName || listed.contains(where: { $0.pipeline == pipeline }) {
                return pipeline
            }
            // One that there is only later is empty as of this moment, and no mistake.
            let known = try String.fetchAll(db, sql: "SELECT DISTINCT pipeline FROM opportunity_stages")
            if known.contains(pipeline) { return pipeline }
            let names = Set(listed.map(\.pipeline)).union(known).union([FunnelPipelines.leadsName])
            throw NotFound(
                kind: "pipeline", name: pipeline, nearMatches: NearMatches.rank(pipeline, among: names.sorted()))
        }
        let used = listed.filter { $0.opportunities > 0 }
        if used.contains(where: { $0.pipeline == FunnelPipelines.defaultName }) { return FunnelPipelines.defaultName }
        let sorted = (used.isEmpty ? listed : used).map(\.pipeline)
        return sorted.first { $0 != FunnelPipelines.leadsName } ?? sorted.first ?? FunnelPipelines.defaultName
    }

    /// The first event that entered each stage of a pipeline.
    private func firstSequences(_ db: Database, _ pipeline: String, _ context: AnswerContext) throws -> [String: Int64]
    {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT stage, min(sequence) FROM opportunity_stages
                WHERE pipeline = ?1 AND (?2 IS NULL OR entered <= ?2) GROUP BY stage
                """, arguments: [pipeline, context.cutsRows ? context.asOf?.rfc3339 : nil])
        return rows.reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    /// How many leads there are, if any.
    private func leads(_ db: Database, _ context: AnswerContext) throws -> [FunnelAnswer.Pipeline] {
        let bound = context.cutsRows ? context.asOf?.rfc3339 : nil
        let isMerged = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM merge_history)") ?? true
        // Without merges no lead is told of under two subjects of one customer.
        let sql =
            isMerged
            ? """
            WITH merges AS (
                SELECT subject, into_subject FROM merge_history
                WHERE ?1 IS NULL AND until IS NULL OR time <= ?1 AND (until IS NULL OR until > ?1)),
            survivors AS (\(MergesProjector.survivors.select))
            SELECT count(*) FROM (
                SELECT DISTINCT coalesce(s.customer, t.subject), t.lead_id FROM leads AS t
                LEFT JOIN survivors AS s ON s.subject = t.subject WHERE ?1 IS NULL OR t.captured <= ?1)
            """
            : "SELECT count(*) FROM leads WHERE ?1 IS NULL OR captured <= ?1"
        let count = try Int.fetchOne(db, sql: sql, arguments: [bound]) ?? 0
        return count > 0 ? [FunnelAnswer.Pipeline(pipeline: FunnelPipelines.leadsName, opportunities: count)] : []
    }
}

/// The rows reach beyond the moment that was asked of and cannot tell: a replay can.
public struct ReplayNeeded: Error {
    /// Makes the error.
    public init() {}
}
