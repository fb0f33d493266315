import Foundation
import Testing

@testable import EventLog

@Suite struct StorageFormatTests {
    @Test func headerBytes() throws {
        let header = SegmentHeader(
            identity: LogIdentity(bytes: (0..<16).map { UInt8($0 + 1) }), features: LogFeatures(optional: 1),
            firstSequence: 7, lineage: [UInt8](repeating: 0xAB, count: 32), recordedFloor: Instant(microseconds: -2))
        let bytes = header.encoded()
        #expect(bytes.count == 104)
        #expect(Array(bytes[..<16]) == [0x54, 0x2A, 0x4D, 0x18, 96, 0, 0, 0] + Array("TLH1".utf8) + [1, 0, 0, 0])
        #expect(Array(bytes[16..<32]) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(bytes[48..<64]) == [7, 0, 0, 0, 0, 0, 0, 0, 0xFE, 255, 255, 255, 255, 255, 255, 255])
        #expect(SegmentHeader.decode(bytes) == .header(header))
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                if case .header = SegmentHeader.decode(flipped) {
                    Issue.record("bit \(bit) of byte \(index) unnoticed")
                }
            }
        }
    }

    @Test func unknownVersionsAndFeaturesAreRefusedOptionalOnesIgnored() throws {
        var header = SegmentHeader(
            identity: LogIdentity(bytes: [UInt8](repeating: 1, count: 16)),
            features: LogFeatures(required: 4, optional: 1 << 40),
            firstSequence: 0, lineage: [UInt8](repeating: 0, count: 32), recordedFloor: Instant(microseconds: .min))
        #expect(SegmentHeader.decode(header.encoded()) == .unknownFeatures(4))
        header.features.required = 0
        #expect(SegmentHeader.decode(header.encoded()) == .header(header))
        var other = header.encoded()
        other[12] = 2
        // A flipped bit makes no other version; a header that checks as one does.
        #expect(SegmentHeader.decode(other) == .damaged)
        let check = CRC32.checksum(other[8..<100])
        other.replaceSubrange(100..<104, with: withUnsafeBytes(of: check.littleEndian) { Array($0) })
        #expect(SegmentHeader.decode(other) == .otherVersion(2))
    }

    @Test func batchBytesAreAsDocumented() throws {
        var batch = BatchBuilder(firstSequence: 5)
        let recorded = Instant(microseconds: 1_772_353_801_482_113)
        batch.add(
            draft("C-1", id: "a", time: "2026-03-01T08:30:00Z"), sequence: 5, recordedTime: recorded,
            keys: BatchBuilder.Keys(subject: KeyedHash(logID: []).subject("C-1"), version: 1))
        batch.add(
            draft(nil, type: "x", data: nil), sequence: 6, recordedTime: recorded, keys: BatchBuilder.Keys())
        let id = (0..<16).map { UInt8($0 + 1) }
        let (bytes, head) = try #require(batch.encoded(logID: id, level: .fast))
        let lengths = batch.entries.map { $0.lineEnd - $0.lineStart + 1 }
        let columns: [UInt8] =
            [18] + Array("purchase.completed".utf8) + [1] + Array("x".utf8)
            // Line lengths, types, subject lengths, the one subject's offset, data offsets, recordedtimes.
            + [
                UInt8(lengths[0] & 0x7F) | 0x80, UInt8(lengths[0] >> 7), UInt8(lengths[1] & 0x7F) | 0x80,
                UInt8(lengths[1] >> 7),
            ]
            + [0, 1, 3, 0, UInt8(batch.entries[0].subjectOffset)]
            + [UInt8(batch.entries[0].dataOffset & 0x7F) | 0x80, UInt8(batch.entries[0].dataOffset >> 7), 0]
            // Both recorded at the batch's least time; unit: minutes; the second event has no time of its own.
            + [0, 0, 3, 1, 0]
        #expect(Array(bytes[96..<head.directoryBytes]) == columns)
        #expect(
            Array(bytes[..<12]) == [0x54, 0x2A, 0x4D, 0x18, UInt8(88 + columns.count), 0, 0, 0] + Array("TLD1".utf8))
        #expect(
            Array(bytes[32..<48]) == [
                5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, UInt8(batch.lines.count & 0xFF), UInt8(batch.lines.count >> 8), 0,
                0,
            ])
        #expect(Array(bytes[head.directoryBytes..<(head.directoryBytes + 4)]) == [0x04, 0x22, 0x4D, 0x18])
        let directory = try #require(bytes.withUnsafeBytes { BatchDirectory.decode($0, logID: id) })
        #expect(directory.entries == batch.entries)
        #expect(directory.types == ["purchase.completed", "x"])
    }

    @Test(arguments: 0..<20) func directoriesRoundTrip(seed: UInt64) throws {
        var random = StorageRandom(seed)
        let batch = Self.batch(&random, count: Int.random(in: 1...400, using: &random))
        let id = [UInt8](repeating: 9, count: 16)
        let level: LineFrame.Level = seed % 2 == 0 ? .fast : .high(4)
        let (bytes, head) = try #require(batch.encoded(logID: id, level: level))
        let directory = try #require(bytes.withUnsafeBytes { BatchDirectory.decode($0, logID: id) })
        #expect(directory.entries == batch.entries)
        #expect(head.totalBytes == bytes.count)
        let frame = Array(bytes[head.directoryBytes...])
        let lines = frame.withUnsafeBytes { LineFrame.decompress($0, rawLength: head.rawLength, using: LZ4Decoder()) }
        #expect(lines == batch.lines)
    }

    /// No bytes make a decoder trap, and no flipped bit of a directory passes.
    @Test(arguments: 0..<6) func garbageIsRefused(seed: UInt64) throws {
        var random = StorageRandom(seed)
        let batch = Self.batch(&random, count: 1 + Int(seed) * 40)
        let id = [UInt8](repeating: 9, count: 16)
        let (bytes, head) = try #require(batch.encoded(logID: id, level: .fast))
        for _ in 0..<2_000 {
            var broken = bytes
            let index = Int.random(in: 0..<head.directoryBytes, using: &random)
            broken[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(broken.withUnsafeBytes { BatchDirectory.decode($0, logID: id) } == nil, "byte \(index)")
            // With its checksum made right, it may decode or not, but must not trap.
            let checked = UInt32.random(in: 0...1, using: &random)
            if checked == 1, index >= 16 {
                let checksum = CRC32.checksum(broken[16..<head.directoryBytes])
                broken.store(u32: checksum, at: 12)
                _ = broken.withUnsafeBytes { BatchDirectory.decode($0, logID: id) }
            }
            var frame = Array(bytes[head.directoryBytes...])
            frame[Int.random(in: frame.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            _ = frame.withUnsafeBytes { LineFrame.decompress($0, rawLength: head.rawLength, using: LZ4Decoder()) }
        }
        for _ in 0..<500 {
            let noise = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            #expect(noise.withUnsafeBytes { BatchDirectory.decode($0, logID: id) } == nil)
            _ = noise.withUnsafeBytes { LineFrame.decompressBlock($0, rawLength: 100) }
        }
    }

    @Test func varints() {
        let values: [UInt64] = [0, 1, 127, 128, 16_383, 16_384, 1 << 32, .max - 1, .max]
        var bytes: [UInt8] = []
        for value in values { bytes.append(varint: value) }
        for value in [Int64.min, -1, 0, 1, .max] { bytes.append(signedVarint: value) }
        bytes.withUnsafeBytes { buffer in
            var reader = ByteReader(buffer)
            for value in values { #expect(reader.varint() == value) }
            for value in [Int64.min, -1, 0, 1, .max] { #expect(reader.signedVarint() == value) }
            #expect(reader.remaining == 0 && !reader.failed)
            #expect(reader.varint() == 0 && reader.failed)
        }
        for wrong in [[UInt8](repeating: 0xFF, count: 11), [UInt8](repeating: 0xFF, count: 9) + [2], [0x80]] {
            wrong.withUnsafeBytes { buffer in
                var reader = ByteReader(buffer)
                _ = reader.varint()
                #expect(reader.failed)
            }
        }
    }

    static func batch(_ random: inout StorageRandom, count: Int) -> BatchBuilder {
        var batch = BatchBuilder(firstSequence: UInt64.random(in: 0..<1 << 40, using: &random))
        var recorded: Int64 = 1_772_353_801_482_113
        for _ in 0..<count {
            recorded += Int64.random(in: 0..<3, using: &random) * Int64.random(in: 0..<1_000_000, using: &random)
            let time = Instant(microseconds: Int64.random(in: 0..<2_000_000_000, using: &random) * 1_000_000)
            let subject =
                Bool.random(using: &random) ? "C-\(random.next() % 50)" : (Bool.random(using: &random) ? nil : "é\"\\")
            batch.add(
                draft(
                    subject, type: "t\(random.next() % 20).x", time: Bool.random(using: &random) ? time.rfc3339 : nil,
                    data: Bool.random(using: &random) ? "{\"v\":\(random.next())}" : nil),
                sequence: batch.nextSequence, recordedTime: Instant(microseconds: recorded),
                keys: BatchBuilder.Keys(subject: subject.map { KeyedHash(logID: []).subject($0) }, version: 1))
        }
        return batch
    }
}

extension BatchBuilder {
    /// Adds the event of a draft, as a request of its own; the keys say which one of its subject's it is.
    mutating func add(_ draft: EventDraft, sequence: UInt64, recordedTime: Instant, keys: Keys) {
        let request = PreparedRequest(AppendRequest(events: [draft]), KeyedHash(logID: []))
        begin(request)
        for event in request.events {
            add(event, of: request, sequence: sequence, recordedTime: recordedTime, keys: keys)
        }
    }
}
