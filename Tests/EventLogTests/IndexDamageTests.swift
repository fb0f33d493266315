import Synchronization
import SystemPackage
import Testing

@testable import EventLog

@Suite struct IndexDamageTests {
    /// One small run and what it must answer.
    private func makeRun(_ folder: IndexTestFolder) throws -> (name: String, bytes: [UInt8], model: IndexModel) {
        var random = IndexTestRandom(21)
        var model = IndexModel()
        let entries = model.grow(by: 700, subjectsMax: 100, using: &random)
        let writer = try folder.open()
        try writer.addRun(from: 0, to: 700, ids: entries.ids, subjects: entries.subjects)
        let name = RunHeader.name(0..<700)
        return (name, try folder.read(name), model)
    }

    @Test func everyFlippedBitIsFound() throws {
        let folder = try IndexTestFolder()
        let (name, bytes, model) = try makeRun(folder)
        let file = try folder.files.open(folder.path.appending(name), .readWrite)
        var random = IndexTestRandom(22)
        // Of the header's zeros one byte in sixteen is enough.
        for offset in bytes.indices where offset < 128 || offset >= 4088 || offset % 16 == 0 {
            try file.writeFully([bytes[offset] ^ 1 << UInt8(random.next() % 8)], at: UInt64(offset))
            let reader = try folder.open(.reader, memoryMax: offset % 2 == 0 ? 0 : 1 << 20)
            let findings = reader.verify()
            #expect(!findings.isEmpty, "byte \(offset)")
            #expect(findings.allSatisfy { $0.path.lastComponent?.string == name && $0.message != "" })
            if offset < RunHeader.byteCount {
                #expect(reader.coveredTo == 0)
            } else if offset % 16 == 0 {
                do {
                    #expect(try model.mismatch(reader, misses: 10) == nil, "byte \(offset)")
                } catch let error as IndexError {
                    #expect(error.code == .damaged)
                    let start = UInt64(offset - offset % 64)
                    #expect((start - 4096...start + 64).contains(error.offset ?? 0), "\(error), byte \(offset)")
                }
            }
            try file.writeFully([bytes[offset]], at: UInt64(offset))
        }
        #expect(try folder.open(.reader).verify().isEmpty)
    }

    @Test func aDamagedRunIsNamedDroppedAndBuiltAgain() throws {
        let folder = try IndexTestFolder()
        var (name, bytes, _) = try makeRun(folder)
        bytes[5000] ^= 4
        try folder.write(bytes, to: name)
        let writer = try folder.open()
        #expect(writer.coveredTo == 700)
        let error = #expect(throws: IndexError.self) {
            for hash in 0..<300 as Range<UInt64> { _ = try writer.subjects(hash: hash << 55) }
            for number in 0..<700 as Range<UInt64> { _ = try writer.candidates(idHash: number << 54) }
            _ = try writer.candidates(idHash: IndexModelProbe.firstHash)
        }
        #expect(error?.code == .damaged)
        #expect(error?.structure == "block 0 of ids")
        #expect(error?.offset == 4096)
        try writer.drop(try #require(error).path)
        #expect(folder.names.isEmpty)
        #expect(writer.missing(upTo: 700) == [0..<700])
    }

    @Test func aMergeDoesNotSpreadDamage() throws {
        let folder = try IndexTestFolder()
        let writer = try folder.open()
        for number in 0..<4 as Range<UInt64> {
            let ids = (0..<200).map { IDEntry(hash: indexTestHash($0), sequence: number * 200 + $0) }
            try writer.addRun(from: number * 200, to: number * 200 + 200, ids: ids, subjects: [])
        }
        let names = folder.names
        try folder.files.open(folder.path.appending(names[2]), .readWrite).writeFully([0xAA, 0x55], at: 6000)
        let error = #expect(throws: IndexError.self) { try writer.mergeIfNeeded() }
        #expect(error?.code == .damaged)
        #expect(error?.path.lastComponent?.string == names[2])
        #expect(folder.names == names)
        let ids = (0..<200).map { IDEntry(hash: indexTestHash($0), sequence: 400 + $0) }
        try writer.addRun(from: 400, to: 600, ids: ids, subjects: [])
        #expect(try writer.mergeIfNeeded())
        #expect(try writer.candidates(idHash: indexTestHash(7)) == [7, 207, 407, 607])
    }

