import Synchronization
import SystemPackage
import Testing

@testable import EventLog

/// What becomes of the index when calls to the system fail, and in which order it makes them.
@Suite struct IndexFaultTests {
    @Test func whateverFailsNothingAcknowledgedIsLost() throws {
        var calls = 0
        var failures = 0
        repeat {
            let folder = try IndexTestFolder()
            let files = FaultyFiles(failAt: calls)
            var acknowledged: UInt64 = 0
            do {
                let writer = try LogIndex.open(
                    directory: folder.path, logID: indexTestLogID, role: .writer, files: files)
                for number in 0..<5 as Range<UInt64> {
                    try writer.addRun(
                        from: number * 20, to: number * 20 + 20, ids: Self.ids(number * 20..<number * 20 + 20),
                        subjects: [])
                    acknowledged = number * 20 + 20
                    if number % 4 == 3 { _ = try writer.mergeIfNeeded() }
                }
            } catch {
                #expect(error.code == .noSpace)
                failures += 1
            }
            for role in [LogIndex.Role.reader, .writer] {
                let index = try folder.open(role)
                #expect(index.coveredTo == acknowledged || index.coveredTo == acknowledged + 20)
                for sequence in 0..<acknowledged {
                    #expect(try index.candidates(idHash: indexTestHash(sequence)) == [sequence])
                }
                #expect(index.verify().isEmpty)
            }
            #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
            if !files.hasFailed { break }
            calls += 1
        } while true
        #expect(failures > 20)
        #expect(failures >= calls - 20)
    }

    @Test func aFailedCallLeavesAnIndexThatGoesOn() throws {
        for call in 3..<30 {
            let folder = try IndexTestFolder()
            let files = FaultyFiles(failAt: call)
            let writer = try LogIndex.open(
                directory: folder.path, logID: indexTestLogID, role: .writer, files: files)
            for number in 0..<8 as Range<UInt64> {
                func add() throws {
                    try writer.addRun(
                        from: number * 50, to: number * 50 + 50, ids: Self.ids(number * 50..<number * 50 + 50),
                        subjects: [])
                }
                do { try add() } catch { try add() }
            }
            do { while try writer.mergeIfNeeded() {} } catch { while try writer.mergeIfNeeded() {} }
            #expect(writer.coveredTo == 400)
            for sequence in 0..<400 as Range<UInt64> {
                #expect(try writer.candidates(idHash: indexTestHash(sequence)) == [sequence])
            }
            #expect(try folder.open().coveredTo == 400)
        }
    }

    @Test func filesAreDurableBeforeTheyCount() throws {
        let folder = try IndexTestFolder()
        let files = FaultyFiles(failAt: .max)
        let writer = try LogIndex.open(directory: folder.path, logID: indexTestLogID, role: .writer, files: files)
        for number in 0..<4 as Range<UInt64> {
            try writer.addRun(
                from: number * 50, to: number * 50 + 50, ids: Self.ids(number * 50..<number * 50 + 50), subjects: [])
        }
        #expect(try writer.mergeIfNeeded())
        var synced: Set<String> = []
        var folderSynced = true
        for call in files.calls {
            switch call.operation {
            case "write": synced.remove(call.name)
            case "sync": synced.insert(call.name)
            case "rename":
                #expect(synced.contains(call.name))
                folderSynced = false
            case "syncDirectory": folderSynced = true
            case "unlink": #expect(folderSynced)
            default: break
            }
        }
        #expect(files.calls.filter { $0.operation == "rename" }.count == 5)
        #expect(files.calls.filter { $0.operation == "unlink" }.count == 4)
        #expect(folderSynced)
    }

    private static func ids(_ range: Range<UInt64>) -> [IDEntry] {
        range.map { IDEntry(hash: indexTestHash($0), sequence: $0) }
    }
}

/// The system's files, where one call that changes something fails for want of space, before it has any effect.
private final class FaultyFiles: FileLayer {
    struct Call: Sendable {
        var operation: String
        var name: String
    }

    private let system = SystemFiles()
    private let failAt: Int
    private let log = Mutex<[Call]>([])

    init(failAt: Int) { self.failAt = failAt }

    var calls: [Call] { log.withLock { $0 } }
    var hasFailed: Bool { calls.count > failAt }

    func pass(_ operation: String, _ path: FilePath) throws(FileError) {
        let count = log.withLock { log in
            log.append(Call(operation: operation, name: path.lastComponent?.string ?? ""))
            return log.count
        }
        if count - 1 == failAt {
            throw FileError(operation: operation, path: path, number: Errno.noSpace.rawValue)
        }
    }

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if case .create = mode { try pass("create", path) }
        return FaultyFile(try system.open(path, mode), self)
    }
    func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        try pass("rename", from)
        try system.rename(from, to: to)
    }
    func unlink(_ path: FilePath) throws(FileError) {
        // Cleaning up after a failure is not what is tested here.
        if path.extension != "tmp" { try pass("unlink", path) }
        try system.unlink(path)
    }
    func makeDirectory(_ path: FilePath) throws(FileError) {
        try pass("makeDirectory", path)
        try system.makeDirectory(path)
    }
    func syncDirectory(_ path: FilePath) throws(FileError) {
        try pass("syncDirectory", path)
        try system.syncDirectory(path)
    }
    func list(_ directory: FilePath) throws(FileError) -> [String] { try system.list(directory) }
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try system.openHead(path, creating: initial)
    }
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? { try system.tryLock(path) }
}

private final class FaultyFile: OpenFile {
    private let file: any OpenFile
    private let layer: FaultyFiles

    init(_ file: any OpenFile, _ layer: FaultyFiles) {
        self.file = file
        self.layer = layer
    }

    var path: FilePath { file.path }
    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        // Short reads, as the system may give.
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(1 + buffer.count / 2))
        return try file.readSome(into: part, at: offset)
    }
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        try layer.pass("write", path)
        return try file.writeSome(UnsafeRawBufferPointer(rebasing: bytes.prefix(1 + bytes.count * 2 / 3)), at: offset)
    }
    func sync() throws(FileError) {
        try layer.pass("sync", path)
        try file.sync()
    }
    func truncate(to size: UInt64) throws(FileError) { try file.truncate(to: size) }
    func size() throws(FileError) -> UInt64 { try file.size() }
    func isLinked() -> Bool { file.isLinked() }
    func forget(from offset: UInt64, count: UInt64) { file.forget(from: offset, count: count) }
}
