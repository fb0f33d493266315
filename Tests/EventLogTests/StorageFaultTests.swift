import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import EventLog

/// The system's files with faults put under the engine.
private final class BrokenFiles: FileLayer {
    struct Plan: Sendable {
        /// The segment syncs that fail, counted from now.
        var failSyncs: Set<Int> = []
        /// Bytes that may still be written to segments before the disk is full.
        var room: Int?
        /// Reads and writes handle at most this many bytes, and every other call is interrupted.
        var shortBytes: Int?
        var readOnly = false
        var failRename = false
        var syncs = 0
        var calls = 0
    }
    let plan = Mutex(Plan())
    let real = SystemFiles()

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if mode != .read, plan.withLock({ $0.readOnly }) {
            throw FileError(operation: "open", path: path, number: Errno.readOnlyFileSystem.rawValue)
        }
        return BrokenFile(try real.open(path, mode), self)
    }
    func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        if plan.withLock({ $0.failRename }) {
            throw FileError(operation: "rename", path: from, number: Errno.ioError.rawValue)
        }
        try real.rename(from, to: to)
    }
    func unlink(_ path: FilePath) throws(FileError) { try real.unlink(path) }
    func makeDirectory(_ path: FilePath) throws(FileError) { try real.makeDirectory(path) }
    func syncDirectory(_ path: FilePath) throws(FileError) { try real.syncDirectory(path) }
    func list(_ directory: FilePath) throws(FileError) -> [String] { try real.list(directory) }
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try real.openHead(path, creating: initial)
    }
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? {
        if plan.withLock({ $0.readOnly }) {
            throw FileError(operation: "open", path: path, number: Errno.readOnlyFileSystem.rawValue)
        }
        return try real.tryLock(path)
    }
}

private final class BrokenFile: OpenFile {
    let real: any OpenFile
    let files: BrokenFiles
    init(_ real: any OpenFile, _ files: BrokenFiles) {
        self.real = real
        self.files = files
    }
    var path: FilePath { real.path }
    private var isSegment: Bool { path.string.contains(".lz4") }

    private func interrupt(_ count: Int, _ operation: String) throws(FileError) -> Int {
        let (short, number) = files.plan.withLock { plan -> (Int?, Int) in
            plan.calls += 1
            return (plan.shortBytes, plan.calls)
        }
        guard let short else { return count }
        if number % 2 == 0 { throw FileError(operation: operation, path: path, number: Errno.interrupted.rawValue) }
        return min(count, short)
    }
    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        let count = try interrupt(buffer.count, "read")
        return try real.readSome(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
    }
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        var count = try interrupt(bytes.count, "write")
        if isSegment, let room = files.plan.withLock({ $0.room }) {
            count = min(count, room)
            if count == 0 { throw FileError(operation: "write", path: path, number: Errno.noSpace.rawValue) }
            files.plan.withLock { $0.room = room - count }
        }
        return try real.writeSome(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
    }
    func sync() throws(FileError) {
        let fails = files.plan.withLock { plan in
            guard isSegment else { return false }
            plan.syncs += 1
            return plan.failSyncs.contains(plan.syncs)
        }
        if fails { throw FileError(operation: "fdatasync", path: path, number: Errno.ioError.rawValue) }
        try real.sync()
    }
    func truncate(to size: UInt64) throws(FileError) { try real.truncate(to: size) }
    func size() throws(FileError) -> UInt64 { try real.size() }
    func isLinked() -> Bool { real.isLinked() }
    func forget(from offset: UInt64, count: UInt64) { real.forget(from: offset, count: count) }
}

