import CRM
import EventLog
import Projection
import ReferenceFold
import Testing

/// The figures of random histories against a second, independent reading of the catalogue.
struct FunnelReferenceTests {
    private static let seeds = 1...40

    private func read(_ seed: Int) throws -> (fold: ReferenceFold, views: FunnelTestViews) {
        let lines = RandomHistory(seed: UInt64(seed), count: 400).storedLines
        let fold = ReferenceFold(lines.compactMap { ReferenceEvent(line: $0.utf8) })
        let known = Set((fold.known.bySubject.values.flatMap { $0 } + fold.known.system).map(\.sequence))
        return (fold, try FunnelTestLog(storedLines: lines, known: known).views())
    }

    @Test(arguments: seeds)
    func funnel(_ seed: Int) throws {
        let (fold, views) = try read(seed)
        let all = fold.opportunities.values.flatMap(\.values)
        for name in Set(all.flatMap { $0.stays.map(\.pipeline) }) where name != "leads" {
            let expected = fold.funnel(name)
            let figures = try views.answer { try FunnelQuery(pipeline: name).run($0, $1) }.figures
            #expect(
                (figures.open, figures.won, figures.lost, figures.moved)
                    == (expected.open, expected.won, expected.lost, expected.moved))
            let order = figures.stages.map(\.stage)
            #expect(Set(order) == Set(expected.reached.keys))
            for stage in figures.stages {
                #expect(stage.reached == expected.reached[stage.stage])
                #expect(stage.current == expected.current[stage.stage, default: 0])
                let conversion = ReferenceFunnel.conversion(of: stage.stage, order: order, pipeline: name, all)
                #expect((stage.converted, stage.undecided) == conversion)
            }
            for reason in figures.lostByReason {
                #expect(reason.count == expected.lostByReason[reason.reason == "(none)" ? "" : reason.reason])
            }
        }
    }

    @Test(arguments: seeds)
    func service(_ seed: Int) throws {
        let (fold, views) = try read(seed)
        let answer = try views.answer { try ServiceQuery().run($0, $1) }
        for (family, figures) in [("complaint", answer.complaints.figures), ("ticket", answer.tickets.figures)] {
            let expected = fold.service(family)
            #expect(
                (figures.opened, figures.open, figures.resolved, figures.reopened)
                    == (expected.opened, expected.open, expected.resolved, expected.reopened))
        }
    }

    @Test(arguments: seeds)
    func campaigns(_ seed: Int) throws {
        let (fold, views) = try read(seed)
        let answer = try views.answer { try CampaignsQuery().run($0, $1) }
        #expect(answer.campaigns.map(\.campaign) == fold.campaigns.keys.sorted())
        for campaign in answer.campaigns {
            let expected = try #require(fold.campaigns[campaign.campaign])
            let counts = campaign.counts
            #expect(
                (counts.sent, counts.delivered, counts.opened, counts.clicked, counts.bounced, counts.redeemed)
                    == (
                        expected.count("sent"), expected.count("delivered"), expected.count("opened"),
                        expected.count("clicked"), expected.count("bounced"), expected.count("redeemed")
                    ))
            #expect(counts.sentAndRedeemed == expected.sentAndRedeemed)
            for (kind, count) in counts.events { #expect(count == expected.events[kind, default: 0]) }
        }
    }
}
