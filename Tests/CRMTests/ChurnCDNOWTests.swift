import BuyTillYouDie
import CRM
import GRDB
import Testing

/// The reference figures of CDNOW, through events, projector, tables and queries.
@Suite struct ChurnCDNOWTests {
    private static func day(_ text: String) -> Int { DayCalendar.day(of: text) ?? 0 }

    @Test(arguments: [
        (ModelKind.bg, [0.2425982, 4.413684, 0.7929899, 2.426167], -9582.429),
        (.mbg, [0.525, 6.183, 0.891, 1.614], -9582.136),
        (.pareto, [0.553, 10.578, 0.606, 11.669], -9594.976),
    ])
    func `churn fit on the sample gives the published table`(
        kind: ModelKind, parameters: [Double], likelihood: Double
    ) throws {
        let views = try ChurnTestViews(stored: CDNOWEvents.sample())
        let answer = try views.fit(ChurnFit(kind: kind, until: Self.day("1997-09-30")), on: "1998-06-30")
        #expect(zip(answer.published.parameters, parameters).allSatisfy { abs($0 - $1) <= 1e-3 })
        #expect(abs((answer.model.logLikelihood ?? 0) - likelihood) < 1e-3)
        #expect(answer.model.customers == 2357 && answer.model.repeatBuyers == 946)
    }

    @Test func `churn fit and churn evaluate on the master`() throws {
        let views = try ChurnTestViews(stored: CDNOWEvents.master())
        let fit = try views.fit(ChurnFit(until: Self.day("1997-09-30")), on: "1998-06-30")
        #expect(zip(fit.published.parameters, [0.6371, 7.3103, 0.8075, 1.2284]).allSatisfy { abs($0 - $1) <= 1e-3 })
        #expect(abs((fit.model.logLikelihood ?? 0) + 95336.958) < 1e-3)

        let context = try views.context("1998-06-30")
        let cases = [("1997-12-30", 0.7951, 0.7929, 0.0228), ("1997-09-30", 0.7589, 0.7583, 0.0536)]
        for (cut, recency, auc, calibration) in cases {
            let answer = try views.database.read {
                try ChurnEvaluate(fitUntil: Self.day(cut)).run($0, context)
            }
            #expect(answer.customers == 23_570)
            #expect(abs((answer.recencyAUC ?? 0) - recency) < 1e-4)
            #expect(abs((answer.auc ?? 0) - auc) < 1e-4)
            #expect(abs(answer.calibrationError - calibration) < 1e-4, "\(answer.calibrationError)")
            #expect(answer.deciles.count == 10 && answer.notes.isEmpty)
            if cut == "1997-12-30" { #expect(abs(answer.brier - 0.131) < 1e-3) }
        }
        #expect(throws: ChurnError.self) {
            try views.database.read { try ChurnEvaluate(fitUntil: Self.day("1998-01-15")).run($0, context) }
        }
    }
}