@Suite struct StorageFaultTests {
    @Test func aFailedSyncPoisonsTheWriterAndTheNextOpeningSettlesIt() async throws {
        let files = BrokenFiles()
        let log = try StorageLog(files: files)
        let sequencer = try log.open()
        _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "1")]))
        files.plan.withLock { $0.failSyncs = [$0.syncs + 1] }
        let unknown = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "2")]))
        }
        #expect(unknown?.code == .outcomeUnknown)
        // The sync would work again, but the writer has stopped; readers go on and see nothing that was not synced.
        let stopped = await caught(AppendError.self) {
            _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "3")]))
        }
        #expect(stopped?.code == .closed)
        #expect(try log.reader().allEvents().count == 1)
        await sequencer.close()
        let next = try log.open()
        let answer = try await next.append(AppendRequest(events: [draft("A", id: "2")]))
        #expect(answer == [Acknowledgement(sequence: 1, subjectSequence: 2, isDuplicate: true)])
        await next.close()
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aFullDiskRefusesTheBatchAndNothingElse() async throws {
        for room in [0, 1, 50, 300] {
            let files = BrokenFiles()
            let log = try StorageLog(files: files)
            let sequencer = try log.open()
            _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "1")]))
            files.plan.withLock { $0.room = room }
            let refused = await caught(AppendError.self) {
                _ = try await sequencer.append(AppendRequest(events: [draft("A", id: "2"), draft("B", id: "3")]))
            }
            #expect(refused?.code == .noSpace)
            // What is durable already is still answered, and once there is room it goes on as if nothing had been.
            let known = try await sequencer.append(AppendRequest(events: [draft("A", id: "1")]))
            #expect(known.map(\.isDuplicate) == [true])
            files.plan.withLock { $0.room = nil }
            let answer = try await sequencer.append(AppendRequest(events: [draft("A", id: "2", expected: 1)]))
            #expect(answer == [Acknowledgement(sequence: 1, subjectSequence: 2, isDuplicate: false)])
            await sequencer.close()
            #expect(try log.plainLines().count == 2)
            #expect(try log.reader().verify(deep: true) == [])
        }
    }

    @Test func aFullDiskWhileClosingASegmentDelaysTheRollOnly() async throws {
        let files = BrokenFiles()
        let log = try StorageLog({ $0.segmentBytesMax = 2_000 }, files: files)
        let sequencer = try log.open()
        files.plan.withLock { $0.failRename = true }
        for number in 0..<20 { _ = try await sequencer.append(AppendRequest(events: [draft("C-\(number % 4)")])) }
        #expect(log.segmentPaths.count == 1)
        #expect(try log.reader().allEvents().count == 20)
        files.plan.withLock { $0.failRename = false }
        _ = try await sequencer.append(AppendRequest(events: [draft("C-1")]))
        await sequencer.close(finishRepacking: true)
        #expect(log.segmentPaths.count == 2)
        #expect(try log.reader().history(of: "C-1").count == 6)
        #expect(try log.reader().verify(deep: true) == [])
        #expect(try log.plainLines().count == 21)
    }

    @Test func shortAndInterruptedCallsAreFinished() async throws {
        let files = BrokenFiles()
        let log = try StorageLog({ $0.segmentBytesMax = 3_000 }, files: files)
        files.plan.withLock { $0.shortBytes = 77 }
        try await log.append((0..<30).map { [draft("C-\($0 % 4)", id: "\($0)")] })
        #expect(try log.reader().allEvents().count == 30)
        #expect(try log.reader().history(of: "C-2").count == 7)
        #expect(try log.reader().verify(deep: true) == [])
        files.plan.withLock { $0.shortBytes = nil }
        #expect(try log.plainLines().count == 30)
    }

    @Test func aReadOnlyFolderCanBeReadAndSaysSoToWriters() async throws {
        let files = BrokenFiles()
        let log = try StorageLog(files: files)
        try await log.append([[draft()]])
        files.plan.withLock { $0.readOnly = true }
        #expect(try log.reader().allEvents().count == 1)
        #expect(await caught(LogError.self) { _ = try log.open() }?.code == .readOnly)
    }

    /// Random appends, failed syncs, full disks, reopenings: the log equals a model of lists and dictionaries.
    @Test(arguments: 0..<12) func equalsAModel(seed: UInt64) async throws {
        var random = StorageRandom(seed &+ 100)
        let files = BrokenFiles()
        let log = try StorageLog(
            {
                $0.segmentBytesMax = 5_000
                $0.repackFrameBytes = 2_000
                $0.spaceBytes = 2_000
            }, files: files)
        var model = StorageModel()
        var sequencer = try log.open()
        for step in 0..<250 {
            let request = model.request(&random)
            let fault = random.next() % 40
            if fault == 0 { files.plan.withLock { $0.failSyncs = [$0.syncs + 1] } }
            if fault == 1 { files.plan.withLock { $0.room = Int(random.next() % 400) } }
            let expected = model.expectation(request)
            var reopens = random.next() % 30 == 0
            do {
                let answers = try await sequencer.append(request)
                #expect(.success(answers) == expected, "seed \(seed), step \(step)")
                model.apply(request, answers)
            } catch let error as AppendError {
                switch error.code {
                case .noSpace: #expect(fault == 1 || fault == 0)
                case .outcomeUnknown, .closed: reopens = true
                default: #expect(.failure(error.code) == expected, "seed \(seed), step \(step): \(error)")
                }
            }
            files.plan.withLock {
                $0.room = nil
                $0.failSyncs = []
            }
            if reopens {
                await sequencer.close(finishRepacking: random.next() % 2 == 0)
                sequencer = try log.open()
                model.takeUp(try log.reader().allEvents())
            }
        }
        await sequencer.close(finishRepacking: true)
        let reader = try log.reader()
        model.check(try reader.allEvents())
        for subject in model.versions.keys {
            #expect(try reader.history(of: subject).count == Int(model.versions[subject] ?? 0))
        }
        #expect(try reader.verify(deep: true) == [])
        #expect(try log.plainLines() == reader.allLines())
    }
}

