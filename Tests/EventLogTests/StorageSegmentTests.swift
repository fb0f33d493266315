import Foundation
import SystemPackage
import Testing

@testable import EventLog

@Suite struct StorageSegmentTests {
    /// A log of many small segments with skewed subjects, some events with ids, some without a subject.
    private func manySegments(
        _ count: Int = 600, repacks: Bool = true, perRequest: Int = 3, seed: UInt64 = 1
    ) async throws -> StorageLog {
        let log = try StorageLog {
            $0.segmentBytesMax = 20_000
            $0.repackFrameBytes = 3_000
            $0.repacks = repacks
        }
        var random = StorageRandom(seed)
        var requests: [[EventDraft]] = []
        for start in stride(from: 0, to: count, by: perRequest) {
            requests.append(
                (start..<min(start + perRequest, count)).map { number in
                    let subject = random.next() % 17 == 0 ? nil : "C-\(min(random.next() % 60, random.next() % 60))"
                    return draft(
                        subject, type: number / 100 == 2 ? "rare.seen" : ["a.x", "a.y", "b.z"][Int(random.next() % 3)],
                        id: random.next() % 2 == 0 ? "id\(number)" : nil, data: "{\"n\":\(number)}")
                })
        }
        try await log.append(requests)
        return log
    }

