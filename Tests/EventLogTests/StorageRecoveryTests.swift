import Foundation
import SystemPackage
import Testing

@testable import EventLog

/// What a crash may leave, made by hand on the files.
@Suite struct StorageRecoveryTests {
    /// A log of three batches, closed as a killed process leaves it, with where the last batch starts.
    private func threeBatches() async throws -> (log: StorageLog, bytes: [UInt8], lastStart: Int) {
        let log = try StorageLog()
        try await log.append([[draft("A", id: "1")], [draft("B", id: "2"), draft("A", id: "3")]])
        let before = try log.bytes(of: log.segmentPaths[0]).count
        try await log.append([[draft("A", id: "4"), draft("C", id: "5")]])
        return (log, try log.bytes(of: log.segmentPaths[0]), before)
    }

    @Test func aTearAtEveryByteOfAnUnpublishedBatchIsCut() async throws {
        let (log, bytes, lastStart) = try await threeBatches()
        let path = log.segmentPaths[0]
        for length in lastStart..<bytes.count {
            try log.write(Array(bytes[..<length]), to: path)
            try log.setHead(3)
            #expect(try log.reader().allEvents().count == 3)
            #expect(try log.reader().verify(deep: true) == [])
            let sequencer = try log.open()
            let answer = try await sequencer.append(AppendRequest(events: [draft("A", id: "4", expected: 2)]))
            #expect(answer == [Acknowledgement(sequence: 3, subjectSequence: 3, isDuplicate: false)])
            await sequencer.close()
            #expect(try log.plainLines().count == 4)
        }
    }

    @Test func aTearWithGarbageInsteadOfAnEndIsCutToo() async throws {
        let (log, bytes, lastStart) = try await threeBatches()
        var random = StorageRandom(3)
        for _ in 0..<40 {
            var torn = bytes
            // As unsynced sectors come back: some of the batch as it was, some of it zeros or noise.
            let start = Int.random(in: lastStart..<bytes.count, using: &random)
            let end = Int.random(in: start..<bytes.count, using: &random)
            for index in start...end {
                torn[index] = Bool.random(using: &random) ? 0 : UInt8.random(in: .min ... .max, using: &random)
            }
            guard torn != bytes else { continue }
            try log.write(torn, to: log.segmentPaths[0])
            try log.setHead(3)
            let sequencer = try log.open()
            await sequencer.close()
            #expect(try log.reader().head == 3)
            #expect(try log.plainLines().count == 3)
        }
    }

    @Test func aWholeBatchPastTheHeadIsPublishedByTheNextWriterOnly() async throws {
        let (log, bytes, _) = try await threeBatches()
        try log.setHead(3)
        #expect(try log.reader().head == 3)
        #expect(try log.reader().allEvents().count == 3)
        #expect(await caught(LogError.self) { _ = try log.reader().event(at: 3) }?.code == .beyondEnd)
        let sequencer = try log.open()
        #expect(try log.reader().head == 5)
        let again = try await sequencer.append(AppendRequest(events: [draft("C", id: "5")]))
        #expect(again == [Acknowledgement(sequence: 4, subjectSequence: 1, isDuplicate: true)])
        await sequencer.close()
        #expect(try log.bytes(of: log.segmentPaths[0]) == bytes)
    }