/// What a log is, in the simplest terms.
private struct StorageModel {
    enum Outcome: Equatable {
        case success([Acknowledgement])
        case failure(AppendError.Code)
    }
    var events: [EventDraft] = []
    var versions: [String: UInt64] = [:]

    func request(_ random: inout StorageRandom) -> AppendRequest {
        let count = random.next() % 10 == 0 ? 12 : 1 + random.next() % 4
        var drafts: [EventDraft] = []
        for _ in 0..<count {
            if random.next() % 6 == 0,
                let old = (events + drafts).filter({ $0.id != nil }).randomElement(using: &random)
            {
                var copy = old
                copy.expectedVersion = nil
                if random.next() % 4 == 0 { copy.data = Array("{\"changed\":\(random.next() % 9)}".utf8) }
                drafts.append(copy)
                continue
            }
            let subject = random.next() % 8 == 0 ? nil : "S\(random.next() % 12)"
            var new = draft(
                subject, type: "t\(random.next() % 5).e",
                id: random.next() % 2 == 0 ? "id\(random.next() % 100_000)" : nil,
                data: "{\"r\":\(random.next() % 1_000)}")
            if let subject, random.next() % 6 == 0 {
                new.expectedVersion = (versions[subject] ?? 0) + random.next() % 2
            }
            drafts.append(new)
        }
        return AppendRequest(events: drafts)
    }

    /// What the log must answer.
    func expectation(_ request: AppendRequest) -> Outcome {
        var events = events
        var versions = versions
        var answers: [Acknowledgement] = []
        for draft in request.events {
            if draft.id != nil, let known = events.firstIndex(where: { $0.id == draft.id && $0.source == draft.source })
            {
                let old = events[known]
                guard old.type == draft.type, old.subject == draft.subject, old.data == draft.data else {
                    return .failure(.idConflict(sequence: UInt64(known)))
                }
                let version = old.subject.map { subject in
                    UInt64(events[...known].filter { $0.subject == subject }.count)
                }
                answers.append(Acknowledgement(sequence: UInt64(known), subjectSequence: version, isDuplicate: true))
                continue
            }
            var version: UInt64?
            if let subject = draft.subject {
                let actual = versions[subject] ?? 0
                if let expected = draft.expectedVersion, expected != actual {
                    return .failure(.versionConflict(expected: expected, actual: actual))
                }
                versions[subject] = actual + 1
                version = actual + 1
            }
            answers.append(
                Acknowledgement(sequence: UInt64(events.count), subjectSequence: version, isDuplicate: false))
            events.append(draft)
        }
        return .success(answers)
    }

    mutating func apply(_ request: AppendRequest, _ answers: [Acknowledgement]) {
        for (draft, answer) in zip(request.events, answers) where !answer.isDuplicate {
            events.append(draft)
            if let subject = draft.subject { versions[subject, default: 0] += 1 }
        }
    }

    /// After an unknown outcome the log may have more than was acknowledged, never less.
    mutating func takeUp(_ stored: [StoredEvent]) {
        #expect(stored.count >= events.count)
        check(Array(stored.prefix(events.count)))
        for event in stored.dropFirst(events.count) {
            let isGiven = event.source == "touchline:"
            events.append(
                EventDraft(
                    id: isGiven ? nil : event.id, source: isGiven ? nil : event.source, type: event.type,
                    subject: event.subject, data: Array(event.data.bytes)))
            if let subject = event.subject { versions[subject, default: 0] += 1 }
        }
    }

    func check(_ stored: [StoredEvent]) {
        #expect(stored.count == events.count)
        for (event, draft) in zip(stored, events) {
            #expect(event.type == draft.type && event.subject == draft.subject)
            #expect(Array(event.data.bytes) == draft.data)
            if let id = draft.id { #expect(event.id == id) }
        }
    }
}
