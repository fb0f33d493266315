import SystemPackage
import Testing

@testable import EventLog

/// Feature bits of a log on disk: a required one that is not known is refused by reader and writer, an optional one is
/// nobody's business.
@Suite struct StorageFeatureTests {
    private func log(_ features: LogFeatures) async throws -> StorageLog {
        let log = try StorageLog()
        try await log.append([[draft("A", id: "1")], [draft("B", id: "2")]])
        let path = log.segmentPaths[0]
        var bytes = try log.bytes(of: path)
        guard case .header(var header) = SegmentHeader.decode(bytes) else {
            Issue.record("no header")
            return log
        }
        header.features = features
        bytes.replaceSubrange(..<SegmentHeader.frameBytes, with: header.encoded())
        try log.write(bytes, to: path)
        return log
    }

    @Test(arguments: 0..<64) func anUnknownRequiredFeatureIsRefused(bit: UInt64) async throws {
        let log = try await log(LogFeatures(required: 1 << bit))
        let bytes = try log.bytes(of: log.segmentPaths[0])
        for open in [{ _ = try log.reader() }, { _ = try log.open() }] {
            let error = #expect(throws: LogError.self) { try open() }
            #expect(error?.code == .otherVersion)
            #expect(error?.message.contains("0x\(String(UInt64(1) << bit, radix: 16))") ?? false)
        }
        #expect(try log.bytes(of: log.segmentPaths[0]) == bytes)
    }

    @Test(arguments: 0..<64) func anUnknownOptionalFeatureIsIgnored(bit: UInt64) async throws {
        let log = try await log(LogFeatures(optional: 1 << bit))
        try await log.append([[draft("A", id: "3")]])
        #expect(try log.reader().allEvents().count == 3)
        #expect(try log.reader().verify(deep: true) == [])
    }
}
