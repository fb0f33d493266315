import SystemPackage
import Testing

@testable import EventLog

/// Histories out of an active segment whose batches are of several blocks.
@Suite struct StorageHistoryTests {
    /// One request of some 900 kB: lines that lie across the borders of blocks, and one longer than three of them.
    private static func events() -> [EventDraft] {
        var random = StorageRandom(7)
        return (0..<500).map { number in
            let length = number == 250 ? 200_000 : Int(random.next() % 3_000)
            let text = String(decoding: (0..<length).map { _ in UInt8(97 + random.next() % 26) }, as: UTF8.self)
            return draft(
                number % 17 == 0 ? nil : "C-\(random.next() % 40)", type: "note.t\(number % 5)",
                time: number % 3 == 0 ? "2026-03-01T08:30:\(10 + number % 50)Z" : nil, data: "{\"t\":\"\(text)\"}")
        }
    }

    private static func describe(_ event: StoredEvent) -> [String] {
        [
            "\(event.sequence)", "\(event.time)", "\(event.recordedTime)", event.type, event.subject ?? "–",
            event.data.jsonText, String(decoding: event.line, as: UTF8.self),
        ]
    }

    @Test func historiesOfLargeBatchesAreTheEventsThatACursorGives() async throws {
        let log = try StorageLog()
        try await log.append([Self.events(), [draft("C-1")], Self.events()])
        let reader = try log.reader()
        let all = try reader.allEvents()
        for subject in Set(all.compactMap(\.subject)) {
            let expected = all.filter { $0.subject == subject }
            #expect(try reader.history(of: subject).map(Self.describe) == expected.map(Self.describe))
            let before = try #require(expected.last).sequence
            #expect(
                try reader.history(of: subject, before: before).map(\.sequence) == expected.dropLast().map(\.sequence))
        }
        #expect(try reader.history(of: "C-41").isEmpty)
        #expect(try reader.history(of: "").isEmpty)
        #expect(try log.plainLines().count == all.count)
    }

    /// A reader that knows where the blocks are holds each against its checksum when it reads it again.
    @Test func aBlockDamagedSinceItWasScannedIsNoticed() async throws {
        let log = try StorageLog()
        try await log.append([Self.events()])
        let subjects = Set(try log.reader().allEvents().compactMap(\.subject)).sorted()
        let original = try log.bytes(of: log.segmentPaths[0])
        var (damaged, found) = (0, 0)
        for place in stride(from: 12_000, to: original.count - 40_000, by: 97_003) {
            let reader = try log.reader()
            let whole = try subjects.map { try reader.history(of: $0).map(\.sequence) }
            var bytes = original
            bytes[place] ^= 0x10
            try log.write(bytes, to: log.segmentPaths[0])
            for (index, subject) in subjects.enumerated() {
                var sequences: [UInt64]?
                let error = await caught(LogError.self) { sequences = try reader.history(of: subject).map(\.sequence) }
                #expect(sequences == whole[index] || error?.code == .damaged)
                damaged += error == nil ? 0 : 1
                found += error == nil ? 1 : 0
            }
            try log.write(original, to: log.segmentPaths[0])
        }
        #expect(damaged > 0)
        #expect(found > 0)
    }
}
