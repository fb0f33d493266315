import Foundation
import RotTable
import Synchronization
import SystemPackage
import Testing

@testable import EventLog

/// Repairs of more than one flipped bit, interrupted ones, and gaps where they hurt most.
@Suite struct RepairTests {
    private static let now = Instant(microseconds: 1_800_000_000_000_000)

    private func stretch(_ row: String, of log: SampleLog, last: Bool = false) throws -> Stretch {
        let all = Structures(of: log).stretches.filter { $0.row == row }
        return try #require(last ? all.last : all.first)
    }

    private func lines(_ files: any FileLayer) throws -> [UInt64: [UInt8]] {
        var lines: [UInt64: [UInt8]] = [:]
        let reader = try LogReader.open(SampleLog.directory, files: files)
        for sequence in 0..<reader.head {
            if let event = try? reader.event(at: sequence) { lines[sequence] = Array(event.line) }
        }
        return lines
    }

    private func repair(_ log: SampleLog, _ files: any FileLayer) -> LogRepair {
        LogRepair(SampleLog.directory, options: log.options, files: files)
    }

    // MARK: Interrupted

    /// Damage to a header, a directory, a footer and a run, and a gap in the active segment, at once.
    private func damaged(_ log: SampleLog) throws -> (files: MemoryFiles, gap: Range<UInt64>) {
        let files = log.files.copy()
        for row in ["repacked: segment header", "closed: directory, columns", "joined run: header"] {
            let stretch = try stretch(row, of: log)
            files.flip(stretch.path, bit: stretch.bytes.lowerBound * 8 + 171)
        }
        let footer = try stretch("closed: footer, fixed part", of: log, last: true)
        files.flip(footer.path, bit: footer.bytes.lowerBound * 8 + 300)
        let frame = try stretch("active: LZ4 frame, its body", of: log)
        files.flip(frame.path, bit: frame.bytes.lowerBound * 8 + 200)
        return (files, try #require(frame.events))
    }

    @Test func aRepairThatIsInterruptedAnywhereLosesNothingAndIsDoneAgain() async throws {
        let log = try await SampleLog.make(.small)
        let (rotten, gap) = try damaged(log)
        let sound = try lines(log.files)
        let readable = try lines(rotten)
        var call = 0
        var isInterrupted = true
        while isInterrupted {
            let files = rotten.copy()
            let failing = FailingFiles(files, failingFrom: call)
            isInterrupted = (try? repair(log, failing).run(accepting: gap, now: Self.now)) == nil
            #expect(isInterrupted == failing.hasFailed)
            let now = try lines(files)
            for (sequence, line) in readable where !gap.contains(sequence) {
                #expect(now[sequence] == line, "event \(sequence) after call \(call)")
            }
            // Done again, with or without the gap, as it was accepted by then or not.
            let isOpen = try !repair(log, files).plan().unmendable.isEmpty
            let done = try repair(log, files).run(accepting: isOpen ? gap : nil, now: Self.now)
            #expect(done.left == [] && done.unmendable == [], "after call \(call)")
            #expect(try LogReader.open(SampleLog.directory, files: files).verify(deep: true) == [])
            #expect(try lines(files) == sound.filter { !gap.contains($0.key) })
            call += 1
        }
        #expect(call > 20)
    }

    // MARK: Gaps

    @Test func aGapWhoseFooterAndRunAreGoneTooIsAcceptedAllTheSame() async throws {
        let log = try await SampleLog.make(.small)
        let files = log.files.copy()
        let frame = try stretch("repacked: LZ4 frame, its body", of: log)
        files.flip(frame.path, bit: frame.bytes.lowerBound * 8 + 100)
        let footer = try stretch("repacked: footer, trailer", of: log)
        #expect(footer.path == frame.path)
        files.flip(footer.path, bit: footer.bytes.lowerBound * 8 + 3)
        for path in files.paths where path.hasSuffix(".run") { try files.unlink(FilePath(path)) }
        let gap = try #require(frame.events)

        let refused = try StepwiseSequencer.open(SampleLog.directory, options: log.options, files: files) { Self.now }
        refused.commit([AppendRequest(events: [draft("C-1", id: "fresh", source: "/sender")])]) { _, answer in
            #expect(throws: AppendError.self) { try answer.get() }
        }
        refused.close()

        let done = try repair(log, files).run(accepting: gap, now: Self.now)
        #expect(done.unmendable == [] && done.left == [])
        let reader = try LogReader.open(SampleLog.directory, files: files)
        #expect(try reader.verify(deep: true) == [])
        // Whose events they were nobody can tell: numbers that are missing tell of those who came again.
        for subject in log.subjects {
            let whole = try LogReader.open(SampleLog.directory, files: log.files).history(of: subject)
            let lost = whole.contains { gap.contains($0.sequence) }
            let passed = try reader.history(of: subject, passingGaps: true)
            #expect(passed.map(\.sequence) == whole.map(\.sequence).filter { !gap.contains($0) })
            let gaps = try reader.gaps(inHistoryOf: subject)
            if lost { #expect(gaps.map(\.sequences) == [gap]) }
            #expect((try? reader.history(of: subject)) == nil || gaps.isEmpty)
        }
        let sequencer = try StepwiseSequencer.open(SampleLog.directory, options: log.options, files: files) { Self.now }
        sequencer.commit([AppendRequest(events: [draft("C-1", id: "fresh", source: "/sender")])]) { _, answer in
            #expect(throws: Never.self) { try answer.get() }
        }
        sequencer.close()
    }

    @Test func theLastBatchOfTheActiveSegmentGivenUpIsFollowedByTheNextSequence() async throws {
        let log = try await SampleLog.make(.small)
        for row in ["active: LZ4 frame, its body", "active: directory, fixed part"] {
            let files = log.files.copy()
            let last = try stretch(row, of: log, last: true)
            let gap = try #require(last.events)
            files.flip(last.path, bit: last.bytes.lowerBound * 8 + 70)
            // With both halves of the batch damaged nothing proves its lines.
            let frame = try stretch("active: LZ4 frame, its body", of: log, last: true)
            files.flip(frame.path, bit: frame.bytes.upperBound * 8 - 90)
            #expect(try repair(log, files).plan().gaps == [gap])
            let done = try repair(log, files).run(accepting: gap, now: Self.now)
            #expect(done.left == [] && done.unmendable == [])
            let reader = try LogReader.open(SampleLog.directory, files: files)
            #expect(reader.head == gap.upperBound)
            #expect(try reader.verify(deep: true) == [])
            #expect(try reader.lineHash(before: gap.upperBound).count == 32)
            #expect(files.paths.contains("/log/" + SegmentName.name(first: gap.upperBound)))
            let sequencer = try StepwiseSequencer.open(SampleLog.directory, options: log.options, files: files) {
                Self.now
            }
            sequencer.commit([AppendRequest(events: [draft("C-1", id: "fresh", source: "/sender")])]) { _, answer in
                #expect((try? answer.get())?.first?.sequence == gap.upperBound)
            }
            sequencer.close()
            #expect(try LogReader.open(SampleLog.directory, files: files).verify(deep: true) == [])
        }
    }

    @Test func cursorsStopAtAGapOrPassIt() async throws {
        let log = try await SampleLog.make(.small)
        let files = log.files.copy()
        let frame = try stretch("closed: LZ4 frame, its body", of: log)
        let gap = try #require(frame.events)
        files.flip(frame.path, bit: frame.bytes.lowerBound * 8 + 9)
        _ = try repair(log, files).run(accepting: gap, now: Self.now)
        let reader = try LogReader.open(SampleLog.directory, files: files)
        var cursor = reader.cursor(from: gap.lowerBound)
        let error = await caught(LogError.self) { _ = try cursor.nextBatch() }
        #expect(error?.code == .gap && error?.sequences == gap && cursor.position == gap.upperBound)
        #expect(error?.message.contains("--from \(gap.upperBound)") ?? false)
        #expect(try cursor.nextBatch()?.firstSequence == gap.upperBound)
        var passing = reader.cursor(from: 0, passingGaps: true)
        var count = 0
        while let batch = try passing.nextBatch() { count += batch.count }
        #expect(UInt64(count) == reader.head - UInt64(gap.count))
    }

    @Test func aLogOfOneSegmentGetsItsHeaderBack() async throws {
        let log = try StorageLog()
        try await log.append([[draft("A", id: "1")], [draft("B", id: "2")]])
        let path = log.segmentPaths[0]
        let bytes = try log.bytes(of: path)
        for bit in stride(from: 0, to: SegmentHeader.frameBytes * 8, by: 37) {
            var rotten = bytes
            rotten[bit / 8] ^= 1 << UInt8(bit % 8)
            try log.write(rotten, to: path)
            let done = try LogRepair(log.directory).run(now: Self.now)
            #expect(done.steps.map(\.structure) == [.header] && done.left == [])
            #expect(try log.bytes(of: path) == bytes)
        }
    }

    @Test func thePythonReaderKnowsGaps() async throws {
        let log = try StorageLog { $0.segmentBytesMax = 3_000 }
        try await log.append((0..<40).map { [draft("S\($0 % 5)", id: "\($0)")] }, finishRepacking: false)
        let path = log.segmentPaths[0]
        var rotten = try log.bytes(of: path)
        rotten[104 + 300] ^= 4
        try log.write(rotten, to: path)
        let plan = try LogRepair(log.directory).plan()
        let gap = try #require(plan.gaps.first)
        _ = try LogRepair(log.directory).run(accepting: gap, now: Self.now)
        let tool = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("Tools").appending("read_segment.py").string
        let check = try StorageTool.run("python3", [tool, "check"] + log.segmentPaths.map(\.string))
        #expect(check.status == 0, "\(check.errors)")
        let footer = try StorageTool.run("python3", [tool, "footer", path.string])
        #expect(footer.output.contains("gap: events \(gap.lowerBound)..\(gap.upperBound - 1)"))
        let lines = try StorageTool.run("python3", [tool, "lines"] + log.segmentPaths.map(\.string))
        #expect(lines.output.split(separator: "\n").count == 40 - gap.count)
    }
}

/// Fails every call that changes something, from one on: as a process that is killed there changes nothing more.
private final class FailingFiles: FileLayer {
    private let real: any FileLayer
    private let left: Mutex<Int>

    init(_ real: any FileLayer, failingFrom call: Int) {
        self.real = real
        left = Mutex(call)
    }

    var hasFailed: Bool { left.withLock { $0 < 0 } }

    func count(_ path: FilePath) throws(FileError) {
        let fails = left.withLock { left in
            if left > 0 {
                left -= 1
                return false
            }
            left = -1
            return true
        }
        if fails { throw FileError(operation: "write", path: path, number: Errno.ioError.rawValue) }
    }

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if mode == .create { try count(path) }
        return FailingFile(real: try real.open(path, mode), files: self)
    }
    func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        try count(from)
        try real.rename(from, to: to)
    }
    func unlink(_ path: FilePath) throws(FileError) {
        try count(path)
        try real.unlink(path)
    }
    func makeDirectory(_ path: FilePath) throws(FileError) { try real.makeDirectory(path) }
    func syncDirectory(_ path: FilePath) throws(FileError) { try real.syncDirectory(path) }
    func list(_ directory: FilePath) throws(FileError) -> [String] { try real.list(directory) }
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try real.openHead(path, creating: initial)
    }
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? { try real.tryLock(path) }
}

private final class FailingFile: OpenFile {
    private let real: any OpenFile
    private let files: FailingFiles
    var path: FilePath { real.path }

    init(real: any OpenFile, files: FailingFiles) {
        self.real = real
        self.files = files
    }

    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        try real.readSome(into: buffer, at: offset)
    }
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        try files.count(path)
        return try real.writeSome(bytes, at: offset)
    }
    func sync() throws(FileError) { try real.sync() }
    func truncate(to size: UInt64) throws(FileError) {
        try files.count(path)
        try real.truncate(to: size)
    }
    func size() throws(FileError) -> UInt64 { try real.size() }
    func isLinked() -> Bool { real.isLinked() }
    func forget(from offset: UInt64, count: UInt64) {}
}
