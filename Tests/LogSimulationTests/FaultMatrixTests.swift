import EventLog
import LogSimulation
import Testing

/// Each fault at every call of a life that goes through every path: appends, rolls, index runs, merges, repacking, an
/// opening.
///
/// After each the log is opened again and compared with the model: nothing acknowledged is lost, nothing published is
/// taken back.
@Suite struct FaultMatrixTests {
    // MARK: A life

    private func append(_ ids: Range<Int>, expecting: Step.Expectation = .any) -> Step {
        let events = ids.map { Step.Event(subject: $0 % 3, id: $0, bytes: 0) }
        let request = Step.Request(events: events, expectation: expecting)
        return Step(.append([request]), interleaving: UInt64(ids.lowerBound))
    }

    /// Rolls at every append, so that the background has all kinds of work.
    private var life: Scenario {
        var steps: [Step] = []
        for number in 0..<5 {
            steps.append(append((number * 6)..<(number * 6 + 6)))
            // A run, a repacking, and now and then a merge.
            steps += [Step(.maintain, interleaving: 3), Step(.maintain), Step(.maintain)]
        }
        steps.append(Step(.reopen, interleaving: 9))
        steps += [append(30..<33), append(33..<34), append(34..<35)]
        return Scenario(segmentBytes: 1_000, spaceBytes: 300, steps: steps)
    }

    /// Runs the life once for every step and every call of it that the fault can strike; `after` is what is done before
    /// the log is opened again.
    private func strikeEverywhere(
        _ kind: Fault.Kind, seeds: Int, after: [Step] = [], during: (Step.Action) -> Bool = { _ in true }
    ) async throws -> Coverage {
        var met = Coverage()
        let base = life
        for place in base.steps.indices where during(base.steps[place].action) {
            var call = 0
            var strikes = true
            while strikes {
                strikes = false
                for seed in 0..<UInt64(seeds) {
                    var scenario = base
                    scenario.steps[place].fault = Fault(kind: kind, call: call, seed: UInt64(call) &* 31 &+ seed)
                    scenario.steps.insert(contentsOf: after, at: place + 1)
                    let run = try ScenarioRun(scenario)
                    do {
                        try run.run()
                    } catch {
                        Issue.record("\(kind.rawValue) at call \(call) of step \(place), seed \(seed): \(error)")
                        return met
                    }
                    if run.coverage.struckCount > 0 { strikes = true }
                    // Long work without a pause keeps other tests from going on.
                    await Task.yield()
                    met.add(run.coverage)
                }
                call += 1
            }
        }
        return met
    }

    private static let phases: [Coverage.Phase] = [.open, .commit, .roll, .index, .merge, .repack]

    private func expectEverywhere(_ met: Coverage, _ kind: Fault.Kind) {
        for phase in Self.phases { #expect(met.faults[kind]?[phase] ?? 0 > 0, "no \(kind) in \(phase)") }
    }

    // MARK: The rows

    @Test func killAtEveryCall() async throws {
        expectEverywhere(try await strikeEverywhere(.kill, seeds: 3), .kill)
    }

    @Test func killAtEveryCallAndTheHeadWordLost() async throws {
        let met = try await strikeEverywhere(.kill, seeds: 1, after: [Step(.loseHead)])
        expectEverywhere(met, .kill)
        #expect(met.marks[.headLost] ?? 0 > 0)
    }

    @Test func powerLossAtEveryCall() async throws {
        let met = try await strikeEverywhere(.powerLoss, seeds: 6)
        expectEverywhere(met, .powerLoss)
        #expect(met.marks[.headBehind] ?? 0 > 0 && met.marks[.headBroken] ?? 0 > 0 && met.marks[.tornTailCut] ?? 0 > 0)
        #expect(met.marks[.limboStored] ?? 0 > 0 && met.marks[.limboGone] ?? 0 > 0)
    }

    @Test func powerLossAtEveryCallWithoutTheHeadWord() async throws {
        let met = try await strikeEverywhere(.powerLoss, seeds: 2, after: [Step(.loseHead)])
        expectEverywhere(met, .powerLoss)
        #expect(met.marks[.headLost] ?? 0 > 0)
    }

    @Test func aSyncFailsOnceThenWorks() async throws {
        let met = try await strikeEverywhere(.failedSync, seeds: 3)
        expectEverywhere(met, .failedSync)
        #expect(met.marks[.outcomeUnknown] ?? 0 > 0 && met.marks[.poisoned] ?? 0 > 0)
    }

    @Test func aSyncFailsOnceAndThePagesAreDroppedAfterTheNextOpening() async throws {
        let after = [Step(.reopen), Step(.evict), Step(.verify)]
        let met = try await strikeEverywhere(.failedSync, seeds: 2, after: after)
        expectEverywhere(met, .failedSync)
        #expect(met.marks[.tailRewritten] ?? 0 > 0)
    }

    @Test func aSyncFailsOnceAndThePowerGoesAfterTheNextOpening() async throws {
        let met = try await strikeEverywhere(.failedSync, seeds: 2, after: [Step(.reopen), Step(.powerLoss(seed: 5))])
        expectEverywhere(met, .failedSync)
    }

    @Test func everyCallFailsOnce() async throws {
        expectEverywhere(try await strikeEverywhere(.ioError, seeds: 2), .ioError)
    }

    @Test func noRoomAtEveryCallThatNeedsSome() async throws {
        let met = try await strikeEverywhere(.noSpace, seeds: 2)
        expectEverywhere(met, .noSpace)
        #expect(met.marks[.refusedNoRoom] ?? 0 > 0)
    }

    @Test func aNameWhoseFolderWasNotSyncedMayGoWithThePower() async throws {
        // Killed at the sync of the folder, and then the power goes: the name is there or not.
        let after = [Step(.powerLoss(seed: 3)), Step(.powerLoss(seed: 4))]
        let met = try await strikeEverywhere(.kill, seeds: 2, after: after)
        expectEverywhere(met, .kill)
        #expect(met.calls[.syncDirectory] ?? 0 > 0 && met.calls[.rename] ?? 0 > 0)
    }

    @Test func twoWritersAndOneThatStandsStill() throws {
        var steps: [Step] = []
        for number in 0..<6 {
            // The first does nothing while another tries, then goes on.
            steps.append(append((number * 2)..<(number * 2 + 2)))
            steps += [Step(.secondWriter), Step(.maintain), Step(.secondWriter)]
        }
        let run = try ScenarioRun(Scenario(segmentBytes: 1_000, spaceBytes: 300, steps: steps))
        try run.run()
        #expect(run.coverage.marks[.secondWriterRefused] == 12)
        #expect(run.coverage.marks[.acknowledged] == 6)
    }

    @Test(arguments: [-3_600, 31_536_000] as [Int64]) func theClockIsSet(seconds: Int64) throws {
        var scenario = life
        scenario.steps.insert(Step(.moveClock(seconds: seconds)), at: 6)
        scenario.steps.insert(Step(.moveClock(seconds: -seconds)), at: 14)
        scenario.steps.append(Step(.verify))
        let run = try ScenarioRun(scenario)
        try run.run()
        #expect(run.coverage.marks[.clockBack] ?? 0 > 0)
    }

    @Test func shortAndInterruptedCallsChangeNothing() throws {
        for seed in UInt64(0)..<60 {
            var scenario = life
            for place in scenario.steps.indices { scenario.steps[place].noise = seed &* 97 &+ UInt64(place) }
            let run = try ScenarioRun(scenario)
            try run.run()
            #expect(run.coverage.marks[.acknowledged] == scenario.steps.count - 16)
        }
    }
}
