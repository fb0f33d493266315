import Foundation
import SystemPackage
import Testing

@testable import EventLog

@Suite struct StorageReaderTests {
    /// Readers in the same process see everything once, in order, while segments roll and are repacked under them.
    @Test func tailsMissNothingAndRepeatNothing() async throws {
        let log = try StorageLog {
            $0.segmentBytesMax = 8_000
            $0.repackFrameBytes = 2_000
            $0.spaceBytes = 3_000
        }
        let total: UInt64 = 900
        let early = try log.reader()
        let tails = try (0..<3).map { number in
            let reader = number == 0 ? early : try log.reader()
            return onThread { try Self.tail(reader, until: total, oneCursor: number == 1) }
        }
        let sequencer = try log.open()
        for number in 0..<total { _ = try await sequencer.append(AppendRequest(events: [draft("C-\(number % 9)")])) }
        for tail in tails { #expect(try await tail.value == (0..<total).map { "\($0)" }) }
        await sequencer.close(finishRepacking: true)
        #expect(sequencer.backgroundProblems == [])
        // A reader that has had files open since before they were repacked.
        #expect(try early.allEvents().count == Int(total))
        #expect(try early.history(of: "C-4").count == 100)
        #expect(try early.verify(deep: true) == [])
    }

    private static func tail(_ reader: LogReader, until end: UInt64, oneCursor: Bool) throws -> [String] {
        var ids: [String] = []
        var next: UInt64 = 0
        while next < end {
            guard reader.wait(past: next, timeout: .seconds(900)) else { break }
            var cursor = reader.cursor(from: next)
            while let batch = try cursor.nextBatch() {
                ids += batch.map(\.id)
                if batch.endSequence > reader.head && !oneCursor { Issue.record("read past the head") }
                next = batch.endSequence
            }
        }
        return ids
    }

    @Test func aTailInAnotherProcessIsWoken() async throws {
        let log = try StorageLog()
        let reader = try log.reader()
        #expect(!reader.wait(past: 0, timeout: .milliseconds(1)))
        let woken = onThread { reader.wait(past: 0, timeout: .seconds(900)) }
        try await log.append([[draft()]])
        #expect(try await woken.value)
        #expect(reader.wait(past: 0, timeout: .zero))
    }

    @Test func aLogRestoredFromAnotherHistoryHasOtherLineHashes() async throws {
        let log = try StorageLog()
        try await log.append([[draft("A")], [draft("B")]])
        let other = try StorageLog()
        try await other.append([[draft("A")], [draft("X")]])
        #expect(try log.reader().lineHash(before: 1) == other.reader().lineHash(before: 1))
        #expect(try log.reader().lineHash(before: 2) != other.reader().lineHash(before: 2))
        #expect(try log.reader().identity == other.reader().identity)
    }

    @Test func segmentsOfAnotherLogAreNoticed() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 2_000 }
        try await log.append((0..<30).map { _ in [draft()] })
        let stranger = try StorageLog {
            $0.segmentBytesMax = 2_000
            $0.logID = [UInt8](repeating: 7, count: 16)
        }
        try await stranger.append((0..<30).map { _ in [draft()] })
        let path = log.segmentPaths[1]
        try log.write(try stranger.bytes(of: stranger.segmentPaths[1]), to: path)
        let reader = try log.reader()
        #expect(await caught(LogError.self) { _ = try reader.allEvents() }?.code == .damaged)
        #expect(try reader.verify(deep: false).contains { $0.path == path.string })
    }

    /// Whatever bit flips in a log's files: what is read is right, or an error.
    @Test(arguments: [false, true]) func everySampledBitFlipIsFoundOrHarmless(repacks: Bool) async throws {
        let log = try StorageLog {
            $0.segmentBytesMax = 6_000
            $0.repackFrameBytes = 1_500
            $0.repacks = repacks
        }
        try await log.append((0..<60).map { [draft("C-\($0 % 5)", id: "i\($0)")] })
        let lines = try log.reader().allLines()
        var random = StorageRandom(repacks ? 21 : 22)
        for path in log.segmentPaths {
            let bytes = try log.bytes(of: path)
            for _ in 0..<15 {
                let index = Int.random(in: bytes.indices, using: &random)
                var broken = bytes
                broken[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try log.write(broken, to: path)
                try check(log, lines, "byte \(index) of \(path)")
            }
            try log.write(bytes, to: path)
        }
    }

    private func check(_ log: StorageLog, _ lines: [String], _ place: String) throws {
        let reader: LogReader
        do { reader = try log.reader() } catch is LogError { return }
        let findings = try reader.verify(deep: true)
        #expect(!findings.isEmpty, "unnoticed: \(place)")
        do {
            #expect(try reader.allLines() == lines, "wrong lines: \(place)")
        } catch let error as LogError {
            #expect(error.code == .damaged)
            #expect(findings.contains { $0.sequences != nil })
        }
        for subject in 0..<5 {
            let expected = (0..<12).map { UInt64($0 * 5 + subject) }
            do {
                #expect(try reader.history(of: "C-\(subject)").map(\.sequence) == expected, "wrong history: \(place)")
            } catch let error as LogError {
                #expect(error.code == .damaged)
            }
        }
    }
}
