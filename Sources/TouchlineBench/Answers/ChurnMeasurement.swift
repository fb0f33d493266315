import BuyTillYouDie
import CRM
import EventLog
import GRDB
import SystemPackage
import TouchlineService

// Churn: how long a model takes to fit, and how fast everyone is scored.

extension AnswersBenchmark {
    /// As many customers as CDNOW has, for which the goal was set.
    private static let fittedCustomers: UInt64 = 23_570
    private static let fitSecondsMax = 2.0
    private static let scoresPerSecondMin = 1_000_000.0
    /// Of fewer, the ten whose reasons are told take longer than the rest.
    private static let goalCustomers = 100_000.0

    /// Fits each model to the same customers.
    func fit(_ series: inout BenchSeries, _ events: inout UInt64, _ notes: inout [String]) async throws {
        let customers = min(options.customers, Self.fittedCustomers)
        var found = BenchSeries()
        var (count, name) = (UInt64(0), "\(customers) made-up customers")
        if let buyers = options.buyers {
            name = "the customers of \(buyers)"
            count = try fit(DataFolder(buyers), hasGoal: true, &found)
        } else {
            try await withFolder("fit") { parent in
                let folder = try await makeBuyers(customers, in: parent)
                count = try fit(folder, hasGoal: customers == Self.fittedCustomers, &found)
            }
        }
        series.add(found)
        events += count
        notes.append("fit: to \(name), from their rows to the model, by one thread")
    }

    /// Fits to a folder, which is only read; the number of its events.
    private func fit(_ folder: DataFolder, hasGoal: Bool, _ series: inout BenchSeries) throws -> UInt64 {
        let reader = try folder.openReader()
        let head = reader.head
        guard head > 0 else { throw BenchError(.refused, "\(folder.path): there are no events") }
        // As of a sequence, so that the views of a folder that is somebody's are left as they are.
        let moment = MomentRequest(at: head - 1)
        let answers = try Answers(folder, reader: reader) { try progress("replaying", $0, of: $1) }
        try answers.answer(at: moment, projectors: ["churn", "merges"]) { db, context in
            guard let day = try String.fetchOne(db, sql: "SELECT max(last_day) FROM churn_customers"),
                let until = DayCalendar.day(of: day)
            else { throw BenchError(.refused, "\(folder.path): nobody has bought anything") }
            for _ in 0..<options.runs {
                for kind in [ModelKind.mbg, .bg, .pareto] {
                    try progress("fitting \(kind.title)")
                    let taken = try seconds { _ = try ChurnFit(kind: kind, until: until).run(db, context) }
                    series.add(
                        "churn.fit.\(kind.rawValue)", "s", taken,
                        budget: hasGoal ? .atMost(Self.fitSecondsMax, .figure) : nil)
                }
            }
        }
        return head
    }

    /// Scores everyone, as `touchline churn` does for its list.
    func score(_ series: inout BenchSeries, _ events: inout UInt64, _ notes: inout [String]) async throws {
        var found = BenchSeries()
        var count: UInt64 = 0
        try await withFolder("score") { parent in
            let folder = try await makeBuyers(options.customers, in: parent)
            let reader = try folder.openReader()
            let answers = try Answers(folder, reader: reader)
            count = reader.head
            // By purchases alone, as a new company scores; then with weights of what stands beside them.
            for (name, beta) in [("churn.score", [:]), ("churn.score-with-signals", Self.weights)] {
                try progress("fitting")
                var model = try answers.answer { try ChurnFit().run($0, $1) }
                model.published.beta = beta
                try await publish(model, folder)
                for _ in 0..<options.runs {
                    try progress("scoring")
                    try score(name, answers, &found)
                }
            }
        }
        series.add(found)
        events += count
        notes.append(
            "score: by processor time of the one thread, from the first row to the ten customers most at risk; with "
                + "signals: every customer's silence is weighed, and complaints, of which one in twenty has one")
    }

    private static let weights: [ChurnFeature: Double] = [.silence: 0.05, .openComplaints: 0.4]

    private func score(_ name: String, _ answers: Answers, _ series: inout BenchSeries) throws {
        let (scored, taken, bare) = try answers.answer { db, context in
            // The first pass warms SQLite's pages for both.
            let rows = try read(db)
            let bare = try timed { _ = try read(db) }
            var scored = 0
            let taken = try timed { scored = try ChurnQuery().run(db, context).scored }
            guard scored == rows else { throw BenchError(.failed, "\(scored) of \(rows) buyers were scored") }
            return (Double(scored), taken, bare)
        }
        series.add(
            name, "customers/s", scored / taken.cpuSeconds, limit: scored / bare.cpuSeconds,
            limitIs: "what a score is made of, read through SQLite from the same rows, nothing computed",
            budget: scored >= Self.goalCustomers ? .atLeast(Self.scoresPerSecondMin, .figure) : nil)
    }

    private func makeBuyers(_ customers: UInt64, in parent: FilePath) async throws -> DataFolder {
        let lines = parent.appending("purchases.ndjson")
        let events = try SyntheticBuyers(customers: customers).write(lines, progress)
        return try await make(events, lines, in: parent)
    }

    private func publish(_ answer: ChurnFitAnswer, _ folder: DataFolder) async throws {
        let sequencer = try folder.openSequencer()
        do {
            _ = try await ModelPublication.append(answer, to: sequencer)
            await sequencer.close()
        } catch {
            await sequencer.close()
            throw error
        }
    }

    /// Reads what a score needs at least; how many buyers there are.
    private func read(_ db: Database) throws -> Int {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT purchase_days, first_day, last_day FROM churn_customers WHERE purchase_days > 0")
        var (count, sum) = (0, 0)
        while let row = try rows.next() {
            count += 1
            sum += (row[0] as Int) + (row[1] as String).utf8.count + (row[2] as String).utf8.count
        }
        guard sum > 0 else { throw BenchError(.failed, "there are no buyers in the views") }
        return count
    }
}
