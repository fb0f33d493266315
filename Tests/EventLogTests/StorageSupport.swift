import Foundation
import SystemPackage
import Testing

@testable import EventLog

/// A temporary folder, gone with the last reference: the log's, and those of its readers and writers.
private final class StorageFolder: Sendable {
    let path: FilePath

    init() throws {
        path = FilePath(NSTemporaryDirectory()).appending("storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

/// Other files, by which whoever uses them keeps the folder.
private struct KeepingFiles: FileLayer {
    let real: any FileLayer
    let folder: StorageFolder

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile { try real.open(path, mode) }
    func rename(_ from: FilePath, to: FilePath) throws(FileError) { try real.rename(from, to: to) }
    func unlink(_ path: FilePath) throws(FileError) { try real.unlink(path) }
    func makeDirectory(_ path: FilePath) throws(FileError) { try real.makeDirectory(path) }
    func syncDirectory(_ path: FilePath) throws(FileError) { try real.syncDirectory(path) }
    func list(_ directory: FilePath) throws(FileError) -> [String] { try real.list(directory) }
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try real.openHead(path, creating: initial)
    }
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? { try real.tryLock(path) }
}

/// A log in a temporary folder of its own.
final class StorageLog: Sendable {
    private let kept: StorageFolder
    var folder: FilePath { kept.path }
    let options: LogOptions
    let files: any FileLayer
    let clock: StorageClock

    var directory: FilePath { folder.appending("log") }

    init(_ change: (inout LogOptions) -> Void = { _ in }, files: any FileLayer = SystemFiles()) throws {
        kept = try StorageFolder()
        var options = LogOptions()
        options.logID = (0..<16).map { UInt8($0 + 1) }
        change(&options)
        self.options = options
        self.files = KeepingFiles(real: files, folder: kept)
        clock = StorageClock()
        try EventLog.create(at: directory, options: options)
    }

    func open() throws -> LocalSequencer {
        let clock = clock
        return try LocalSequencer.open(directory, options: options, files: files) { clock.now }
    }

    func reader() throws -> LogReader { try LogReader.open(directory, files: files) }

    /// Opens, appends each list as one request, closes.
    func append(_ requests: [[EventDraft]], finishRepacking: Bool = true) async throws {
        let sequencer = try open()
        for events in requests { _ = try await sequencer.append(AppendRequest(events: events)) }
        await sequencer.close(finishRepacking: finishRepacking)
    }

    var segmentPaths: [FilePath] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        return names.filter { $0.hasSuffix(".lz4") }.sorted().map { directory.appending($0) }
    }

    /// What `cat log/*.lz4 | lz4 -dc` prints.
    func plainLines() throws -> [String] {
        let run = try StorageTool.run("sh", ["-c", "cat \"$0\"/*.lz4 | lz4 -dc", directory.string])
        #expect(run.status == 0, "lz4 failed: \(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    func bytes(of path: FilePath) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path.string))) }

    func write(_ bytes: [UInt8], to path: FilePath) throws {
        try Data(bytes).write(to: URL(filePath: path.string))
    }

    /// Puts a head word that checks in place of the file.
    func setHead(_ next: UInt64) throws {
        let word = HeadCode.word(next)
        try write(withUnsafeBytes(of: word.littleEndian) { Array($0) }, to: directory.appending("head"))
    }
}

/// A clock that moves only when it is told to, one second a look.
final class StorageClock: Sendable {
    private let state = Monitor<Int64>(1_772_353_801_000_000)
    var now: Instant {
        state.withLock { time in
            time += 1_000_000
            return Instant(microseconds: time)
        }
    }
    func move(by seconds: Int64) { state.withLock { $0 += seconds * 1_000_000 } }
}

enum StorageTool {
    static func run(_ name: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        process.standardOutput = output
        let errors = FilePath(NSTemporaryDirectory()).appending("errors-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: errors.string, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: errors.string)
        defer { try? FileManager.default.removeItem(atPath: errors.string) }
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let said = FileManager.default.contents(atPath: errors.string) ?? Data()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self), String(decoding: said, as: UTF8.self))
    }
}

/// Seeded, so that a failing run can be made again.
struct StorageRandom: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed &* 2_654_435_769 &+ 1 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func draft(
    _ subject: String? = "C-1", type: String = "purchase.completed", id: String? = nil, source: String? = nil,
    time: String? = nil, data: String? = "{\"n\":1}", expected: UInt64? = nil
) -> EventDraft {
    EventDraft(
        id: id, source: source ?? (id == nil ? nil : "/test"), type: type, subject: subject, time: time,
        data: data.map { Array($0.utf8) }, expectedVersion: expected)
}

extension LogReader {
    /// All events, by a cursor.
    func allEvents(from: UInt64? = nil, to: UInt64? = nil, types: TypeFilter? = nil) throws -> [StoredEvent] {
        var cursor = cursor(from: from ?? firstSequence, to: to, types: types)
        var events: [StoredEvent] = []
        while let batch = try cursor.nextBatch() { events += batch }
        return events
    }

    func allLines() throws -> [String] { try allEvents().map { String(decoding: $0.line, as: UTF8.self) } }
}

/// Runs `body`, which blocks, on a thread of its own: the shared pool of tasks must not wait.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) -> Task<Result, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: Result.self)
    do {
        try DedicatedThread.start {
            do {
                continuation.yield(try body())
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    } catch {
        continuation.finish(throwing: error)
    }
    return Task {
        for try await result in stream { return result }
        throw CancellationError()
    }
}

/// The error that `body` throws.
func caught<Failure: Error>(_ type: Failure.Type, _ body: () async throws -> Void) async -> Failure? {
    do {
        try await body()
    } catch {
        return error as? Failure
    }
    return nil
}
