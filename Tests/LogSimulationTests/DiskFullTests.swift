import EventLog
import LogSimulation
import Testing

/// A disk that fills up: what fits is taken, what does not is refused and changes nothing, and with room again all
/// goes on in the same process.
@Suite struct DiskFullTests {
    private func append(_ id: Int, bytes: Int = 0) -> Step {
        Step(.append([Step.Request(events: [Step.Event(subject: 1, id: id, bytes: bytes)], expectation: .any)]))
    }

    /// Appends one event after another with `bytes` of room, then makes room and appends again.
    private func fill(_ bytes: Int, segmentBytes: Int) throws -> Coverage {
        var steps = (0..<4).map { append($0) }
        steps.append(Step(.limitRoom(bytes)))
        steps += (4..<9).flatMap { [append($0), Step(.maintain), Step(.tail(reader: 0, batches: 9))] }
        steps.append(Step(.limitRoom(nil)))
        // Repeated: each is stored now, and only once.
        steps += (4..<12).flatMap { [append($0), Step(.maintain)] }
        steps.append(Step(.verify))
        let run = try ScenarioRun(Scenario(segmentBytes: segmentBytes, spaceBytes: 200, steps: steps))
        try run.run()
        return run.coverage
    }

    @Test func beforeInAndAfterABatch() async throws {
        var met = Coverage()
        for bytes in stride(from: 0, to: 2_500, by: 7) {
            met.add(try fill(bytes, segmentBytes: 100_000))
            await Task.yield()
        }
        #expect(met.marks[.refusedNoRoom] ?? 0 > 0)
        #expect(met.marks[.outcomeUnknown] == nil && met.marks[.poisoned] == nil)
    }

    @Test func duringRollRepackAndMerge() async throws {
        var met = Coverage()
        for bytes in stride(from: 0, to: 6_000, by: 11) {
            met.add(try fill(bytes, segmentBytes: 700))
            await Task.yield()
        }
        #expect(met.marks[.refusedNoRoom] ?? 0 > 0)
        for phase in [Coverage.Phase.roll, .index, .merge, .repack] { #expect(met.phases[phase] ?? 0 > 0) }
        #expect(met.marks[.outcomeUnknown] == nil && met.marks[.poisoned] == nil)
    }
}
