import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import EventLog

/// What a writer does when the folder, the disk or another writer behave badly: nothing acknowledged is lost,
/// overwritten, stored twice or counted wrongly.
@Suite struct StorageWriterMendTests {
    /// A log of small segments: event n has id "n" and subject C-(n mod 4).
    private func segments(
        _ count: Int = 30, files: any FileLayer = SystemFiles(), _ change: (inout LogOptions) -> Void = { _ in }
    ) async throws -> StorageLog {
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 2_000
                change(&$0)
            }, files: files)
        try await log.append((0..<count).map { [draft("C-\($0 % 4)", id: "\($0)")] })
        return log
    }

    @Test func segmentsOfAWriterBeforeTheLockWasTakenAreSeen() async throws {
        let files = HookedFiles()
        let log = try await segments(33, files: files)
        let newest = try #require(log.segmentPaths.last?.lastComponent?.string)
        files.set {
            // Until the lock is there, the last segment is still to come.
            $0.list = { names in names.filter { $0 != newest } }
            $0.lock = { [files] in files.set { $0.list = nil } }
        }
        let sequencer = try log.open()
        let answer = try await sequencer.append(AppendRequest(events: [draft("C-0", id: "new")]))
        #expect(answer.map(\.sequence) == [33])
        await sequencer.close()
        #expect(try log.reader().allEvents().count == 34)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aSegmentIsNeverMadeOverAnother() async throws {
        let log = try await segments()
        let reader = try log.reader()
        let path = log.segmentPaths[1]
        let first = reader.segmentStarts[1]
        let before = try log.bytes(of: path)
        let header = try reader.segment(startingAt: first).header
        let error = await caught(FileError.self) {
            try SegmentWriter.makeSegment(
                header, paths: LogPaths(directory: log.directory), files: SystemFiles())
        }
        #expect(error?.number == Errno.fileExists.rawValue)
        #expect(try log.bytes(of: path) == before)
    }

    @Test func aMissingLastSegmentIsDamageAndLowersNoHead() async throws {
        let log = try await segments(33)
        let start = try #require(try log.reader().segmentStarts.last)
        #expect(start < 33)
        try FileManager.default.removeItem(atPath: log.segmentPaths.last?.string ?? "")
        let sequencer = try log.open()
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("C-0")]))
        }
        #expect(refused?.code == .damaged)
        await sequencer.close()
        #expect(try log.reader().head == 33)
        #expect(try log.reader().verify(deep: false).contains { $0.sequences == start..<33 })
    }

    @Test func anIndexWithAHoleRefusesInsteadOfStoringTwice() async throws {
        let files = HookedFiles()
        let log = try await segments(40, files: files)
        let sequencer = try log.open()
        let index = log.directory.appending("index")
        for name in try FileManager.default.contentsOfDirectory(atPath: index.string) {
            var bytes = try log.bytes(of: index.appending(name))
            for position in 256..<bytes.count { bytes[position] ^= 0x55 }
            try log.write(bytes, to: index.appending(name))
        }
        files.failIndex()
        let again = AppendRequest(events: [draft("C-1", id: "1")])
        for _ in 0..<3 {
            let refused = await caught(AppendError.self) { _ = try await sequencer.append(again) }
            #expect(refused?.code == .noSpace || refused?.code == .damaged)
        }
        files.set { $0.open = nil }
        let answer = try await sequencer.append(again)
        #expect(answer == [Acknowledgement(sequence: 1, subjectSequence: 1, isDuplicate: true)])
        let next = try await sequencer.append(AppendRequest(events: [draft("C-1", expected: 10)]))
        #expect(next.map(\.sequence) == [40])
        await sequencer.close()
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aRunThatFailedIsMadeBeforeLaterOnes() async throws {
        let files = HookedFiles()
        let log = try StorageLog({ $0.segmentBytesMax = 1_500 }, files: files)
        let sequencer = try log.open()
        files.failIndex(1)
        for number in UInt64(1)...60 {
            let answer = try await sequencer.append(AppendRequest(events: [draft("A", id: "\(number)")]))
            #expect(answer.map(\.subjectSequence) == [number])
            // So that the background comes to its turn between the rolls.
            while sequencer.backgroundProblems.isEmpty, log.segmentPaths.count == 2 { await Task.yield() }
        }
        #expect(sequencer.backgroundProblems.count == 1)
        await sequencer.close(finishRepacking: true)
        let reader = try log.reader()
        #expect(reader.index.coveredTo == reader.segmentStarts.last)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func anIndexThatCannotBeWrittenStopsAppendsAndHangsNothing() async throws {
        let files = HookedFiles()
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 1_000
                $0.closedSegmentsMax = 2
            }, files: files)
        let sequencer = try log.open()
        files.failIndex()
        var stored = 0
        var refused: AppendError?
        while refused == nil {
            refused = await caught(AppendError.self) {
                _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "\(stored)")]))
            }
            if refused == nil { stored += 1 }
            if stored > 200 { break }
        }
        #expect(refused?.code == .noSpace)
        for _ in 0..<40 { _ = try? await sequencer.append(AppendRequest(events: [draft("A", id: "x")])) }
        #expect(sequencer.backgroundProblems.count <= 20)
        files.set { $0.open = nil }
        var answer: [Acknowledgement]?
        while answer == nil { answer = try? await sequencer.append(AppendRequest(events: [draft("A", id: "y")])) }
        #expect(answer?.map(\.subjectSequence) == [UInt64(stored + 1)])
        await sequencer.close(finishRepacking: true)
        #expect(try log.reader().allEvents().count == stored + 1)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func anIndexNewerThanTheSegmentsIsNotBelieved() async throws {
        let log = try await segments(30)
        let kept = log.folder.appending("kept")
        try FileManager.default.copyItem(atPath: log.directory.string, toPath: kept.string)
        try await log.append((30..<90).map { [draft("C-\($0 % 4)", id: "\($0)")] })
        // The segments of the copy beside the newer index.
        let index = kept.appending("index").string
        try FileManager.default.removeItem(atPath: index)
        try FileManager.default.copyItem(atPath: log.directory.appending("index").string, toPath: index)
        try FileManager.default.removeItem(atPath: log.directory.string)
        try FileManager.default.moveItem(atPath: kept.string, toPath: log.directory.string)
        let sequencer = try log.open()
        let drafts = [draft("C-2", id: "80"), draft("C-3", id: "7")]
        let answers = try await sequencer.append(AppendRequest(events: drafts))
        #expect(answers[0] == Acknowledgement(sequence: 30, subjectSequence: 8, isDuplicate: false))
        #expect(answers[1] == Acknowledgement(sequence: 7, subjectSequence: 2, isDuplicate: true))
        await sequencer.close()
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aDamagedBatchWithoutIndexKeepsVersionsAndIsIndexedOnceRestored() async throws {
        let log = try await segments(30) { $0.repacks = false }
        let path = log.segmentPaths[1]
        let reader = try log.reader()
        let start = reader.segmentStarts[1]
        let end = reader.segmentStarts[2]
        // The subject's newest event is the closed segment's last, and in that batch nothing can be read.
        try await log.append([[draft("C-9", id: "last")]])
        let whole = try log.bytes(of: path)
        let span = try reader.segment(startingAt: start).withTally(upTo: end) { $0.spans[0] }
        var rotten = whole
        for position in stride(from: Int(span.offset), to: Int(span.offset + span.bytes), by: 7) {
            rotten[position] ^= 1
        }
        try log.write(rotten, to: path)
        // Only what came before, and in, the rotten segment is left.
        for later in log.segmentPaths[3...] { try FileManager.default.removeItem(atPath: later.string) }
        let head = try log.reader().segmentStarts[2]
        try log.setHead(head)
        var active = try log.bytes(of: log.segmentPaths[2])
        active.removeSubrange(SegmentHeader.frameBytes...)
        try log.write(active, to: log.segmentPaths[2])
        try FileManager.default.removeItem(atPath: log.directory.appending("index").string)
        let sequencer = try log.open()
        for subject in UInt64(0)..<4 {
            let version = (0..<head).reduce(UInt64(0)) { $0 + ($1 % 4 == subject ? 1 : 0) }
            let answer = try await sequencer.append(AppendRequest(events: [draft("C-\(subject)", expected: version)]))
            #expect(answer.map(\.subjectSequence) == [version + 1])
        }
        // Which ids were used in the batch nobody knows.
        let repeated = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("C-0", id: "\(start)")]))
        }
        #expect(repeated?.code == .damaged)
        await sequencer.close()
        try log.write(whole, to: path)
        await (try log.open()).close()
        #expect(try log.reader().verify(deep: true) == [])
        #expect(try log.reader().sequence(source: "/test", id: "\(start)") == start)
    }

    @Test(.timeLimit(.minutes(10))) func acknowledgementsDoNotWaitForARoll() async throws {
        let files = HookedFiles()
        let log = try StorageLog({ $0.segmentBytesMax = 500 }, files: files)
        let sequencer = try log.open()
        let gate = Monitor(false)
        files.set { $0.rename = { _, to in if to.string.hasSuffix(".lz4") { gate.wait { $0 ? () : nil } } } }
        let answer = try await sequencer.append(
            AppendRequest(events: (0..<8).map { draft("A", id: "\($0)") }))
        #expect(answer.count == 8)
        gate.withLock(wakes: true) { $0 = true }
        await sequencer.close()
        #expect(log.segmentPaths.count == 2)
    }

    @Test func aFailedSyncWhileClosingASegmentStopsTheWriter() async throws {
        let files = HookedFiles()
        let log = try StorageLog({ $0.segmentBytesMax = 1_000 }, files: files)
        let sequencer = try log.open()
        let syncs = Monitor(0)
        files.set { hooks in
            hooks.sync = { (path) throws(FileError) in
                guard path.string.hasSuffix(".lz4") else { return }
                let number = syncs.withLock { count -> Int in
                    count += 1
                    return count
                }
                // The first is the batch's, the second the footer's.
                if number == 2 {
                    throw FileError(operation: "fdatasync", path: path, number: Errno.ioError.rawValue)
                }
            }
        }
        let stored = try await sequencer.append(
            AppendRequest(events: (0..<8).map { draft("A", id: "\($0)") }))
        #expect(stored.count == 8)
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "8")]))
        }
        #expect(refused?.code == .closed)
        await sequencer.close()
        files.set { $0.sync = nil }
        try await log.append([[draft("A", id: "8", expected: 8)]])
        #expect(try log.reader().allEvents().count == 9)
        #expect(try log.reader().verify(deep: true) == [])
    }

    /// A log whose last segment has a footer and no successor: a writer ended in the middle of a roll.
    private func cutInARoll() async throws -> (StorageLog, UInt64) {
        let log = try StorageLog {
            $0.segmentBytesMax = 1_000
            $0.repacks = false
        }
        var count: UInt64 = 0
        while try log.reader().segmentStarts.last != count || count == 0 {
            try await log.append([[draft("C-\(count)", id: "\(count)")]])
            count += 1
        }
        try FileManager.default.removeItem(atPath: try #require(log.segmentPaths.last).string)
        return (log, count)
    }

    @Test func aFooterThatIsNotWholeIsWrittenAgain() async throws {
        for name in [SegmentFooter.Name.types, SegmentFooter.Name.frames, SegmentFooter.Name.subjects] {
            let (log, count) = try await cutInARoll()
            let path = try #require(log.segmentPaths.last)
            var bytes = try log.bytes(of: path)
            let reader = try log.reader()
            let footer = try #require(try reader.segment(startingAt: reader.segmentStarts.last ?? 0).footer)
            let section = try #require(footer.section(name))
            for position in section.offset..<(section.offset + section.storedBytes) { bytes[Int(position)] = 0 }
            try log.write(bytes, to: path)
            try await log.append([[draft("C-0", expected: 1)]])
            #expect(try log.reader().allEvents().count == Int(count) + 1)
            #expect(try log.reader().verify(deep: true) == [])
        }
    }

    @Test func aRunThatFailsWhileOpeningIsMadeLater() async throws {
        let (log, count) = try await cutInARoll()
        let files = HookedFiles()
        try FileManager.default.removeItem(atPath: log.directory.appending("index").string)
        // The runs of earlier segments are made first; that of the segment just closed is not.
        let earlier = try log.reader().segmentStarts.count - 1
        let made = Monitor(0)
        files.set { hooks in
            hooks.open = { (path, mode) throws(FileError) in
                guard case .create = mode, path.string.contains("/index/") else { return }
                let number = made.withLock { count -> Int in
                    count += 1
                    return count
                }
                if number == earlier + 1 {
                    throw FileError(operation: "open", path: path, number: Errno.noSpace.rawValue)
                }
            }
        }
        let clock = log.clock
        let sequencer = try LocalSequencer.open(log.directory, options: log.options, files: files) { clock.now }
        let answers = try await sequencer.append(
            AppendRequest(events: [draft("C-\(count - 1)", id: "\(count - 1)"), draft("C-0", expected: 1)]))
        #expect(answers.map(\.isDuplicate) == [true, false])
        await sequencer.close(finishRepacking: true)
        #expect(made.withLock { $0 } > earlier)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aWholeBatchAtAWrongPlaceIsRotAndNotCut() async throws {
        let log = try StorageLog()
        try await log.append([[draft("A", id: "1")]])
        let start = try log.bytes(of: log.segmentPaths[0]).count
        try await log.append([[draft("A", id: "2")]])
        let bytes = try log.bytes(of: log.segmentPaths[0])
        let moved = Array(bytes[..<start]) + [UInt8](repeating: 7, count: 40) + bytes[start...]
        try log.write(moved, to: log.segmentPaths[0])
        try log.setHead(1)
        let sequencer = try log.open()
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft()]))
        }
        #expect(refused?.code == .damaged)
        await sequencer.close()
        #expect(try log.bytes(of: log.segmentPaths[0]) == moved)
    }

    @Test func twoThatMakeALogAtOnceMakeOne() async throws {
        let folder = FilePath(NSTemporaryDirectory()).appending("create-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let directory = folder.appending("log")
        let files = HookedFiles()
        files.set { $0.lock = { _ = try? EventLog.create(at: directory) } }
        let error = await caught(LogError.self) {
            _ = try EventLog.create(at: directory, options: LogOptions(), files: files)
        }
        #expect(error?.code == .alreadyALog)
        #expect(try LogReader.open(directory).head == 0)
    }

    @Test func aWriteThatWritesNothingIsAnError() async throws {
        final class Stuck: OpenFile {
            let path: FilePath = "stuck"
            func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int { 0 }
            func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int { 0 }
            func sync() {}
            func truncate(to size: UInt64) {}
            func size() -> UInt64 { 0 }
            func isLinked() -> Bool { true }
            func forget(from offset: UInt64, count: UInt64) {}
        }
        let error = await caught(FileError.self) { try Stuck().writeFully([1], at: 0) }
        #expect(error?.number == Errno.ioError.rawValue)
    }

    @Test func idsOfAnArchivedPartAreNotTakenAgain() async throws {
        let log = try await segments(33)
        let reader = try log.reader()
        let first = reader.segmentStarts[1]
        try FileManager.default.removeItem(atPath: log.segmentPaths[0].string)
        let sequencer = try log.open()
        let refused = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("C-1", id: "1")]))
        }
        #expect(refused?.code == .idConflict(sequence: 1))
        let answers = try await sequencer.append(
            AppendRequest(events: [draft("C-\(first % 4)", id: "\(first)"), draft("C-0", id: "fresh")]))
        #expect(answers.map(\.sequence) == [first, 33])
        await sequencer.close()
    }

    @Test func idsThatTheLogWillGiveAreRefused() async throws {
        let log = try StorageLog()
        let sequencer = try log.open()
        let early = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "2", source: "touchline:")]))
        }
        #expect(early?.code == .invalidEvent)
        let inside = await caught(AppendError.self) {
            _ = try await sequencer.append(
                AppendRequest(events: [draft("A"), draft("A", id: "0", source: "touchline:")]))
        }
        #expect(inside?.code == .invalidEvent)
        for sequence in UInt64(0)..<3 {
            let answer = try await sequencer.append(AppendRequest(events: [draft("A")]))
            #expect(answer.map(\.sequence) == [sequence])
        }
        await sequencer.close()
        #expect(Set(try log.reader().allEvents().map { $0.source + $0.id }).count == 3)
    }
}
