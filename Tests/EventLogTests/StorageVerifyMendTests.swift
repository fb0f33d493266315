import Foundation
import SystemPackage
import Testing

@testable import EventLog

/// What `verify` and `statistics` say of damage, and of a log that grows meanwhile.
@Suite struct StorageVerifyMendTests {
    private func log(_ count: Int = 43) async throws -> StorageLog {
        let log = try StorageLog {
            $0.segmentBytesMax = 1_200
            $0.repacks = false
        }
        try await log.append((0..<count).map { [draft("C-\($0 % 4)", id: "\($0)")] })
        return log
    }

    @Test func aLiveLogIsSound() async throws {
        let log = try StorageLog {
            $0.segmentBytesMax = 4_000
            $0.repackFrameBytes = 1_000
        }
        let sequencer = try log.open()
        let verifier = onThread {
            var findings: [Finding] = []
            for round in 0..<30 { findings += try log.reader().verify(deep: round % 2 == 0) }
            return findings
        }
        let writer = Task {
            var number = 0
            while !Task.isCancelled {
                _ = try? await sequencer.append(
                    AppendRequest(events: (0..<7).map { draft("C-\($0)", id: "\(number)-\($0)") }))
                number += 1
                if number > 1_500 { break }
            }
        }
        #expect(try await verifier.value == [])
        writer.cancel()
        await writer.value
        await sequencer.close()
        #expect(try log.reader().verify(deep: true) == [])
    }

    @Test func aMissingSegmentIsNamedAndNoSoundLineBlamed() async throws {
        let log = try await log()
        let starts = try log.reader().segmentStarts
        let path = log.segmentPaths[1]
        try FileManager.default.removeItem(atPath: path.string)
        for deep in [false, true] {
            let findings = try log.reader().verify(deep: deep)
            #expect(findings.map(\.path) == [path.string])
            #expect(findings.map(\.sequences) == [starts[1]..<starts[2]])
        }
    }

    @Test func aDamagedBatchIsTheOnlyFinding() async throws {
        let log = try await log()
        let path = log.segmentPaths[1]
        var bytes = try log.bytes(of: path)
        bytes[200] ^= 1
        try log.write(bytes, to: path)
        for deep in [false, true] {
            let findings = try log.reader().verify(deep: deep)
            #expect(findings.count == 1 && findings.first?.path == path.string && findings.first?.sequences != nil)
        }
    }

    @Test func statisticsAreGivenOfADamagedLogToo() async throws {
        for position in [70, 120] {
            let log = try await log()
            let path = try #require(log.segmentPaths.last)
            let start = try #require(try log.reader().segmentStarts.last)
            #expect(start < 43)
            let before = try log.reader().statistics()
            var bytes = try log.bytes(of: path)
            bytes[position] ^= 1
            try log.write(bytes, to: path)
            let after = try log.reader().statistics()
            #expect(after.events == before.events && after.segments.count == before.segments.count)
            #expect(try log.reader().verify(deep: false).contains { $0.sequences?.contains(start) ?? false })
        }
    }

    @Test func aHeadBehindAClosedSegmentIsNamed() async throws {
        let log = try await log()
        try log.setHead(3)
        let findings = try log.reader().verify(deep: true)
        #expect(findings.map(\.structure) == [.head])
        await (try log.open()).close()
        #expect(try log.reader().verify(deep: true) == [])
        #expect(try log.reader().head == 43)
    }
}
