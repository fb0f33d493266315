import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import EventLog

/// What readers do with footers that rot, change or go, and with segments that go: never a wrong or missing event.
@Suite struct StorageReaderMendTests {
    /// One event a request, of these subjects in turn.
    private func log(_ subjects: [String], files: any FileLayer = SystemFiles()) async throws -> StorageLog {
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 1_200
                $0.repacks = false
            }, files: files)
        try await log.append(subjects.enumerated().map { [draft($1, id: "\($0)")] })
        return log
    }

    @Test func lostPostingsLeadToEveryEarlierSegment() async throws {
        let others = (0..<40).map { "B-\($0 % 3)" }
        let log = try await log(["A"] + others + ["A"] + others)
        let reader = try log.reader()
        let holder = try #require(reader.segmentStarts.last { $0 <= 41 })
        let position = try #require(reader.segmentStarts.firstIndex(of: holder))
        // Between the two there are segments that never heard of the subject.
        #expect(position > 2 && position < reader.segmentStarts.count - 1)
        let path = log.segmentPaths[position]
        var bytes = try log.bytes(of: path)
        bytes[bytes.count - 10] ^= 1
        try log.write(bytes, to: path)
        #expect(try log.reader().history(of: "A").map(\.sequence) == [0, 41])
    }

    @Test func postingsWithoutTheirFrameTableAreNotUsed() async throws {
        let log = try StorageLog {
            $0.segmentBytesMax = 300_000
            $0.repacks = false
        }
        let filler = String(repeating: "x", count: 3_000)
        try await log.append(
            (0..<110).map { [draft("C-\($0)", id: "\($0)", data: "{\"t\":\"\(filler)\($0)\"}")] })
        let first = try log.reader()
        #expect(first.segmentStarts.count == 2)
        let segment = try first.segment(startingAt: 0)
        let footer = try #require(segment.footer)
        let spans = try segment.withTally(upTo: footer.endSequence) { $0.spans }
        #expect(spans.count > 3)
        let section = try #require(footer.section(SegmentFooter.Name.frames))
        var bytes = try log.bytes(of: log.segmentPaths[0])
        bytes[Int(section.offset)] ^= 1
        // With a gap in the second span the spans that are walked have other numbers than the footer's.
        for position in 20..<60 { bytes[Int(spans[1].offset) + position] ^= 1 }
        try log.write(bytes, to: log.segmentPaths[0])
        for number in stride(from: UInt64(0), to: footer.endSequence, by: 9) {
            let reader = try log.reader()
            var found: [UInt64]?
            let error = await caught(LogError.self) {
                found = try reader.history(of: "C-\(number)").map(\.sequence)
            }
            #expect(found == [number] || error?.code == .damaged)
        }
    }

    @Test func whatWasReadAheadOfAnActiveSegmentIsReadAgain() async throws {
        let log = try StorageLog()
        try await log.append([[draft("A")]])
        let segment = try OpenSegment(log.segmentPaths[0], first: 0, files: SystemFiles())
        let size = try segment.file.size()
        func ahead() throws -> [UInt8] { try segment.withScanner { try $0.bytes(at: size - 4, count: 12) } }
        var bytes = try log.bytes(of: log.segmentPaths[0])
        try log.write(bytes + [1, 2, 3, 4, 5, 6, 7, 8], to: log.segmentPaths[0])
        #expect(try ahead().suffix(8) == [1, 2, 3, 4, 5, 6, 7, 8])
        // The batch was taken back, and another one is in its place.
        bytes += [9, 9, 9, 9, 9, 9, 9, 9]
        try log.write(bytes, to: log.segmentPaths[0])
        #expect(try ahead().suffix(8) == [9, 9, 9, 9, 9, 9, 9, 9])
    }

    @Test func aFooterThatWasTakenAwayAgainIsForgotten() async throws {
        let files = HookedFiles()
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 1_000
                $0.repacks = false
            }, files: files)
        let sequencer = try log.open()
        let reader = Mutex<LogReader?>(nil)
        let directory = log.directory
        files.set { hooks in
            hooks.rename = { (from, _) throws(FileError) in
                // The footer is there, the next segment is not, and will not be.
                reader.withLock { reader in
                    if reader == nil { reader = try? LogReader.open(directory) }
                    _ = try? reader?.event(at: 0)
                }
                throw FileError(operation: "rename", path: from, number: Errno.ioError.rawValue)
            }
        }
        for number in 0..<20 { _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "\(number)")])) }
        await sequencer.close()
        files.set { $0.rename = nil }
        let old = try #require(reader.withLock { $0 })
        #expect(try old.segment(startingAt: 0).footer != nil)
        for sequence in UInt64(0)..<20 { #expect(try old.event(at: sequence).sequence == sequence) }
        #expect(try old.history(of: "A").count == 20)
        #expect(try old.allEvents().count == 20)
    }

    @Test func aSegmentThatWasArchivedMeanwhileIsSaidToBe() async throws {
        let log = try await log((0..<40).map { "C-\($0 % 3)" })
        let reader = try log.reader()
        let cursors = try log.reader()
        let next = reader.segmentStarts[1]
        try FileManager.default.removeItem(atPath: log.segmentPaths[0].string)
        #expect(await caught(LogError.self) { _ = try reader.event(at: 0) }?.code == .archived)
        #expect(reader.firstSequence == next)
        var cursor = cursors.cursor(from: 0)
        #expect(await caught(LogError.self) { _ = try cursor.nextBatch() }?.code == .archived)
        #expect(try reader.event(at: next).sequence == next)
    }

    @Test func anIdThatTheIndexLostIsFound() async throws {
        let log = try await log((0..<40).map { "C-\($0 % 3)" })
        let reader = try log.reader()
        #expect(try reader.verify(deep: true) == [])
        // An index that knows every subject and no id.
        let starts = reader.segmentStarts
        let end = try #require(starts.last)
        let entries = (0..<end).map { sequence in
            SubjectEntry(
                reader.hash.subject("C-\(sequence % 3)"), lastSequence: sequence, version: sequence / 3 + 1,
                newestSegment: starts.last { $0 <= sequence } ?? 0)
        }
        let folder = log.directory.appending("index")
        try FileManager.default.removeItem(atPath: folder.string)
        let index = try LogIndex.open(directory: folder, logID: reader.identity.bytes, role: .writer)
        try index.addRun(from: 0, to: end, ids: [], subjects: entries)
        let findings = try log.reader().verify(deep: true)
        #expect(!findings.isEmpty && findings.allSatisfy { $0.structure == .index && $0.isDerived })
        #expect(try log.reader().verify(deep: false) == [])
    }

    @Test func aDamagedIndexHidesNoId() async throws {
        let log = try await log((0..<40).map { "C-\($0 % 3)" })
        let index = log.directory.appending("index")
        let reader = try log.reader()
        for name in try FileManager.default.contentsOfDirectory(atPath: index.string) {
            var bytes = try log.bytes(of: index.appending(name))
            for position in 256..<bytes.count { bytes[position] ^= 0x55 }
            try log.write(bytes, to: index.appending(name))
        }
        for number in stride(from: UInt64(0), to: 40, by: 7) {
            #expect(try reader.sequence(source: "/test", id: "\(number)") == number)
        }
        #expect(try reader.sequence(source: "/test", id: "none") == nil)
    }

    @Test func errorsOfTheSystemNameAMend() {
        for number in [Errno.ioError, .noSuchFileOrDirectory, .tooManyOpenFiles, .noSpace, .permissionDenied] {
            let error = LogError(FileError(operation: "read", path: "log", number: number.rawValue))
            #expect(error.message.contains(";"))
            #expect(error.description.hasPrefix("log: "))
        }
    }
}
