import Foundation
import SystemPackage
import Testing

@testable import EventLog

/// Opening while the newest closed segments have no index run: they are held in memory, and nothing is taken for new
/// that is not.
@Suite struct StorageOpeningTests {
    private static func events(_ request: Int) -> [EventDraft] {
        (0..<4).map { draft("C-\((request * 4 + $0) % 7)", id: "id-\(request)-\($0)") }
    }

    /// Small segments, all indexed, as they stand once the writer has closed.
    private func log(_ requests: Int, files: any FileLayer = SystemFiles()) async throws -> StorageLog {
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 4 << 10
                $0.repacks = false
            }, files: files)
        try await log.append((0..<requests).map(Self.events))
        return log
    }

    private func runs(of log: StorageLog) throws -> [FilePath] {
        let folder = log.directory.appending("index")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string)
        return names.filter { RunHeader.range(ofName: $0) != nil }.sorted().map { folder.appending($0) }
    }

    private func coveredTo(_ log: StorageLog) throws -> UInt64 {
        let reader = try log.reader()
        return try LogIndex.open(directory: log.directory.appending("index"), logID: reader.identity.bytes).coveredTo
    }

    @Test(arguments: 0..<9)
    func whatHasNoRunIsKnownAllTheSame(missing: Int) async throws {
        let log = try await log(60)
        let starts = try log.reader().segmentStarts
        try #require(starts.count > 6)
        // As if the writer had been killed before it made the runs of the last segments: the log reaches further.
        let index = log.directory.appending("index")
        try FileManager.default.removeItem(atPath: index.string)
        let kept = starts.count - 1 - min(missing, starts.count - 1)
        if kept > 0 {
            let builder = IndexBuilder(
                paths: LogPaths(directory: log.directory), files: log.files, identity: try log.reader().identity)
            let part = try LogIndex.open(directory: index, logID: builder.identity.bytes, role: .writer)
            _ = try builder.fill(part, upTo: starts[kept])
        }
        let sequencer = try log.open()
        let held = min(missing, log.options.closedSegmentsMax)
        #expect(sequencer.opening.segmentsRead == Array(starts.suffix(held + 1)))
        for request in 0..<60 {
            let answers = try await sequencer.append(AppendRequest(events: Self.events(request)))
            #expect(answers.map(\.sequence) == (0..<4).map { UInt64(request * 4 + $0) })
            #expect(answers.map(\.isDuplicate) == [true, true, true, true])
        }
        let known = UInt64(240 / 7 + (240 % 7 > 3 ? 1 : 0))
        let next = try await sequencer.append(AppendRequest(events: [draft("C-3", id: "new", expected: known)]))
        #expect(next == [Acknowledgement(sequence: 240, subjectSequence: known + 1, isDuplicate: false)])
        await sequencer.close()
        // Closing has made the runs, so the next opening has nothing to read again.
        #expect(try coveredTo(log) == starts.last)
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func segmentsWhoseRunsCannotBeWrittenAreHeldAgain() async throws {
        let files = HookedFiles()
        files.failIndex()
        let log = try await log(24, files: files)
        #expect(try runs(of: log).isEmpty)
        let starts = try log.reader().segmentStarts
        try #require(starts.count > 2 && starts.count <= log.options.closedSegmentsMax + 1)
        let sequencer = try log.open()
        #expect(sequencer.opening.segmentsRead == starts)
        let answers = try await sequencer.append(AppendRequest(events: Self.events(3)))
        #expect(answers.map(\.isDuplicate) == [true, true, true, true])
        files.set { $0.open = nil }
        await sequencer.close()
        #expect(try coveredTo(log) == starts.last)
    }

    @Test func aHeldSegmentWithADamagedBatchGetsItsRunAtOnce() async throws {
        let log = try await log(60)
        let starts = try log.reader().segmentStarts
        for path in try runs(of: log) { try FileManager.default.removeItem(atPath: path.string) }
        let path = log.segmentPaths[starts.count - 3]
        var bytes = try log.bytes(of: path)
        bytes[300] ^= 1
        try log.write(bytes, to: path)
        let sequencer = try log.open()
        // Only what is newer than the damage is held.
        #expect(sequencer.opening.segmentsRead == Array(starts.suffix(2)))
        await sequencer.close()
        #expect(try runs(of: log).count > 1)
    }

    @Test func aClosedSegmentIsIndexedInTheMidstOfARepacking() async throws {
        let files = HookedFiles()
        let log = try await log(20, files: files)
        var options = log.options
        options.repacks = true
        let sequencer = try StepwiseSequencer.open(
            log.directory, options: options, files: log.files, clock: { log.clock.now })
        while sequencer.nextJob == .merge { sequencer.maintain() }
        #expect(sequencer.nextJob == .repack)
        let closed = Monitor((requests: 0, indexed: false))
        let start = try #require(try log.reader().segmentStarts.last)
        let unchecked = UncheckedSequencer(sequencer)
        files.set { hooks in
            hooks.open = { (path, mode) throws(FileError) in
                guard case .create = mode else { return }
                if path.string.hasSuffix(".new"), closed.withLock({ $0.requests }) == 0 {
                    // The repacking has begun: the writer goes on and closes the active segment.
                    for request in 20..<40 {
                        closed.withLock { $0.requests += 1 }
                        unchecked.commit(Self.events(request))
                        if (try? log.reader().segmentStarts.last) != start { break }
                    }
                }
                let isIndex = path.string.contains("/index/")
                if isIndex { closed.withLock { $0.indexed = true } }
            }
            hooks.rename = { (_, to) throws(FileError) in
                // By the time the repacked file takes its place the run is there.
                if to.string.hasSuffix(".lz4"), to.string.contains("/00000000000000000000.lz4") {
                    #expect(closed.withLock { $0.indexed })
                }
            }
        }
        sequencer.maintain()
        #expect(closed.withLock { $0.indexed })
        #expect(sequencer.nextJob != .index)
        files.set { hooks in (hooks.open, hooks.rename) = (nil, nil) }
        sequencer.close()
        #expect(try log.reader().verify(deep: true) == [])
    }
}

/// Used by one thread only, through hooks that must be sendable.
private struct UncheckedSequencer: @unchecked Sendable {
    private let sequencer: StepwiseSequencer
    init(_ sequencer: StepwiseSequencer) { self.sequencer = sequencer }
    func commit(_ events: [EventDraft]) { sequencer.commit([AppendRequest(events: events)]) { _, _ in } }
}