    @Test func cutAndLengthenedFilesAreLeftOut() throws {
        let folder = try IndexTestFolder()
        let (name, bytes, _) = try makeRun(folder)
        for count in [0, 1, 8, 100, 4095, 4096, 4097, bytes.count / 2, bytes.count - 1] {
            try folder.write(Array(bytes.prefix(count)), to: name)
            let reader = try folder.open(.reader)
            #expect(reader.coveredTo == 0)
            #expect(reader.verify().map(\.structure) == ["header"])
        }
        try folder.write(bytes + [0], to: name)
        #expect(try folder.open(.reader).coveredTo == 0)
        try folder.write(bytes, to: RunHeader.name(0..<701))
        #expect(try folder.open(.reader).verify().count == 2)
        // A writer leaves a file it cannot read where it is, until its range is covered.
        #expect(try folder.open(.writer).coveredTo == 0)
        #expect(folder.names.count == 2)
    }

    @Test func aFileThatShrinksWhileItIsOpenIsAnError() throws {
        let folder = try IndexTestFolder()
        let (name, _, model) = try makeRun(folder)
        let reader = try folder.open(.reader, memoryMax: 0)
        try folder.files.open(folder.path.appending(name), .readWrite).truncate(to: 5000)
        let error = #expect(throws: IndexError.self) { try model.mismatch(reader) }
        #expect(error?.code == .damaged)
    }

    @Test func filesOfAnotherLogOrVersionAreLeftOut() throws {
        let folder = try IndexTestFolder()
        var (name, bytes, _) = try makeRun(folder)
        let other = try LogIndex.open(directory: folder.path, logID: [UInt8](repeating: 9, count: 16))
        #expect(other.coveredTo == 0)
        #expect(other.verify().first?.message == "it belongs to another log")
        bytes[8] = 2
        try folder.write(bytes, to: name)
        #expect(try folder.open(.reader).verify().first?.message == "it has format version 2, not 1")
    }

    @Test func strangeFilesAreLeftAlone() throws {
        let folder = try IndexTestFolder()
        let strange = [
            "x", ".run", "1-2.run", RunHeader.name(0..<5) + "x", "x" + RunHeader.name(0..<5),
            "00000000000000000005-00000000000000000005.run", "00000000000000000009-00000000000000000005.run",
            "-0000000000000000009-00000000000000000005.run", "99999999999999999999-99999999999999999999.run",
        ]
        for name in strange { try folder.write([1], to: name) }
        #expect(try folder.open(.writer).verify().isEmpty)
        #expect(folder.names == strange.sorted())
    }

    @Test func garbageWithGoodChecksumsNeverTraps() throws {
        let folder = try IndexTestFolder()
        let (name, bytes, _) = try makeRun(folder)
        var random = IndexTestRandom(23)
        for round in 0..<1500 {
            var garbage = bytes
            for _ in 0..<(1 + random.next() % 4) {
                // Counts and sizes of the header, or the head of the block of ids or of subjects.
                let place = [48 + random.next() % 48, 4100 + random.next() % 40, 8196 + random.next() % 64]
                let offset = Int(place[round % 3])
                garbage[offset] = UInt8(truncatingIfNeeded: random.next() >> (random.next() % 9))
            }
            IndexDamageTests.seal(&garbage)
            try folder.write(garbage, to: name)
            let reader = try folder.open(.reader, memoryMax: 0)
            if garbage != bytes { _ = reader.verify() }
            for _ in 0..<20 {
                _ = try? reader.candidates(idHash: random.next())
                _ = try? reader.subjects(hash: random.next())
            }
            guard round % 20 < 3 else { continue }
            let writer = try folder.open(.writer)
            for number in 0..<3 as Range<UInt64> {
                try writer.addRun(from: 700 + number, to: 701 + number, ids: [], subjects: [])
            }
            _ = try? writer.mergeIfNeeded()
            for name in folder.names { try folder.files.unlink(folder.path.appending(name)) }
        }
    }

    /// Makes the checksums of the header and of the first two blocks right again.
    private static func seal(_ bytes: inout [UInt8]) {
        let seed = CRC32.checksum(bytes[16..<48])
        func put(_ checksum: UInt32, at offset: Int) {
            for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
        }
        put(CRC32.checksum(bytes[..<4092]), at: 4092)
        put(CRC32.checksum(bytes[4100..<8192], continuing: seed), at: 4096)
        put(CRC32.checksum(bytes[8196..<12288], continuing: seed), at: 8192)
    }
}

private enum IndexModelProbe {
    /// The first hash that `makeRun` draws.
    static var firstHash: UInt64 {
        var random = IndexTestRandom(21)
        return random.next()
    }
}
