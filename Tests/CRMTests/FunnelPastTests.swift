import CRM
import EventLog
import Foundation
import GRDB
import Projection
import ReferenceFold
import Testing

/// The funnel of a past moment from the present views is the one that a fold of the events up to then gives.
struct FunnelPastTests {
    private static let pipelines = """
        pipelines:
          default:
            stages:
              - {name: new, probability: 0.1, limit: 3d}
              - {name: offer, probability: 0.5, limit: 36h}
          big:
            stages: [offer, new]
        """

    private static func published(_ body: String) throws -> String {
        let text = String(decoding: try JSONEncoder().encode(["kind": "pipelines", "body": body]), as: UTF8.self)
        return text
    }

    /// Every answer that the funnel gives, as JSON.
    private func answers(
        _ views: FunnelTestViews, at now: Instant, cutting: Bool, pipelines: [String]
    ) throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let calendar = try DayCalendar(zone: "Asia/Shanghai")
        var context = AnswerContext(at: 1, asOf: now, now: now, calendar: calendar)
        context.cutsRows = cutting
        return try views.queue.read { db in
            var queries = FunnelQuery.Grouping.allCases.map { FunnelQuery(by: $0) }
            queries.append(FunnelQuery(listsOver: true, forecast: .quarter))
            queries += pipelines.map { FunnelQuery(pipeline: $0, listsOver: true, forecast: .month) }
            return try queries.map { query in
                do {
                    return String(decoding: try encoder.encode(try query.run(db, context)), as: UTF8.self)
                } catch is ReplayNeeded {
                    return "replay"
                }
            }
        }
    }

    private func expectEqual(_ cut: [String], _ replayed: [String], _ comment: Comment) {
        for (cut, replayed) in zip(cut, replayed) where cut != "replay" {
            #expect(cut == replayed, comment)
        }
    }

    @Test(arguments: 1...24)
    func randomHistories(_ seed: Int) throws {
        let lines = RandomHistory(seed: UInt64(seed), count: 300).storedLines
        let events = lines.compactMap { ReferenceEvent(line: $0.utf8) }
        func views(asOf: Int64?) throws -> FunnelTestViews {
            let known = KnownEvents(events, asOf: asOf)
            let sequences = Set((known.bySubject.values.flatMap { $0 } + known.system).map(\.sequence))
            var log = try FunnelTestLog(storedLines: lines, known: sequences)
            if seed.isMultiple(of: 2) {
                let data = try Self.published(Self.pipelines)
                log.add(0, "definition.published", data, subject: nil, sequence: 1_000)
            }
            return try log.views()
        }
        let present = try views(asOf: nil)
        let start = try #require(events.map(\.time).min())
        for day in stride(from: -1, through: 62, by: 3) {
            // Now and then the very moment of an event.
            let moment = day.isMultiple(of: 2) ? start + Int64(day) * 86_400_000_000 : events[abs(day)].time
            let past = try views(asOf: moment)
            let now = Instant(microseconds: moment)
            let listed = try past.queue.read { db in
                try FunnelQuery().run(db, AnswerContext(at: 1, now: now, calendar: .utc)).pipelines.map(\.pipeline)
            }
            let names = listed.filter { $0 != "leads" }
            expectEqual(
                try answers(present, at: now, cutting: true, pipelines: names),
                try answers(past, at: now, cutting: false, pipelines: names), "seed \(seed), day \(day)")
        }
    }

    @Test(arguments: 1...12)
    func everyDayOfAYear(_ month: Int) throws {
        let year = FunnelYear(seed: 7, opportunities: 60)
        let present = try year.log().views()
        for day in (month - 1) * 31..<min(366, month * 31) {
            let now = FunnelTestLog.day(Double(day))
            let past = try year.log(until: Double(day)).views()
            expectEqual(
                try answers(present, at: now, cutting: true, pipelines: []),
                try answers(past, at: now, cutting: false, pipelines: []), "day \(day)")
        }
    }

    @Test func aPipelineThatIsThereOnlyLaterIsEmptyBefore() throws {
        let views = try FunnelYear(seed: 1, opportunities: 3).log().views()
        var context = AnswerContext(
            at: 1, asOf: FunnelTestLog.day(-10), now: FunnelTestLog.day(-10), calendar: .utc)
        context.cutsRows = true
        let answer = try views.queue.read { db in
            try FunnelQuery(pipeline: "default", listsOver: true, forecast: .quarter).run(db, context)
        }
        #expect(answer.figures.opportunities == 0)
        #expect(answer.figures.winRate == nil)
        #expect(answer.forecast?.ahead.isEmpty == true)
        let json = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
        #expect(!json.contains("nan"))
        #expect(throws: NotFound.self) {
            try views.queue.read { db in try FunnelQuery(pipeline: "defualt").run(db, context) }
        }
    }
}

/// A made-up year of opportunities that are moved, re-valued, given away, closed, reopened, and told of late.
struct FunnelYear {
    private var events: [(day: Double, type: String, data: String, subject: String)] = []

    init(seed: UInt64, opportunities: Int) {
        var random = FunnelRandom(seed: seed)
        for number in 0..<opportunities {
            let id = "O\(number % (opportunities * 4 / 5 + 1))"
            let subject = "C\(number % 20)"
            var day = Double(Int.random(in: 0..<330, using: &random))
            let stage = Bool.random(using: &random) ? ",\"stage\":\"new\"" : ""
            add(
                day, "opened", id, subject, stage + ",\"owner\":\"li\",\"amount\":\"\(number).50\",\"currency\":\"CNY\""
            )
            for _ in 0..<Int.random(in: 1...7, using: &random) {
                day += Double(Int.random(in: 0...240, using: &random)) / 8
                switch Int.random(in: 0..<10, using: &random) {
                case 0: add(day, "amount_changed", id, subject, ",\"amount\":\"\(Int(day))\"")
                case 1: add(day, "assigned", id, subject, ",\"owner\":\"王\"")
                case 2: add(day, "won", id, subject, "")
                case 3: add(day, "lost", id, subject, ",\"reason\":\"price \\\"now\\\"\"")
                case 4: add(day, "reopened", id, subject, "")
                case 5: add(day, "stage_changed", id, subject, ",\"to\":\"offer\",\"pipeline\":\"other\"")
                default:
                    let stage = ["new", "offer", "legal", "签约"].randomElement(using: &random) ?? "new"
                    add(day, "stage_changed", id, subject, ",\"to\":\"\(stage)\"")
                }
            }
        }
        events.shuffle(using: &random)
    }

    private mutating func add(_ day: Double, _ type: String, _ id: String, _ subject: String, _ rest: String) {
        events.append((day, "opportunity.\(type)", "{\"opportunity\":\"\(id)\"\(rest)}", subject))
    }

    /// Its events, in the order in which they came to be known, up to a day.
    func log(until day: Double = .infinity) -> FunnelTestLog {
        var log = FunnelTestLog()
        for event in events { log.add(event.day, event.type, event.data, subject: event.subject) }
        return log.until(day)
    }
}
