import EventLog
import Foundation
import SystemPackage
import Testing
import TouchlineService

/// Making a data folder, and what stands in the way of it.
@Suite struct InitTests {
    private func folder() throws -> FilePath {
        let url = FileManager.default.temporaryDirectory.appending(path: "init-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return FilePath(url.path)
    }

    private func make(_ path: FilePath) throws {
        _ = try DataFolder.initialize(path, configuration: FolderConfiguration(zone: "UTC"))
    }

    /// What an `init` may leave that was killed: the folder of the log, with or without its head and first segment.
    @Test(arguments: [[], ["head"], ["head", "lock"], ["00000000000000000000.lz4.new", "head", "lock"]])
    func anInitThatWasKilledIsDoneAgain(_ left: [String]) throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        let log = path.appending("log")
        try FileManager.default.createDirectory(atPath: log.string, withIntermediateDirectories: true)
        for name in left { try Data(count: 8).write(to: URL(filePath: log.appending(name).string)) }
        try make(path)
        #expect(try LogReader.open(log).head == 0)
    }

    @Test func aLogWithoutEventsIsTakenOver() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        try make(path)
        try FileManager.default.removeItem(atPath: path.appending(FolderConfiguration.fileName).string)
        try make(path)
        #expect(try LogReader.open(path.appending("log")).head == 0)
    }

    @Test func anythingElseInTheFolderIsRefused() async throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        try make(path)
        let sequencer = try LocalSequencer.open(path.appending("log"), clock: { Instant(microseconds: 0) })
        _ = try await sequencer.append(AppendRequest(events: [EventDraft(type: "call.made", subject: "C-1")]))
        await sequencer.close()
        try FileManager.default.removeItem(atPath: path.appending(FolderConfiguration.fileName).string)
        #expect(throws: ServiceError.self) { try make(path) }
        let other = try folder()
        defer { try? FileManager.default.removeItem(atPath: other.string) }
        try Data().write(to: URL(filePath: other.appending("letter.txt").string))
        #expect(throws: ServiceError.self) { try make(other) }
    }
}
