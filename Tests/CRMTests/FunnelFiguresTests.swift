import CRM
import EventLog
import Foundation
import Testing

/// What a definition adds to the funnel: order, first stage, chances and limits.
struct FunnelDefinitionTests {
    private static func log(_ yaml: String) throws -> FunnelTestLog {
        var log = FunnelTestLog()
        let data = try JSONEncoder().encode(["kind": "pipelines", "body": yaml])
        log.add(0, "definition.published", String(decoding: data, as: UTF8.self), subject: nil)
        return log
    }

    private static let yaml = """
        pipelines:
          default:
            stages:
              - {name: qualify, probability: 0.1, limit: 5d}
              - {name: proposal, probability: 0.25}
              - contract
        """

    @Test func definedStagesComeFirstAndOthersAfterThem() throws {
        var log = try Self.log(Self.yaml)
        log.add(1, "opportunity.opened", #"{"opportunity":"O1","stage":"odd"}"#)
        log.add(2, "opportunity.stage_changed", #"{"opportunity":"O1","to":"proposal"}"#)
        let answer = try log.views().answer { try FunnelQuery().run($0, $1) }
        #expect(answer.figures.stages.map(\.stage) == ["qualify", "proposal", "contract", "odd"])
        #expect(answer.order == "defined")
        #expect(answer.definition.source == "published")
        #expect(answer.definition.sha256?.count == 64)
    }

    @Test func noStageIsTheFirstAndGoingThereBeginsNoNewStay() throws {
        var log = try Self.log(Self.yaml)
        log.add(1, "opportunity.opened", #"{"opportunity":"O1","amount":"40","currency":"CNY"}"#)
        log.add(3, "opportunity.stage_changed", #"{"opportunity":"O1","to":"qualify"}"#)
        log.add(5, "opportunity.stage_changed", #"{"opportunity":"O1","to":"proposal"}"#)
        let stages = try log.views().answer(day: 9) { try FunnelQuery().run($0, $1) }.figures.stages
        #expect(stages.map(\.reached) == [1, 1, 0])
        // One stay of four days, not two of two.
        #expect((stages[0].timeInStage.count, stages[0].timeInStage.median) == (1, 345_600))
        #expect(stages[1].value.sums == ["CNY": DecimalAmount("40")])
        #expect(stages[1].weightedValue?.sums == ["CNY": DecimalAmount("10")])
        #expect(stages[2].weightedValue == nil)
    }

    @Test func listsWhatHasBeenInItsStageTooLong() throws {
        var log = try Self.log(Self.yaml)
        log.add(1, "opportunity.opened", #"{"opportunity":"O1","owner":"li","amount":"7","currency":"CNY"}"#)
        log.add(4, "opportunity.opened", #"{"opportunity":"O2","owner":"ma"}"#)
        log.add(1, "opportunity.opened", #"{"opportunity":"O3","stage":"proposal"}"#)
        let answer = try log.views().answer(day: 7) { try FunnelQuery(listsOver: true).run($0, $1) }
        #expect(answer.figures.stages.map(\.overLimit) == [1, 0, 0])
        #expect(answer.figures.overLimit == 1)
        let over = try #require(answer.over)
        #expect(over.map(\.opportunity) == ["O1"])
        #expect(
            (over[0].owner, over[0].amount, over[0].ageSeconds, over[0].limitSeconds) == ("li", "7", 518_400, 432_000))
        #expect(throws: NotFound.self) {
            try log.views().answer { try FunnelQuery(stage: "propsal").run($0, $1) }
        }
        let one = try log.views().answer(day: 7) { try FunnelQuery(stage: "proposal").run($0, $1) }
        #expect(one.figures.stages.map(\.stage) == ["proposal"])
    }

    @Test func cyclesLeaveOutTheTimeOneWasClosedBefore() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","stage":"a"}"#)
        log.add(2, "opportunity.lost", #"{"opportunity":"O1"}"#)
        log.add(10, "opportunity.reopened", #"{"opportunity":"O1"}"#)
        log.add(13, "opportunity.won", #"{"opportunity":"O1"}"#)
        let answer = try log.views().answer { try FunnelQuery(by: .quarter).run($0, $1) }
        #expect((answer.figures.cycleWon.count, answer.figures.cycleWon.median) == (1, 432_000))
        #expect(answer.figures.cycleLost.count == 0)
        #expect(answer.groups?.map(\.name) == ["2026-Q1"])
    }
}

/// The forecast against sums done by hand.
struct FunnelForecastTests {
    private static func opened(_ log: inout FunnelTestLog, _ id: String, _ day: Double, _ rest: String = "") {
        log.add(
            day, "opportunity.opened",
            #"{"opportunity":"\#(id)","stage":"a","amount":"100","currency":"CNY"\#(rest)}"#)
    }

    @Test func anOpenDealIsWorthTheShareOfStaysThatLastedAsLong() throws {
        var log = FunnelTestLog()
        // Twenty stays: ten of two days, all lost; ten of twelve days, six of them won.
        for number in 0..<20 {
            let isLong = number >= 10
            Self.opened(&log, "P\(number)", 0)
            log.add(
                isLong ? 12 : 2, number >= 14 ? "opportunity.won" : "opportunity.lost",
                #"{"opportunity":"P\#(number)"}"#)
        }
        Self.opened(&log, "young", 39, #","expected_close":"2026-02-20""#)
        Self.opened(&log, "old", 31, #","expected_close":"2026-01-20""#)
        log.add(
            39, "opportunity.opened",
            #"{"opportunity":"USD","stage":"a","amount":"100","currency":"USD","expected_close":"2027-02-20"}"#)
        let answer = try log.views().answer(day: 40) { try FunnelQuery(forecast: .month).run($0, $1) }
        let forecast = try #require(answer.forecast)
        // One day old: 6 of 20. Nine days old: 6 of the 10 that lasted as long; its day is past, so it counts now.
        #expect(forecast.ahead.map(\.period) == ["2026-02", "later"])
        #expect(forecast.ahead.map(\.currency) == ["CNY", "USD"])
        #expect(forecast.ahead.map(\.forecast) == ["90.00", "30.00"])
        #expect(forecast.ahead.map(\.deals) == [2, 1])
        #expect(forecast.smallSampleDeals == 0)
        #expect(forecast.stages.map(\.share) == [0.3])
    }

    @Test func earlierPeriodsStandBesideWhatWasWon() throws {
        var log = FunnelTestLog()
        for number in 0..<10 {
            Self.opened(&log, "P\(number)", 0)
            log.add(10, number < 5 ? "opportunity.won" : "opportunity.lost", #"{"opportunity":"P\#(number)"}"#)
        }
        // Open when February begins, expected in it, and won; another is opened and won within it.
        Self.opened(&log, "F1", 25, #","expected_close":"2026-02-20""#)
        log.add(45, "opportunity.won", #"{"opportunity":"F1"}"#)
        Self.opened(&log, "F2", 40)
        log.add(50, "opportunity.won", #"{"opportunity":"F2"}"#)
        let answer = try log.views().answer(day: 70) { try FunnelQuery(forecast: .month).run($0, $1) }
        let earlier = try #require(answer.forecast?.earlier.first)
        #expect((earlier.period, earlier.currency, earlier.isComplete) == ("2026-02", "CNY", true))
        #expect(earlier.forecast == "50.00")
        #expect(earlier.won == DecimalAmount("200"))
        #expect(earlier.wonOfOpen == DecimalAmount("100"))
        #expect(earlier.error == -0.5)
    }

    @Test func smallSamplesSaySoAndNothingIsNoNumber() throws {
        var log = FunnelTestLog()
        Self.opened(&log, "P1", 0)
        log.add(3, "opportunity.won", #"{"opportunity":"P1"}"#)
        Self.opened(&log, "O1", 4)
        log.add(5, "opportunity.opened", #"{"opportunity":"O2","stage":"never","amount":"9","currency":"CNY"}"#)
        log.add(5, "opportunity.opened", #"{"opportunity":"O3","stage":"a"}"#)
        let answer = try log.views().answer(day: 6) { try FunnelQuery(forecast: .quarter).run($0, $1) }
        let forecast = try #require(answer.forecast)
        #expect((forecast.smallSampleDeals, forecast.dealsWithoutHistory, forecast.dealsWithoutAmount) == (1, 1, 1))
        #expect(forecast.valueWithoutHistory.sums == ["CNY": DecimalAmount("9")])
        #expect(forecast.stages.map(\.isSmall) == [true, true])
        let json = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self).lowercased()
        #expect(!json.contains("nan") && !json.contains("inf"))
    }

    /// An outlook by its definition, one stay after the other.
    @Test(arguments: 1...20)
    func outlooksAreWhatTheirDefinitionSays(_ seed: Int) throws {
        var random = FunnelRandom(seed: UInt64(seed))
        var log = FunnelTestLog()
        var stays: [(length: Double, won: Double?)] = []
        for number in 0..<Int.random(in: 10...40, using: &random) {
            let start = Double(Int.random(in: 0..<5, using: &random))
            let first = Double(Int.random(in: 0..<20, using: &random))
            let isWon = Bool.random(using: &random)
            log.add(start, "opportunity.opened", #"{"opportunity":"P\#(number)","stage":"a"}"#)
            let end = start + first + Double(Int.random(in: 1..<9, using: &random))
            log.add(start + first, "opportunity.stage_changed", #"{"opportunity":"P\#(number)","to":"b"}"#)
            log.add(end, isWon ? "opportunity.won" : "opportunity.lost", #"{"opportunity":"P\#(number)"}"#)
            stays.append((first, isWon ? end - start : nil))
        }
        let age = Double(Int.random(in: 0..<12, using: &random))
        Self.opened(&log, "O", 40 - age)
        let answer = try log.views().answer(day: 40) { try FunnelQuery(forecast: .month).run($0, $1) }
        var compared = stays.filter { $0.length >= age }
        guard compared.count >= 10 else { return }
        // Day 40 is 10 February: 18.999… days are left of it.
        let share = Double(compared.count { $0.won.map { $0 - age <= 18.99 } ?? false }) / Double(compared.count)
        compared.removeAll()
        let now = answer.forecast?.ahead.first { $0.period == "2026-02" }
        #expect(now?.forecastUndated == String(format: "%.2f", share * 100))
    }
}
