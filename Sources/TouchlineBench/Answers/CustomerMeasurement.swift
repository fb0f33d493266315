import CRM
import EventLog
import SystemPackage
import TouchlineService

// One customer with a long history as of past dates, by a replay of what is its own.

extension AnswersBenchmark {
    /// The goal for a customer with 1,000 events: p99, in microseconds.
    private static let answerMax = 40_000.0
    private static let goalCustomerEvents = 1_000

    /// What is asked for: whom, and the day.
    private struct Question {
        var customer: LongHistories.Customer
        var day: String
    }

    /// Asks for customers as of many dates, in this process and by starting the program anew each time.
    func customer(_ series: inout BenchSeries, _ events: inout UInt64, _ notes: inout [String]) async throws {
        var found = BenchSeries()
        let histories = LongHistories(events: options.events, length: options.customerEvents)
        try await withFolder("customer") { parent in
            let lines = parent.appending("events.ndjson")
            let count = try histories.write(lines, progress)
            let folder = try await make(count, lines, segmentBytes: histories.segmentBytes, in: parent)
            let reader = try folder.openReader()
            let answers = try Answers(folder, reader: reader)
            for run in 0..<options.runs {
                try progress("asking for customers", UInt64(run), of: UInt64(options.runs))
                try ask(run, histories, folder, reader, answers, &found)
            }
        }
        series.add(found)
        events += options.events
        notes.append(
            "customer: \(options.customerEvents) events each, in a log of \(options.events), \(options.dates) dates a "
                + "run; closed: in the first half of the log, spread: from the first event to the last, so into the "
                + "active segment; command: the whole program, from its start to its end")
    }

    private func ask(
        _ run: Int, _ histories: LongHistories, _ folder: DataFolder, _ reader: LogReader, _ answers: Answers,
        _ series: inout BenchSeries
    ) throws {
        var chance = Chance(state: UInt64(run))
        for (name, endsEarly) in [("closed", true), ("spread", false)] {
            let customers = LongHistories.customers.filter { $0.endsEarly == endsEarly }
            let questions = (0..<options.dates).map { number in
                // From the second quarter on: before, there is little to tell.
                let day = histories.days.upperBound - chance.below(histories.days.count * 3 / 4)
                return Question(customer: customers[number % customers.count], day: DayCalendar.text(of: day))
            }
            try ask(questions, "customer.\(name)", reader, answers, &series)
            try command(questions, "command.\(name)", folder, &series)
        }
    }

    /// In one process, with the reader kept open.
    private func ask(
        _ questions: [Question], _ name: String, _ reader: LogReader, _ answers: Answers, _ series: inout BenchSeries
    ) throws {
        var (taken, bare) = ([UInt64](), [UInt64]())
        for question in questions {
            let subject = question.customer.subject
            var start = ContinuousClock.now
            let answer = try answers.answer(at: MomentRequest(asOf: question.day), scope: .customer(subject)) {
                try CustomerQuery(subject: subject).run($0, $1)
            }
            taken.append(nanoseconds(since: start))
            start = ContinuousClock.now
            let history = try reader.history(of: subject)
            bare.append(nanoseconds(since: start))
            let told = answer.events.values.reduce(0, +)
            guard history.count == options.customerEvents, (1...Int64(history.count)).contains(told) else {
                throw BenchError(.failed, "\(subject) has \(history.count) events, and \(told) on \(question.day)")
            }
        }
        series.addPercentiles(
            name, taken, limit: bare, limitIs: "the customer's events read from the log, nothing folded",
            atMost: hasGoal ? Self.answerMax : nil)
    }

    /// As a whole command.
    private func command(
        _ questions: [Question], _ name: String, _ folder: DataFolder, _ series: inout BenchSeries
    ) throws {
        var (taken, bare) = ([UInt64](), [UInt64]())
        for question in questions {
            let asking = [question.customer.subject, "--as-of", question.day, "--data", folder.path.string, "--json"]
            taken.append(try child(options.customerCommand + asking))
            bare.append(try child(options.idleCommand))
            try progress("asking for customers")
        }
        series.addPercentiles(
            name, taken, limit: bare, limitIs: "the program started and ended, nothing asked",
            atMost: hasGoal ? Self.answerMax : nil)
    }

    private var hasGoal: Bool { options.customerEvents == Self.goalCustomerEvents && options.events >= 1_000_000 }

    /// The nanoseconds from the start of this program to its end.
    private func child(_ arguments: [String]) throws -> UInt64 {
        let start = ContinuousClock.now
        let child = try BenchChild(arguments)
        var lines = 0
        // Its output ends with it.
        while child.nextLine() != nil { lines += 1 }
        let taken = nanoseconds(since: start)
        guard child.finish(), lines > 0 else {
            throw BenchError(.failed, "the program did not answer; what it said stands above")
        }
        return taken
    }
}
