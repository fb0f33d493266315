import Testing

@testable import EventLog

@Suite struct IndexBlockTests {
    @Test(arguments: RunSection.allCases)
    func packedRowsAreReadBack(section: RunSection) throws {
        var random = IndexTestRandom(UInt64(section.rawValue) + 7)
        for round in 0..<60 {
            // Widths from 0 to 64 bits, drawn anew for each block.
            let shifts = (0..<5).map { _ in random.next() % 65 }
            var builder = PackedBlockBuilder(section: section)
            var rows: [PackedRow] = []
            while true {
                let values = shifts.map { random.next() >> $0 }
                let row =
                    section == .ids
                    ? PackedRow(key: values[0], second: values[1])
                    : PackedRow(
                        key: values[0], second: values[1], third: values[2], fourth: values[3], fifth: values[4])
                guard rows.count < 5000, builder.add(row) else { break }
                rows.append(row)
            }
            #expect(builder.rows == rows)
            var bytes: [UInt8] = [1, 2, 3]
            builder.pack(into: &bytes, number: round, seed: 99)
            #expect(bytes.count == 3 + PackedBlock.byteCount)
            bytes += [UInt8](repeating: 0xFF, count: PackedBlock.slack)
            try bytes[3...].withUnsafeBytes { bytes in
                let block = try PackedBlock(bytes, section: section, number: round, seed: 99)
                #expect(block.count == rows.count)
                #expect((0..<block.count).map { block.row($0) } == rows)
                #expect((0..<block.count).map { block.key($0) } == rows.map(\.key))
                #expect(throws: PackedBlock.Damage.self) {
                    try PackedBlock(bytes, section: section, number: round, seed: 98)
                }
                #expect(throws: PackedBlock.Damage.self) {
                    try PackedBlock(bytes, section: section, number: round + 1, seed: 99)
                }
            }
        }
    }

    @Test func garbageWithAGoodChecksumIsRefusedOrReadWithinBounds() {
        var random = IndexTestRandom(3)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = [UInt8](repeating: 0, count: PackedBlock.byteCount + PackedBlock.slack)
            for index in 0..<80 { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
            // Right where luck would hardly ever be: number, section, columns; and often small widths.
            bytes.replaceSubrange(4..<10, with: [5, 0, 0, 0, 0, 2])
            if random.next() % 2 == 0 {
                bytes[11] = 0
                for index in 32..<40 { bytes[index] &= 0x1F }
            }
            let checksum = CRC32.checksum(bytes[4..<PackedBlock.byteCount], continuing: 1)
            for byte in 0..<4 { bytes[byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
            bytes.withUnsafeBytes { bytes in
                guard let block = try? PackedBlock(bytes, section: .ids, number: 5, seed: 1) else { return }
                accepted += 1
                _ = (block.row(0), block.row(block.count - 1), block.lowerBound(random.next()))
            }
        }
        #expect(accepted > 100)
    }

    @Test func aFilterHoldsItsKeysAndFewOthers() {
        var random = IndexTestRandom(4)
        for count in [1, 2, 50, 51, 52, 1000, 50_000] {
            let hashes = (0..<count).map { _ in random.next() }.sorted()
            var builder = FilterBuilder(keys: count, seed: 5)
            var bytes: [UInt8] = []
            for hash in hashes { builder.add(hash, output: &bytes) }
            builder.finish(output: &bytes)
            let lines = BloomFilter.lines(keys: count)
            #expect(bytes.count == lines * BloomFilter.lineBytes)
            let memory = FilterMemory(bytes: bytes)
            func mayContain(_ hash: UInt64) -> Bool { memory.view.mayContain(hash, BloomFilter.Probe(hash)) }
            #expect(hashes.allSatisfy(mayContain))
            let passing = (0..<20_000).filter { _ in mayContain(random.next()) }.count
            // A filter of one line has far fewer keys or a chance excess; the long ones are what counts.
            #expect(count < 1000 || passing < 20_000 * 25 / 1000, "\(passing) of 20000 at \(count) keys")
            bytes.withUnsafeBytes { bytes in
                for number in 0..<min(lines, 100) {
                    let line = UnsafeRawBufferPointer(rebasing: bytes[(number * 64)..<(number * 64 + 64)])
                    #expect(BloomFilter.isIntact(line, number: number, seed: 5))
                    #expect(!BloomFilter.isIntact(line, number: number + 1, seed: 5))
                }
            }
        }
    }

    @Test func anEmptyFilterHoldsNothing() {
        var builder = FilterBuilder(keys: 0, seed: 5)
        var bytes: [UInt8] = []
        builder.add(7, output: &bytes)
        builder.finish(output: &bytes)
        #expect(bytes.isEmpty)
        #expect(!FilterMemory(bytes: bytes).view.mayContain(7, BloomFilter.Probe(7)))
    }
}
