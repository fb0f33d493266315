import Synchronization
import Testing

@testable import EventLog

/// The queue in front of the committing thread.
@Suite struct StorageQueueTests {
    private func event(_ id: Int) -> EventDraft {
        draft("A", id: "\(id)", data: "{\"t\":\"\(String(repeating: "x", count: 800))\"}")
    }

    private func request(_ id: Int) -> PreparedRequest {
        PreparedRequest(AppendRequest(events: [event(id)]), KeyedHash(logID: []))
    }

    /// Lets other tasks run until it is so.
    private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test(.timeLimit(.minutes(10))) func waitingRequestsAreBoundedInBytes() async throws {
        let bound = 3_000
        let queue = CommitQueue(batchBytesMax: 1_000, waitingBytesMax: bound)
        let tasks = (0..<20).map { number in Task { try await queue.submit(request(number)) } }
        await until { queue.callersOutside == 17 && queue.waitingBytes > 2_000 }
        #expect(queue.waitingBytes <= bound)
        // Whoever is cancelled is withdrawn, in the queue or in front of it; the others are answered.
        for task in tasks[5..<10] { task.cancel() }
        let taken = Mutex<[String]>([])
        let committer = onThread {
            while let tickets = queue.take() {
                #expect(queue.waitingBytes <= bound)
                for ticket in tickets {
                    taken.withLock { $0.append(ticket.request.drafts[0].id ?? "") }
                    ticket.answer(.success([]))
                }
                queue.endTurn()
            }
        }
        var answered = 0
        for task in tasks {
            switch await task.result {
            case .success: answered += 1
            case .failure(let error): #expect(error is CancellationError)
            }
        }
        queue.close(finishing: false)
        try await committer.value
        #expect(answered >= 15 && answered == taken.withLock { Set($0).count })
        #expect(queue.waitingBytes == 0 && queue.callersOutside == 0)
    }

    @Test(.timeLimit(.minutes(10))) func callersInFrontOfAQueueThatClosesAreToldSo() async throws {
        let queue = CommitQueue(batchBytesMax: 1_000, waitingBytesMax: 1_000)
        let tasks = (0..<5).map { number in Task { try await queue.submit(request(number)) } }
        await until { queue.callersOutside == 4 }
        queue.close(finishing: false)
        // The one that is queued is answered still.
        let ticket = try #require(queue.take()?.first)
        ticket.answer(.success([]))
        queue.endTurn()
        var closed = 0
        for task in tasks {
            if case .failure(let error) = await task.result, (error as? AppendError)?.code == .closed { closed += 1 }
        }
        #expect(closed == 4)
        #expect(queue.take() == nil)
    }

    @Test(.timeLimit(.minutes(10))) func aRequestLargerThanTheBoundIsTakenAlone() async throws {
        let log = try StorageLog { $0.waitingBytesMax = 10 }
        let sequencer = try log.open()
        let answers = try await withThrowingTaskGroup(of: [Acknowledgement].self) { group in
            for number in 0..<10 {
                group.addTask { try await sequencer.append(AppendRequest(events: [event(number)])) }
            }
            return try await group.reduce(into: []) { $0 += $1.map(\.sequence) }
        }
        #expect(answers.sorted() == (0..<10).map { UInt64($0) })
        await sequencer.close()
    }

    @Test(.timeLimit(.minutes(10))) func whoIsAloneMayTakeTheTurn() async throws {
        let queue = CommitQueue(batchBytesMax: 10_000, waitingBytesMax: 10_000)
        #expect(queue.takeTurn())
        #expect(!queue.takeTurn())
        // What comes meanwhile waits until the turn was given back, and so does the committing thread.
        let waiting = Task { try await queue.submit(request(1)) }
        let next = Task { try await queue.submit(request(2)) }
        await until { queue.waitingBytes > 1_600 }
        let taken = onThread { queue.take() }
        queue.endTurn()
        let tickets = try #require(try await taken.value)
        #expect(tickets.count == 2)
        #expect(!queue.takeTurn())
        for ticket in tickets { ticket.answer(.success([])) }
        queue.endTurn()
        for task in [waiting, next] { #expect(try await task.value.isEmpty) }
        // Those came together: the next ones probably do, too.
        #expect(!queue.takeTurn())
        let last = Task { try await queue.submit(request(3)) }
        let single = try #require(try await onThread { queue.take() }.value)
        #expect(single.count == 1)
        single[0].answer(.success([]))
        queue.endTurn()
        #expect(try await last.value.isEmpty)
        #expect(queue.takeTurn())
        queue.endTurn(leavingFollowUp: true)
        // What is left to do comes first.
        #expect(!queue.takeTurn())
        #expect(queue.take()?.isEmpty ?? false)
        queue.endTurn()
        #expect(queue.takeTurn())
        queue.close(finishing: false)
        let end = onThread { queue.take() == nil }
        queue.endTurn()
        #expect(try await end.value)
        #expect(!queue.takeTurn())
    }

    /// Segments are closed although every request is committed by its caller.
    @Test(.timeLimit(.minutes(10))) func aLoneCallersSegmentsRoll() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 8_000 }
        let sequencer = try log.open()
        for number in 0..<60 {
            let answer = try await sequencer.append(AppendRequest(events: [event(number)]))
            #expect(answer.map(\.sequence) == [UInt64(number)])
        }
        await sequencer.close()
        #expect(log.segmentPaths.count > 4)
        #expect(try log.reader().allEvents().count == 60)
        #expect(try log.reader().verify(deep: true).isEmpty)
    }
}
