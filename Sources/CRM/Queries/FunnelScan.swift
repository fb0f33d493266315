import EventLog
import GRDB

/// One pass over the histories of all opportunities: the ways through one pipeline as of a moment, and how many
/// opportunities every pipeline has.
struct FunnelScan {
    /// The pipeline whose ways these are.
    let name: String
    var reader: FunnelHistoryReader
    var paths = FunnelPaths()
    /// Those that stay longer than their stage allows, if asked for.
    private(set) var over: [FunnelAnswer.Over] = []
    /// Per number of a pipeline.
    private var counts: [Int] = []

    private let context: AnswerContext
    private let grouping: FunnelQuery.Grouping?
    private let listsOver: Bool
    private let pipeline: Int32
    private let none: Int32
    /// Per number of a stage its index in `paths`.
    private var stageIndexes: [Int] = []
    /// Per index of a stage, in microseconds.
    private var limits: [Int64?] = []
    private let definitions: [String: FunnelPipelines.Stage]
    /// The numbers of quarters' names.
    private var quarters: [Int: Int32] = [:]

    init(
        _ db: Database, _ context: AnswerContext, _ pipelines: FunnelPipelines, _ name: String, _ query: FunnelQuery
    ) throws {
        self.name = name
        self.context = context
        grouping = query.grouping
        listsOver = query.listsOver
        reader = FunnelHistoryReader(pipelines)
        pipeline = reader.number(name)
        none = reader.number(FunnelPipelines.noStage)
        definitions = Dictionary((pipelines.stages(of: name) ?? []).map { ($0.name, $0) }) { first, _ in first }
        try scan(db)
    }

    /// Every pipeline that an opportunity was ever in, and those that are defined.
    func pipelines(_ defined: FunnelPipelines) -> [FunnelAnswer.Pipeline] {
        var result: [FunnelAnswer.Pipeline] = []
        for (number, count) in counts.enumerated() where count > 0 {
            let name = reader.names.text(Int32(number)) ?? ""
            if name != FunnelPipelines.leadsName {
                result.append(FunnelAnswer.Pipeline(pipeline: name, opportunities: count))
            }
        }
        let used = Set(result.map(\.pipeline))
        for pipeline in defined.defined where !used.contains(pipeline.name) {
            result.append(FunnelAnswer.Pipeline(pipeline: pipeline.name, opportunities: 0))
        }
        return result
    }

    private mutating func scan(_ db: Database) throws {
        let bound = context.cutsRows ? context.asOf?.microseconds ?? .max : .max
        var deal = FunnelDealThen()
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT history, subject, opportunity_id FROM opportunity_histories ORDER BY subject, opportunity_id
                """)
        while let row = try rows.next() {
            let history: String = row[0]
            let text = history.utf8.span
            guard reader.read(text, until: bound, into: &deal) else { continue }
            count(deal)
            guard deal.stays.contains(where: { $0.pipeline == pipeline }) else { continue }
            let path = path(deal, text)
            paths.add(path)
            if listsOver, let stage = path.current, let limit = limits[stage], path.age > limit {
                over.append(overdue(row, deal, text, path, limit))
            }
        }
    }

    private mutating func count(_ deal: FunnelDealThen) {
        for (place, stay) in deal.stays.enumerated() {
            let number = Int(stay.pipeline)
            // Nearly all have one pipeline, and it is that of the first stay.
            if place > 0, deal.stays[..<place].contains(where: { $0.pipeline == stay.pipeline }) { continue }
            while counts.count <= number { counts.append(0) }
            counts[number] += 1
        }
    }

    private mutating func path(_ deal: FunnelDealThen, _ text: Span<UInt8>) -> FunnelPaths.Path {
        for stay in deal.stays where stay.pipeline == pipeline {
            let isLong = !stay.isPassing && stay.left != FunnelDealThen.running
            paths.visit(stageIndex(stay.stage), length: isLong ? stay.left - stay.entered : FunnelPaths.noLength)
        }
        var path = FunnelPaths.Path(outcome: outcome(deal))
        if path.outcome == .open, deal.current >= 0 {
            path.current = stageIndex(deal.stays[deal.current].stage)
            path.age = context.now.microseconds - deal.stays[deal.current].entered
        } else if path.outcome == .won || path.outcome == .lost {
            path.cycle = deal.closed - deal.opened - deal.closedBefore
        }
        path.amount = text.extracting(deal.amount).withUnsafeBufferPointer { DecimalAmount(utf8: $0) }
        path.currency = reader.number(deal.currency, of: text)
        if path.outcome == .lost { path.reason = deal.reason.isEmpty ? none : reader.number(deal.reason, of: text) }
        path.group = group(deal, text)
        return path
    }

    private func outcome(_ deal: FunnelDealThen) -> FunnelPaths.Outcome {
        guard deal.pipeline == pipeline else {
            let stayed = deal.stays.contains { $0.pipeline == pipeline && !$0.isPassing }
            return stayed ? .moved : .passed
        }
        return switch deal.state {
        case .open: .open
        case .won: .won
        case .lost: .lost
        }
    }

    private mutating func stageIndex(_ number: Int32) -> Int {
        while stageIndexes.count <= Int(number) { stageIndexes.append(-1) }
        if stageIndexes[Int(number)] >= 0 { return stageIndexes[Int(number)] }
        let name = reader.names.text(number) ?? FunnelPipelines.noStage
        let index = paths.stage(name)
        while limits.count <= index { limits.append(nil) }
        limits[index] = definitions[name]?.limit
        stageIndexes[Int(number)] = index
        return index
    }

    private mutating func group(_ deal: FunnelDealThen, _ text: Span<UInt8>) -> Int32 {
        let number: Int32
        switch grouping {
        case nil: return FunnelNames.none
        case .owner: number = reader.number(deal.state == .open ? deal.owner : deal.closingOwner, of: text)
        case .origin: number = reader.number(deal.origin, of: text)
        case .product: number = reader.number(deal.product, of: text)
        case .quarter:
            let time = deal.state == .open ? deal.opened : deal.closed
            let quarter = ForecastPeriod.quarter.number(of: Instant(microseconds: time), context.calendar)
            number = quarters[quarter] ?? reader.number(ForecastPeriod.quarter.name(of: quarter))
            quarters[quarter] = number
        }
        return number < 0 ? none : number
    }

    private func overdue(
        _ row: Row, _ deal: FunnelDealThen, _ text: Span<UInt8>, _ path: FunnelPaths.Path, _ limit: Int64
    ) -> FunnelAnswer.Over {
        FunnelAnswer.Over(
            subject: row[1], opportunity: row[2], stage: path.current.map { paths.stages[$0] } ?? "",
            owner: FunnelHistoryReader.text(deal.owner, of: text), ageSeconds: Double(path.age) / 1e6,
            limitSeconds: Double(limit) / 1e6, amount: path.amount?.description,
            currency: FunnelHistoryReader.text(deal.currency, of: text))
    }
}