    @Test func withoutItsHeadTheLogOpensAtItsLastValidBatch() async throws {
        let (log, bytes, lastStart) = try await threeBatches()
        try FileManager.default.removeItem(atPath: log.directory.appending("head").string)
        #expect(try log.reader().head == 5)
        #expect(try log.reader().verify(deep: false).map(\.structure) == [.head])
        try log.write(Array(bytes[..<(lastStart + 20)]), to: log.segmentPaths[0])
        #expect(try log.reader().head == 3)
        let sequencer = try log.open()
        await sequencer.close()
        #expect(try log.reader().head == 3)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func rotBelowTheHeadIsReportedAndStopsAppendsButNotOtherReads() async throws {
        let (log, bytes, lastStart) = try await threeBatches()
        let secondStart = try await StorageRecoveryTests.secondBatch(bytes)
        var random = StorageRandom(5)
        for part in [104..<secondStart, secondStart..<lastStart, lastStart..<bytes.count] {
            for _ in 0..<12 {
                var rotten = bytes
                rotten[Int.random(in: part, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try log.write(rotten, to: log.segmentPaths[0])
                let lost: Range<UInt64> =
                    part.lowerBound == 104 ? 0..<1 : part.lowerBound == secondStart ? 1..<3 : 3..<5
                try await expectRot(log, lost)
                // Nothing was cut.
                #expect(try log.bytes(of: log.segmentPaths[0]) == rotten)
            }
        }
    }

    private func expectRot(_ log: StorageLog, _ lost: Range<UInt64>) async throws {
        let reader = try log.reader()
        let findings = try reader.verify(deep: true)
        #expect(findings.contains { $0.sequences == lost && $0.path == log.segmentPaths[0].string && $0.offset != nil })
        for sequence in UInt64(0)..<5 {
            let error = await caught(LogError.self) { _ = try reader.event(at: sequence) }
            #expect((error?.code == .damaged) == lost.contains(sequence))
            if lost.contains(sequence) { #expect(error?.sequences?.contains(sequence) ?? false) }
        }
        var cursor = reader.cursor(from: 0)
        var read: [UInt64] = []
        var failures = 0
        while true {
            do {
                guard let batch = try cursor.nextBatch() else { break }
                read += batch.map(\.sequence)
            } catch let error as LogError {
                #expect(error.sequences == lost)
                failures += 1
            }
        }
        #expect(failures == 1)
        #expect(read == (0..<5).filter { !lost.contains($0) })
        let sequencer = try log.open()
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft()]))
        }
        #expect(refused?.code == .damaged)
        await sequencer.close()
    }

    private static func secondBatch(_ bytes: [UInt8]) async throws -> Int {
        let head = bytes[104...].withUnsafeBytes {
            BatchDirectory.decodeHead($0, logID: (0..<16).map { UInt8($0 + 1) })
        }
        return 104 + (try #require(head)).totalBytes
    }

    @Test func aFileCutBelowTheHeadIsRot() async throws {
        let (log, bytes, lastStart) = try await threeBatches()
        for length in [lastStart, lastStart + 50, bytes.count - 1] {
            try log.write(Array(bytes[..<length]), to: log.segmentPaths[0])
            try await expectRot(log, 3..<5)
        }
    }

    @Test func aValidBatchBehindADamagedOneMeansRotEvenPastTheHead() async throws {
        let (log, bytes, _) = try await threeBatches()
        let second = try await StorageRecoveryTests.secondBatch(bytes)
        var rotten = bytes
        rotten[second + 30] ^= 1
        try log.write(rotten, to: log.segmentPaths[0])
        try log.setHead(1)
        let sequencer = try log.open()
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft()]))
        }
        #expect(refused?.code == .damaged)
        await sequencer.close()
        #expect(try log.bytes(of: log.segmentPaths[0]) == rotten)
        #expect(try !log.reader().verify(deep: false).isEmpty)
    }

    @Test func aWriterThatEndedInTheMiddleOfARollIsCompleted() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 1_000 }
        var count: UInt64 = 0
        while try log.reader().segmentStarts.last != count || count == 0 {
            try await log.append([[draft("C-\(count)")]])
            count += 1
        }
        // The footer was synced, the next segment not made yet; a temporary file is left over.
        let active = try #require(log.segmentPaths.last)
        try FileManager.default.removeItem(atPath: active.string)
        try log.write([1, 2, 3], to: FilePath(active.string + ".new"))
        #expect(try log.reader().head == count)
        let sequencer = try log.open()
        let answer = try await sequencer.append(AppendRequest(events: [draft("C-0", expected: 1)]))
        #expect(answer.map(\.sequence) == [count])
        await sequencer.close(finishRepacking: true)
        #expect(try log.reader().verify(deep: true) == [])
        #expect(!FileManager.default.fileExists(atPath: active.string + ".new"))
    }

    @Test func aRottenHeaderOfTheActiveSegmentHidesOnlyThatSegment() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 2_000 }
        try await log.append((0..<25).map { [draft("C-\($0 % 4)")] })
        let start = try #require(try log.reader().segmentStarts.last)
        let path = try #require(log.segmentPaths.last)
        var bytes = try log.bytes(of: path)
        bytes[70] ^= 4
        try log.write(bytes, to: path)
        let reader = try log.reader()
        #expect(reader.head == 25)
        #expect(try reader.allEvents(to: start).count == Int(start))
        let error = await caught(LogError.self) { _ = try reader.event(at: start) }
        #expect(error?.code == .damaged && error?.sequences == start..<25)
        #expect(await caught(LogError.self) { _ = try reader.allEvents() }?.sequences == start..<25)
        #expect(await caught(LogError.self) { _ = try reader.history(of: "C-1") }?.code == .damaged)
        #expect(try reader.verify(deep: false).contains { $0.structure == .header && $0.sequences == start..<25 })
        #expect(await caught(LogError.self) { _ = try log.open() }?.code == .damaged)
    }

    @Test func roomMadeAheadIsNoDamage() async throws {
        let log = try StorageLog { $0.spaceBytes = 5_000 }
        let sequencer = try log.open()
        for number in 0..<40 {
            _ = try await sequencer.append(AppendRequest(events: [draft("C-\(number % 3)")]))
            // A crash now would leave this file.
            let copy = try log.bytes(of: log.segmentPaths[0])
            let other = try StorageLog { $0.spaceBytes = 0 }
            try other.write(copy, to: other.segmentPaths[0])
            #expect(try other.plainLines().count == number + 1)
            if number % 8 == 7 {
                try other.setHead(UInt64(number + 1))
                #expect(try other.reader().verify(deep: true) == [])
                let next = try other.open()
                let answer = try await next.append(AppendRequest(events: [draft("new")]))
                #expect(answer[0].sequence == UInt64(number + 1))
                await next.close()
                #expect(try other.plainLines().count == number + 2)
            }
        }
        await sequencer.close()
        #expect(try log.reader().verify(deep: true) == [])
    }
}
