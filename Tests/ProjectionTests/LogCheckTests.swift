import EventLog
import Foundation
import SystemPackage
import Testing

@testable import Projection

/// The check of the log beside a rebuild.
@Suite struct LogCheckTests {
    @Test func findsWhatVerifyFindsAndKeepsTheViews() async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 81, count: 600))
        try fixture.catchUp()
        #expect(try LogCheck(fixture.reader()).findings().isEmpty)
        let before = try fixture.store.current()
        // Within the lines of a closed segment.
        let segment = try #require(try logFiles(fixture).first)
        var bytes = try Data(contentsOf: URL(filePath: segment))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: segment))
        let reader = try fixture.reader()
        let found = try LogCheck(reader).findings().map(\.description)
        #expect(try found == reader.verify(deep: true) { _, _ in true }.map(\.description))
        #expect(found.count == 1)
        #expect(throws: (any Error).self) { try fixture.rebuild(RebuildOptions(verifies: true)) }
        #expect(try fixture.store.current() == before)
    }

    @Test func stopsWhenTold() async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 82, count: 200))
        let check = LogCheck(try fixture.reader())
        check.stop()
        // Either it was through, or it says that it was stopped; never that an unread log is sound.
        do {
            #expect(try check.findings().isEmpty)
        } catch is CancellationError {
        }
    }

    private func logFiles(_ fixture: Fixture) throws -> [String] {
        let folder = fixture.path.appending("log").string
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".lz4") }.sorted()
            .map { folder + "/" + $0 }
    }
}
