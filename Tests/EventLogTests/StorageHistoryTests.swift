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

    /// Forty batches of more than a span each, so that several threads share them.
    private static func requests() -> [[EventDraft]] {
        (0..<40).map { request in
            (0..<30).map { number in
                draft(
                    "C-\((request * 7 + number) % 11)", type: request % 8 == 3 && number == 5 ? "rare" : "note",
                    data: "{\"t\":\"\(String(repeating: "x", count: 2_500))\"}")
            }
        }
    }

    @Test func theFirstQuestionsAndTheLaterOnesGetTheSameEvents() async throws {
        let log = try StorageLog()
        try await log.append(Self.requests())
        let all = try log.reader().allEvents()
        for subject in Set(all.compactMap(\.subject)).sorted() + ["C-99"] {
            let reader = try log.reader()
            let expected = all.filter { $0.subject == subject }.map(Self.describe)
            for _ in 0..<8 { #expect(try reader.history(of: subject).map(Self.describe) == expected) }
        }
    }

    /// What cannot be read of an active segment may be of a wanted type, whatever the spans beside it hold.
    @Test func aCursorForOneTypePassesNoDamageOver() async throws {
        let log = try StorageLog()
        try await log.append(Self.requests())
        let types = TypeFilter(["rare"])
        #expect(try log.reader().allEvents(types: types).map(\.sequence) == [95, 335, 575, 815, 1055])

        let reader = try log.reader()
        guard case .span(let span) = try reader.segment(startingAt: 0).place(of: 350, before: 1_200) else {
            Issue.record("event 350 is in no span")
            return
        }
        var bytes = try log.bytes(of: log.segmentPaths[0])
        bytes[Int(span.offset) + 20] ^= 1
        try log.write(bytes, to: log.segmentPaths[0])
        var cursor = try log.reader().cursor(from: 0, types: types)
        var found: [UInt64] = []
        var lost: [Range<UInt64>] = []
        while true {
            do {
                guard let batch = try cursor.nextBatch() else { break }
                found += batch.map(\.sequence)
            } catch let error as LogError {
                lost.append(try #require(error.sequences))
            }
        }
        #expect(lost == [330..<360])
        #expect(found == [95, 575, 815, 1055])
        // Neither a first question nor a later one takes the damage for a part without the subject.
        let again = try log.reader()
        for _ in 0..<8 { #expect(throws: LogError.self) { try again.history(of: "C-99") } }
    }
}
