import Foundation
import SystemPackage
import Testing

@testable import EventLog

@Suite struct StorageAppendTests {
    @Test func roundTripKeepsEveryFieldAndReadsWithLZ4Alone() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        let first = try await sequencer.append(
            AppendRequest(events: [
                draft("C-1", id: "a", time: "2026-03-01T08:30:00+08:00"),
                draft("客户\"2\"", type: "message.received", data: nil),
                draft(nil, type: "definition.changed"),
            ]))
        #expect(
            first == [
                Acknowledgement(sequence: 0, subjectSequence: 1, isDuplicate: false),
                Acknowledgement(sequence: 1, subjectSequence: 1, isDuplicate: false),
                Acknowledgement(sequence: 2, subjectSequence: nil, isDuplicate: false),
            ])
        let second = try await sequencer.append(AppendRequest(events: [draft("C-1", id: "b")]))
        #expect(second.first?.subjectSequence == 2)
        let reader = try log.reader()
        #expect(reader.head == 4)
        let events = try reader.allEvents()
        #expect(events.map(\.sequence) == [0, 1, 2, 3])
        #expect(events.map(\.subject) == ["C-1", "客户\"2\"", nil, "C-1"])
        #expect(events.map(\.id) == ["a", "1", "2", "b"])
        #expect(events.map(\.source) == ["/test", "touchline:", "touchline:", "/test"])
        #expect(events[0].time == (try Instant(rfc3339: "2026-03-01T00:30:00Z")))
        #expect(events[1].time == events[1].recordedTime)
        #expect(events[1].data.kind == .null)
        #expect(events[0].data.jsonText == "{\"n\":1}")
        #expect(try reader.event(at: 1).line == events[1].line)
        await sequencer.close()
        #expect(try log.plainLines() == events.map { String(decoding: $0.line, as: UTF8.self) })
        #expect(try reader.verify(deep: true).isEmpty)
    }

    @Test func repeatedIDsAnswerWithTheFirstSequence() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        _ = try await sequencer.append(AppendRequest(events: [draft(id: "a"), draft(id: "b")]))
        // In one request, in another request, and with an expected version that would not hold any more.
        let again = try await sequencer.append(
            AppendRequest(events: [draft(id: "b", expected: 0), draft(id: "c"), draft(id: "c")]))
        #expect(again.map(\.sequence) == [1, 2, 2])
        #expect(again.map(\.isDuplicate) == [true, false, true])
        #expect(again.map(\.subjectSequence) == [2, 3, 3])
        await sequencer.close()
        let reopened = try log.open()
        let later = try await reopened.append(AppendRequest(events: [draft(id: "a")]))
        #expect(later == [Acknowledgement(sequence: 0, subjectSequence: 1, isDuplicate: true)])
        #expect(try log.reader().head == 3)
        #expect(try log.reader().sequence(source: "/test", id: "c") == 2)
        #expect(try log.reader().sequence(source: "/other", id: "c") == nil)
        #expect(try log.reader().sequence(source: "touchline:", id: "1") == nil)
        await reopened.close()
    }

    @Test func anIDWithOtherContentIsAConflictAndTheRequestLeavesNoTrace() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        _ = try await sequencer.append(AppendRequest(events: [draft(id: "a", time: "2026-03-01T08:30:00Z")]))
        let variants = [
            draft(type: "call.logged", id: "a", time: "2026-03-01T08:30:00Z"),
            draft("C-2", id: "a", time: "2026-03-01T08:30:00Z"),
            draft(id: "a", time: "2026-03-01T08:30:01Z"),
            draft(id: "a", time: "2026-03-01T08:30:00Z", data: "{\"n\":2}"),
        ]
        for variant in variants {
            let error = await caught(AppendError.self) {
                _ = try await sequencer.append(AppendRequest(events: [draft("C-9", id: "new"), variant]))
            }
            #expect(error?.code == .idConflict(sequence: 0))
            #expect(error?.eventIndex == 1)
        }
        // Neither the id nor the subject of the refused requests is remembered.
        let after = try await sequencer.append(AppendRequest(events: [draft("C-9", id: "new", expected: 0)]))
        #expect(after == [Acknowledgement(sequence: 1, subjectSequence: 1, isDuplicate: false)])
        await sequencer.close()
    }

    @Test func expectedVersionsHoldAtASubjectsFirstEventOfTheRequest() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        _ = try await sequencer.append(AppendRequest(events: [draft("A"), draft("A"), draft("B")], expectedVersion: 0))
        let wrong = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A")], expectedVersion: 1))
        }
        #expect(wrong?.code == .versionConflict(expected: 1, actual: 2))
        let missing = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A"), draft("C", expected: 4)]))
        }
        #expect(missing?.code == .versionConflict(expected: 4, actual: 0))
        #expect(missing?.eventIndex == 1)
        let right = try await sequencer.append(
            AppendRequest(events: [draft("A", expected: 2), draft("A", expected: 3)]))
        #expect(right.map(\.subjectSequence) == [3, 4])
        await sequencer.close()
    }

    @Test func limitsAreRefusedBeforeAnythingIsWritten() async throws {
        let log = try StorageLog { $0.eventBytesMax = 1_000 }
        let sequencer = try log.open()
        let requests: [(AppendRequest, AppendError.Code)] = [
            (AppendRequest(events: []), .requestSize),
            (AppendRequest(events: Array(repeating: draft(), count: 10_001)), .requestSize),
            (AppendRequest(events: [draft(data: "\"" + String(repeating: "x", count: 1_000) + "\"")]), .invalidEvent),
            (AppendRequest(events: [draft(String(repeating: "s", count: 257))]), .invalidEvent),
            (AppendRequest(events: [draft(nil, expected: 3)]), .invalidEvent),
        ]
        for (request, code) in requests {
            let error = await caught(AppendError.self) { _ = try await sequencer.append(request) }
            #expect(error?.code == code)
        }
        #expect(try log.reader().head == 0)
        await sequencer.close()
        let closed = await caught(AppendError.self) { _ = try await sequencer.append(AppendRequest(events: [draft()])) }
        #expect(closed?.code == .closed)
    }

    @Test func aRestoredLogHasTheSameLines() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 4_000 }
        let requests = (0..<40).map { number in [draft("C-\(number % 7)", id: number % 3 == 0 ? "i\(number)" : nil)] }
        try await log.append(requests)
        let lines = try log.plainLines()
        var parser = EventParser(options: EventParser.Options(restore: true))
        let drafts = try lines.map { try parser.parse(Array($0.utf8)) }
        let copy = try StorageLog()
        let sequencer = try copy.open()
        for part in stride(from: 0, to: 40, by: 9) {
            _ = try await sequencer.append(AppendRequest(events: Array(drafts[part..<min(part + 9, 40)])))
        }
        // Sent again, a restored line is a repeat.
        let again = try await sequencer.append(AppendRequest(events: [drafts[3], drafts[4]]))
        #expect(again.map(\.isDuplicate) == [true, true])
        await sequencer.close()
        #expect(try copy.plainLines() == lines)
        let other = try StorageLog()
        let second = try other.open()
        let error = await caught(AppendError.self) { _ = try await second.append(AppendRequest(events: [drafts[1]])) }
        #expect(error?.code == .invalidEvent)
        await second.close()
    }

    @Test func recordedTimeNeverRunsBackwards() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        _ = try await sequencer.append(AppendRequest(events: [draft()]))
        log.clock.move(by: -3_600)
        _ = try await sequencer.append(AppendRequest(events: [draft()]))
        _ = try await sequencer.append(AppendRequest(events: [draft()]))
        let times = try log.reader().allEvents().map(\.recordedTime)
        #expect(times[0] == times[1] && times[1] == times[2])
        let statistics = try log.reader().statistics()
        #expect(statistics.lastRecordedTime == times[0])
        #expect(statistics.lastRecordedSince == 0)
        await sequencer.close()
    }

    @Test func manyTasksShareBatchesAndEachGetsItsOwnAnswer() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        let sequences = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for task in 0..<300 {
                group.addTask {
                    let answer = try await sequencer.append(
                        AppendRequest(events: [draft("T-\(task % 10)", id: "\(task)")]))
                    return answer[0].sequence
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sequences.sorted() == Array(0..<300))
        await sequencer.close()
        let events = try log.reader().allEvents()
        for subject in Set(events.compactMap(\.subject)) {
            let numbers = events.filter { $0.subject == subject }.map(\.subjectSequence)
            #expect(numbers == (1...30).map { UInt64($0) })
        }
    }

    @Test func oneWriterAtATime() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        let error = await caught(LogError.self) { _ = try log.open() }
        #expect(error?.code == .locked(process: getpid()))
        #expect(error?.message.contains("process \(getpid())") ?? false)
        await sequencer.close()
        let next = try log.open()
        await next.close()
    }

    @Test func aWithdrawnRequestIsNotAppended() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await sequencer.append(AppendRequest(events: [draft()]))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try log.reader().head == 0)
        await sequencer.close()
    }

    @Test func foldersThatAreNoLogSaySo() async throws {
        let log = try StorageLog()
        let empty = log.folder.appending("empty")
        try FileManager.default.createDirectory(atPath: empty.string, withIntermediateDirectories: true)
        for path in [empty, log.folder.appending("none"), log.folder] {
            #expect(await caught(LogError.self) { _ = try LogReader.open(path) }?.code == .notALog)
            let writer = await caught(LogError.self) { _ = try LocalSequencer.open(path) { Instant(microseconds: 0) } }
            #expect(writer?.code == .notALog)
        }
        let again = await caught(LogError.self) { try EventLog.create(at: log.directory) }
        #expect(again?.code == .alreadyALog)
        try log.write(Array("hello".utf8), to: log.segmentPaths[0])
        #expect(await caught(LogError.self) { _ = try log.reader() }?.code == .notALog)
    }
}
