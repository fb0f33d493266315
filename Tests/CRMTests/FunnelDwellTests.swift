import CRM
import EventLog
import GRDB
import Projection
import Testing

/// A small generator with a seed, so that a failing case can be told by its number.
struct FunnelRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Whatever happens to an opportunity, in whatever order, its time adds up.
struct FunnelDwellTests {
    private static func randomLog(seed: UInt64) -> FunnelTestLog {
        var random = FunnelRandom(seed: seed)
        var log = FunnelTestLog()
        let types = [
            "opened", "stage_changed", "stage_changed", "stage_changed", "won", "lost", "reopened", "assigned",
        ]
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            let type = types.randomElement(using: &random) ?? "won"
            let stage = ["a", "b", "c", "d"].randomElement(using: &random) ?? "a"
            var data = "{\"opportunity\":\"O\(Int.random(in: 1...3, using: &random))\",\"owner\":\"li\""
            if type == "stage_changed" { data += ",\"to\":\"\(stage)\"" }
            if type == "opened" || type == "reopened", Bool.random(using: &random) { data += ",\"stage\":\"\(stage)\"" }
            if Int.random(in: 0..<8, using: &random) == 0 { data += ",\"pipeline\":\"p\"" }
            // Days may coincide, and come in any order.
            log.add(Double(Int.random(in: 0...30, using: &random)), "opportunity.\(type)", data + "}")
        }
        return log
    }

    @Test(arguments: 1...150)
    func dwellAndClosedTimeAddUpToTheSpan(_ seed: UInt64) throws {
        let now = FunnelTestLog.day(100)
        let views = try Self.randomLog(seed: seed).views()
        // In SQL, as a BI tool would: microseconds since 1970 of the instants, then sums.
        let micro = { (column: String) in
            "(unixepoch(substr(\(column), 1, 19)) * 1000000 + CAST(substr(\(column), 21, 6) AS INTEGER))"
        }
        let sums = try views.rows(
            """
            SELECT o.opportunity_id,
                \(now.microseconds) - \(micro("o.opened"))
                - (SELECT sum(coalesce(duration, \(now.microseconds) - \(micro("entered")))) FROM opportunity_stages AS s
                    WHERE s.subject = o.subject AND s.opportunity_id = o.opportunity_id)
                - coalesce((SELECT sum(coalesce(duration, \(now.microseconds) - \(micro("closed"))))
                    FROM opportunity_closings AS c
                    WHERE c.subject = o.subject AND c.opportunity_id = o.opportunity_id), 0)
            FROM opportunities AS o
            """)
        for row in sums { #expect(row.hasSuffix("|0"), "seed \(seed): \(row)") }
    }

    @Test(arguments: 1...150)
    func exactlyOneStayRunsWhileOpenAndNoneWhenClosed(_ seed: UInt64) throws {
        let views = try Self.randomLog(seed: seed).views()
        let odd = try views.rows(
            """
            SELECT o.opportunity_id FROM opportunities AS o
            WHERE (SELECT count(*) FROM opportunity_stages AS s WHERE s.subject = o.subject
                    AND s.opportunity_id = o.opportunity_id AND s.left IS NULL) <> (o.state = 'open')
                OR (o.state <> 'open') <> (o.closed IS NOT NULL)
                OR EXISTS (SELECT 1 FROM opportunity_stages AS s WHERE s.opportunity_id = o.opportunity_id
                    AND s.left IS NOT NULL AND s.duration < 0)
            """)
        #expect(odd.isEmpty, "seed \(seed)")
    }

    @Test(arguments: 1...60)
    func theFunnelCountsEveryOpportunityOnce(_ seed: UInt64) throws {
        let views = try Self.randomLog(seed: seed).views()
        for pipeline in ["default", "p"] {
            // One that only passed through after it was closed elsewhere counts as reached and no further.
            let total = try views.rows(
                """
                SELECT count(DISTINCT opportunity_id) FROM opportunity_stages AS s
                WHERE pipeline = '\(pipeline)' AND (entered_by <> 'closed' OR EXISTS (
                    SELECT 1 FROM opportunities AS o WHERE o.subject = s.subject
                        AND o.opportunity_id = s.opportunity_id AND o.pipeline = s.pipeline))
                """)
            let known = try views.rows("SELECT count(*) FROM opportunity_stages WHERE pipeline = '\(pipeline)'")
            guard known != ["0"] else { continue }
            let figures = try views.answer { try FunnelQuery(pipeline: pipeline).run($0, $1) }.figures
            #expect(["\(figures.opportunities)"] == total)
            #expect(figures.stages.reduce(0) { $0 + $1.current } == figures.open)
            for stage in figures.stages {
                #expect(stage.converted + stage.undecided <= stage.reached)
                let reached = try views.rows(
                    """
                    SELECT count(DISTINCT opportunity_id) FROM opportunity_stages
                    WHERE pipeline = '\(pipeline)' AND stage = '\(stage.stage)'
                    """)
                #expect(reached == ["\(stage.reached)"])
            }
        }
    }
}