    private func expectConsistent(_ log: StorageLog) throws {
        let reader = try log.reader()
        let events = try reader.allEvents()
        #expect(try log.plainLines() == events.map { String(decoding: $0.line, as: UTF8.self) })
        #expect(events.map(\.sequence) == (0..<UInt64(events.count)).map { $0 })
        for subject in Set(events.compactMap(\.subject)) {
            let expected = events.filter { $0.subject == subject }
            #expect(try reader.history(of: subject).map(\.sequence) == expected.map(\.sequence))
            #expect(expected.map(\.subjectSequence) == (1...expected.count).map { UInt64($0) })
            let before = expected[expected.count / 2].sequence
            #expect(
                try reader.history(of: subject, before: before).map(\.sequence)
                    == expected.map(\.sequence).filter { $0 < before })
        }
        #expect(try reader.history(of: "nobody").isEmpty)
        for event in events where event.sequence % 7 == 0 {
            #expect(try reader.sequence(source: event.source, id: event.id) == event.sequence)
            #expect(try reader.event(at: event.sequence).line == event.line)
        }
        #expect(try reader.verify(deep: true) == [])
    }

    @Test func rollsAndRepackingKeepEveryLineAndFindEverySubject() async throws {
        let closed = try await manySegments(repacks: false)
        let plain = try closed.plainLines()
        #expect(closed.segmentPaths.count > 5)
        #expect(try closed.reader().statistics().segments.dropLast().allSatisfy { $0.state == .closed })
        try expectConsistent(closed)
        // The next writer that may repacks what was left.
        var options = closed.options
        options.repacks = true
        let sequencer = try LocalSequencer.open(closed.directory, options: options) { Instant(microseconds: 0) }
        await sequencer.close(finishRepacking: true)
        #expect(sequencer.backgroundProblems == [])
        #expect(try closed.reader().statistics().segments.dropLast().allSatisfy { $0.state == .repacked })
        #expect(try closed.plainLines() == plain)
        try expectConsistent(closed)
    }

    @Test func oneEventABatchAndLargeBatchesGiveTheSameLogOnceRepacked() async throws {
        let small = try await manySegments(300, perRequest: 1)
        let large = try await manySegments(300, perRequest: 50)
        try expectConsistent(small)
        try expectConsistent(large)
        let (left, right) = (try small.reader().allEvents(), try large.reader().allEvents())
        #expect(left.map(\.subject) == right.map(\.subject))
        #expect(left.map(\.data) == right.map(\.data))
    }

    @Test func theIndexIsMadeAgainFromLines() async throws {
        let log = try await manySegments()
        try FileManager.default.removeItem(atPath: log.directory.appending("index").string)
        // Readers do without it.
        let reader = try log.reader()
        let events = try reader.allEvents()
        for subject in ["C-0", "C-1", "C-30"] {
            #expect(
                try reader.history(of: subject).map(\.sequence)
                    == events.filter { $0.subject == subject }.map(\.sequence))
        }
        let sequencer = try log.open()
        let version = UInt64(events.filter { $0.subject == "C-0" }.count)
        let known = try #require(events.first { $0.source == "/test" })
        let answers = try await sequencer.append(
            AppendRequest(events: [
                draft("C-0", expected: version),
                draft(known.subject, type: known.type, id: known.id, data: known.data.jsonText),
            ]))
        #expect(
            answers[1]
                == Acknowledgement(sequence: known.sequence, subjectSequence: known.subjectSequence, isDuplicate: true))
        await sequencer.close()
        try expectConsistent(log)
    }

    @Test func damagedIndexRunsAreMadeAgain() async throws {
        let log = try await manySegments()
        let index = log.directory.appending("index")
        for name in try FileManager.default.contentsOfDirectory(atPath: index.string) {
            var bytes = try log.bytes(of: index.appending(name))
            for position in stride(from: 0, to: bytes.count, by: 97) { bytes[position] ^= 0x10 }
            try log.write(bytes, to: index.appending(name))
        }
        #expect(try log.reader().verify(deep: false).contains { $0.structure == .index })
        let events = try log.reader().allEvents()
        #expect(
            try log.reader().history(of: "C-2").map(\.sequence) == events.filter { $0.subject == "C-2" }.map(\.sequence)
        )
        let sequencer = try log.open()
        let version = UInt64(events.filter { $0.subject == "C-2" }.count)
        _ = try await sequencer.append(AppendRequest(events: [draft("C-2", expected: version)]))
        await sequencer.close(finishRepacking: true)
        try expectConsistent(log)
    }

    @Test func footersThatAreLostAreDoneWithout() async throws {
        let log = try await manySegments()
        let events = try log.reader().allEvents()
        for path in log.segmentPaths.dropLast().prefix(3) {
            var bytes = try log.bytes(of: path)
            bytes[bytes.count - 10] ^= 1
            try log.write(bytes, to: path)
        }
        let reader = try log.reader()
        #expect(try reader.allEvents().map(\.line) == events.map(\.line))
        for subject in ["C-0", "C-5", "C-40"] {
            #expect(
                try reader.history(of: subject).map(\.sequence)
                    == events.filter { $0.subject == subject }.map(\.sequence))
        }
        let findings = try reader.verify(deep: false)
        #expect(findings.count == 3 && findings.allSatisfy { $0.structure == .footer && $0.isDerived })
        // And they stop no appends.
        try await log.append([[draft("C-0")]])
        #expect(try log.reader().head == UInt64(events.count + 1))
    }

    @Test func typeFiltersSkipNothingTheyWant() async throws {
        for repacks in [false, true] {
            let log = try await manySegments(repacks: repacks)
            let reader = try log.reader()
            let events = try reader.allEvents()
            for patterns in [["rare.seen"], ["a.*"], ["b.z", "rare.*"], ["*"], ["none"], []] {
                let filter = TypeFilter(patterns)
                let expected = events.filter { filter.matches($0.type) }.map(\.sequence)
                #expect(try reader.allEvents(types: filter).map(\.sequence) == expected)
                #expect(
                    try reader.allEvents(from: 123, to: 456, types: filter).map(\.sequence)
                        == expected.filter { $0 >= 123 && $0 < 456 })
            }
            var cursor = reader.cursor(from: 0, types: TypeFilter(["none"]))
            #expect(try cursor.nextBatch() == nil)
            #expect(cursor.position == reader.head)
        }
    }

    @Test func rangesStartAndEndAnywhere() async throws {
        let log = try await manySegments(200)
        let reader = try log.reader()
        for (from, to) in [(0, 0), (0, 1), (57, 58), (57, 130), (199, 200), (100, 100)] as [(UInt64, UInt64)] {
            #expect(try reader.allEvents(from: from, to: to).map(\.sequence) == Array(from..<to))
        }
        #expect(try reader.allEvents(from: 150, to: 99_999).count == 50)
    }

    @Test func countsByRecordedTime() async throws {
        let log = try await manySegments(200)
        let reader = try log.reader()
        let events = try reader.allEvents()
        for event in events {
            let expected = events.filter { $0.recordedTime <= event.recordedTime }.count
            #expect(try reader.count(recordedBy: event.recordedTime) == UInt64(expected))
            let before = Instant(microseconds: event.recordedTime.microseconds - 1)
            #expect(try reader.count(recordedBy: before) == UInt64(events.filter { $0.recordedTime <= before }.count))
        }
        #expect(try reader.count(recordedBy: Instant(microseconds: 0)) == 0)
        #expect(try reader.count(recordedBy: Instant(microseconds: .max)) == 200)
    }

    @Test func lineHashesNameTheHistory() async throws {
        let log = try await manySegments(200)
        let reader = try log.reader()
        #expect(try reader.lineHash(before: 0) == [UInt8](repeating: 0, count: 32))
        let starts = reader.segmentStarts
        for start in starts.dropFirst() {
            #expect(try reader.lineHash(before: start) == reader.segment(startingAt: start).header.lineage)
        }
        #expect(Set(try (0...200).map { try reader.lineHash(before: $0) }).count == 201)
    }

    @Test func anArchivedStartIsAnExplicitError() async throws {
        let log = try await manySegments(400)
        let lines = try log.plainLines()
        let paths = log.segmentPaths
        let expected = try log.reader().history(of: "C-3").map(\.sequence)
        for path in paths.prefix(2) { try FileManager.default.removeItem(atPath: path.string) }
        let reader = try log.reader()
        let first = reader.firstSequence
        #expect(first > 0)
        #expect(await caught(LogError.self) { _ = try reader.event(at: first - 1) }?.code == .archived)
        #expect(await caught(LogError.self) { _ = try reader.allEvents(from: 0) }?.code == .archived)
        #expect(try reader.allLines() == Array(lines[Int(first)...]))
        #expect(try reader.history(of: "C-3").map(\.sequence) == expected.filter { $0 >= first })
        #expect(try reader.verify(deep: true) == [])
        try await log.append([[draft("C-3")]])
        #expect(try log.reader().history(of: "C-3").last?.subjectSequence == UInt64(expected.count + 1))
    }

    @Test func thePythonReaderAgrees() async throws {
        let script = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("Tools").appending("read_segment.py")
        for repacks in [false, true] {
            let log = try await manySegments(repacks: repacks)
            let paths = log.segmentPaths.map(\.string)
            let run = try StorageTool.run("python3", [script.string, "check"] + paths)
            #expect(run.status == 0, "\(run.errors)")
            let lines = try StorageTool.run("python3", [script.string, "lines"] + paths)
            #expect(lines.output.split(separator: "\n").map(String.init) == (try log.plainLines()))
            var random = StorageRandom(8)
            for _ in 0..<6 {
                let path = try #require(log.segmentPaths.randomElement(using: &random))
                let bytes = try log.bytes(of: path)
                var broken = bytes
                broken[Int.random(in: broken.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try log.write(broken, to: path)
                let found = try StorageTool.run("python3", [script.string, "check"] + paths)
                #expect(found.status == 1)
                try log.write(bytes, to: path)
            }
        }
    }
}
