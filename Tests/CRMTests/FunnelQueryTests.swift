import CRM
import EventLog
import Foundation
import GRDB
import Projection
import Testing

/// The funnel's figures.
struct FunnelQueryTests {
    /// Four opportunities: one won after all stages, one lost in `offer`, one open in `offer`, one skips `talks`.
    private static func log() -> FunnelTestLog {
        var log = FunnelTestLog()
        for (id, owner) in [("O1", "li"), ("O2", "li"), ("O3", "wang"), ("O4", "wang")] {
            log.add(
                0, "opportunity.opened",
                #"{"opportunity":"\#(id)","stage":"new","owner":"\#(owner)","amount":"10.50","currency":"CNY"}"#)
        }
        for id in ["O1", "O2", "O3"] {
            log.add(2, "opportunity.stage_changed", #"{"opportunity":"\#(id)","to":"talks"}"#)
        }
        for id in ["O1", "O2", "O3", "O4"] {
            log.add(4, "opportunity.stage_changed", #"{"opportunity":"\#(id)","to":"offer"}"#)
        }
        log.add(6, "opportunity.won", #"{"opportunity":"O1"}"#)
        log.add(7, "opportunity.lost", #"{"opportunity":"O2","reason":"price"}"#)
        log.add(8, "opportunity.assigned", #"{"opportunity":"O2","owner":"wang"}"#)
        log.add(9, "opportunity.stage_changed", #"{"opportunity":"O4","to":"new"}"#)
        return log
    }

    @Test func countsConversionTimesAndValue() throws {
        let answer = try Self.log().views().answer(day: 10) { try FunnelQuery().run($0, $1) }
        #expect(answer.pipeline == "default")
        let figures = answer.figures
        #expect(figures.stages.map(\.stage) == ["new", "talks", "offer"])
        #expect(figures.stages.map(\.reached) == [4, 3, 4])
        #expect(figures.stages.map(\.current) == [1, 0, 1])
        #expect(figures.stages.map(\.converted) == [4, 3, 1])
        // O3 and O4 have been in the last stage and are open: neither converted nor not.
        #expect(figures.stages.map(\.undecided) == [0, 0, 2])
        #expect(figures.stages.map(\.conversion) == [1, 1, 0.5])
        #expect((figures.open, figures.won, figures.lost, figures.moved) == (2, 1, 1, 0))
        #expect(figures.winRate == 0.5)
        #expect(figures.lostByReason.map(\.reason) == ["price"])
        #expect(figures.lostByReason.map(\.count) == [1])
        // Stays in `new` that ended: 2, 2, 2 and 4 days.
        #expect(figures.stages[0].timeInStage.count == 4)
        #expect(figures.stages[0].timeInStage.median == 172_800)
        #expect(figures.stages[0].timeInStage.p90 == 345_600)
        #expect(figures.stages[0].age.median == 86_400)
        #expect(figures.stages[2].age.median == 518_400)
        #expect(figures.openValue.sums == ["CNY": DecimalAmount("21.00")])
        #expect(figures.wonValue.sums == ["CNY": DecimalAmount("10.50")])
    }

    @Test func groupsByTheOwnerAtClosingElseNow() throws {
        let answer = try Self.log().views().answer { try FunnelQuery(by: .owner).run($0, $1) }
        let groups = try #require(answer.groups)
        #expect(groups.map(\.name) == ["li", "wang"])
        #expect(groups.map(\.figures.lost) == [1, 0])
        #expect(groups.map(\.figures.won) == [1, 0])
        #expect(groups.map(\.figures.open) == [0, 2])
    }

    @Test func hasTheFixedKeys() throws {
        let answer = try Self.log().views().answer { try FunnelQuery(by: .origin).run($0, $1) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = try JSONDecoder().decode(Shape.self, from: encoder.encode(answer))
        #expect(json.stages.map(\.reached) == [4, 3, 4])
        #expect((json.won, json.lost, json.open) == (1, 1, 2))
        #expect(json.won_value == ["CNY": "10.50"])
        #expect(json.groups.map(\.name) == ["(none)"])
    }

    private struct Shape: Decodable {
        struct Stage: Decodable {
            var stage: String
            var reached: Int
            var current: Int
        }
        struct Group: Decodable {
            var name: String
            var stages: [Stage]
        }
        var stages: [Stage]
        var won: Int
        var lost: Int
        var open: Int
        var won_value: [String: String]
        var groups: [Group]
    }

    @Test func choosesAPipelineAndNamesNearOnes() throws {
        var log = FunnelTestLog()
        log.add(0, "opportunity.opened", #"{"opportunity":"O1","pipeline":"loans","stage":"a"}"#)
        let loans = try log.views()
        #expect(try loans.answer { try FunnelQuery().run($0, $1) }.pipeline == "loans")
        #expect(throws: NotFound(kind: "pipeline", name: "lons", nearMatches: ["loans"])) {
            try loans.answer { try FunnelQuery(pipeline: "lons").run($0, $1) }
        }
        log.add(0, "opportunity.opened", #"{"opportunity":"O2"}"#)
        #expect(try log.views().answer { try FunnelQuery().run($0, $1) }.pipeline == "default")
        let nothing = try FunnelTestLog().views().answer { try FunnelQuery().run($0, $1) }
        #expect(nothing.pipeline == "default")
        #expect(nothing.figures.stages.isEmpty)
        let leads = try FunnelTestLog().views().answer { try FunnelQuery(pipeline: "leads").run($0, $1) }
        #expect(leads.figures.stages.map(\.stage) == ["captured", "qualified", "opportunity", "won", "contract"])
    }

    @Test func stagesThatAreOftenSkippedKeepTheirPlace() throws {
        var log = FunnelTestLog()
        // One path in ten goes through every stage, the others skip two of them.
        for number in 1...10 {
            let stages = number == 1 ? ["b", "c", "d"] : ["d"]
            log.add(0, "opportunity.opened", #"{"opportunity":"O\#(number)","stage":"a"}"#)
            for (day, stage) in stages.enumerated() {
                log.add(
                    Double(day + 1), "opportunity.stage_changed", #"{"opportunity":"O\#(number)","to":"\#(stage)"}"#)
            }
        }
        let answer = try log.views().answer { try FunnelQuery().run($0, $1) }
        #expect(answer.figures.stages.map(\.stage) == ["a", "b", "c", "d"])
    }

    @Test func quantilesAreNearestRanks() {
        let ten = DurationFigures(microseconds: (1...10).map { Int64($0) * 1_000_000 }.shuffled())
        #expect((ten.median, ten.p90, ten.mean) == (5, 9, 5.5))
        let one = DurationFigures(microseconds: [3_500_000])
        #expect((one.median, one.p90, one.mean) == (3.5, 3.5, 3.5))
        let none = DurationFigures(microseconds: [])
        #expect((none.median, none.p90, none.mean) == (nil, nil, nil))
    }

    @Test func sumsThatDoNotFitAreNil() throws {
        var sums = MoneySums()
        let most = try #require(DecimalAmount(mantissa: .max, scale: 0))
        sums.add(most, "CNY")
        sums.add(most, "CNY")
        sums.add(DecimalAmount(1), nil)
        let expected: [String: DecimalAmount?] = ["CNY": nil, "XXX": DecimalAmount(1)]
        #expect(sums.sums == expected)
    }
}
