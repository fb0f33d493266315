import CRM
import GRDB
import SystemPackage
import TouchlineService

// The funnel as of past dates, from the views.

extension AnswersBenchmark {
    /// Goals for 100,000 opportunities: counts, and counts with quantiles; in microseconds.
    private static let countsMax = 100_000.0
    private static let quantilesMax = 400_000.0
    private static let goalOpportunities = 100_000

    /// Asks for the funnel as of many dates, without and with a breakdown.
    func funnel(_ series: inout BenchSeries, _ events: inout UInt64, _ notes: inout [String]) async throws {
        var found = BenchSeries()
        var count: UInt64 = 0
        try await withFolder("funnel") { parent in
            let lines = parent.appending("deals.ndjson")
            count = try SyntheticDeals(deals: options.opportunities).write(lines, progress)
            let folder = try await make(count, lines, in: parent)
            let answers = try Answers(folder, reader: folder.openReader())
            // The first question brings the files into memory.
            _ = try ask(FunnelQuery(), on: Self.lastDay, answers)
            for run in 0..<options.runs {
                try progress("asking for funnels", UInt64(run), of: UInt64(options.runs))
                try askAll(run, answers, &found)
            }
        }
        series.add(found)
        events += count
        notes.append(
            "funnel: \(options.opportunities) opportunities, \(options.dates) dates a run; every answer has median and "
                + "p90 of each stage too, by-owner those of each owner's stages as well")
    }

    private static let lastDay = SyntheticDeals.firstDay + SyntheticDeals.days - 1

    private func askAll(_ run: Int, _ answers: Answers, _ series: inout BenchSeries) throws {
        let hasGoal = options.opportunities == Self.goalOpportunities
        var chance = Chance(state: UInt64(run))
        var (plain, grouped, bare) = ([UInt64](), [UInt64](), [UInt64]())
        for _ in 0..<options.dates {
            // From the second month on: before, there is hardly a deal.
            let day = Self.lastDay - chance.below(SyntheticDeals.days - 31)
            plain.append(try ask(FunnelQuery(), on: day, answers))
            grouped.append(try ask(FunnelQuery(by: .owner), on: day, answers))
            bare.append(try answers.answer { db, _ in try readHistories(db) })
        }
        let limit = "the histories of all opportunities read through SQLite, nothing computed"
        series.addPercentiles(
            "funnel.as-of", plain, limit: bare, limitIs: limit, atMost: hasGoal ? Self.countsMax : nil)
        series.addPercentiles(
            "funnel.by-owner", grouped, limit: bare, limitIs: limit, atMost: hasGoal ? Self.quantilesMax : nil)
    }

    /// The nanoseconds of one answer, asked as `touchline funnel --as-of` asks.
    private func ask(_ query: FunnelQuery, on day: Int, _ answers: Answers) throws -> UInt64 {
        let start = ContinuousClock.now
        let answer = try answers.answer(
            at: MomentRequest(asOf: DayCalendar.text(of: day)), projectors: ["funnel", "merges"], cutsRows: true
        ) { try query.run($0, $1) }
        let taken = nanoseconds(since: start)
        let expected = (day == Self.lastDay ? options.opportunities : 1)...options.opportunities
        guard expected.contains(answer.figures.opportunities) else {
            throw BenchError(
                .failed, "\(answer.figures.opportunities) of \(options.opportunities) opportunities are in the funnel")
        }
        return taken
    }

    private func readHistories(_ db: Database) throws -> UInt64 {
        let start = ContinuousClock.now
        let rows = try Row.fetchCursor(
            db, sql: "SELECT history FROM opportunity_histories ORDER BY subject, opportunity_id")
        var bytes = 0
        while let row = try rows.next() { bytes += (row[0] as String).utf8.count }
        guard bytes > 0 else { throw BenchError(.failed, "there are no opportunities in the views") }
        return nanoseconds(since: start)
    }
}
