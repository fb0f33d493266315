import SystemPackage
import Testing

@testable import EventLog

/// The head word and its check.
@Suite struct StorageHeadTests {
    @Test func everyWordIsReadBackAndEveryFlippedBitIsNoticed() {
        var sequences: [UInt64] = [0, 1, 255, 256, 65_535, 65_536, HeadCode.sequenceMax]
        sequences += (0..<200).map { _ in UInt64.random(in: 0...HeadCode.sequenceMax) }
        for sequence in sequences {
            let word = HeadCode.word(sequence)
            #expect(HeadCode.sequence(word) == sequence)
            for bit in 0..<64 { #expect(HeadCode.sequence(word ^ 1 << UInt64(bit)) == nil, "bit \(bit)") }
        }
        #expect(HeadCode.sequence(0) == nil)
        #expect(HeadCode.word(0x0102_0304_0506) == 0xB6D4_0102_0304_0506)
    }

    @Test func aFlippedHeadIsNamedAndCountsAsLost() async throws {
        let log = try StorageLog()
        try await log.append([[draft("A", id: "1")], [draft("B", id: "2")]])
        let path = log.directory.appending("head")
        let bytes = try log.bytes(of: path)
        for bit in 0..<64 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            try log.write(flipped, to: path)
            let reader = try log.reader()
            #expect(reader.head == 2)
            #expect(try reader.verify(deep: true).map(\.structure) == [.head])
        }
        await (try log.open()).close()
        #expect(try log.bytes(of: path) == bytes)
        #expect(try log.reader().verify(deep: true) == [])
    }
}
