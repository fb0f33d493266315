import SystemPackage
import Testing

@testable import EventLog

@Suite struct IndexLogTests {
    @Test(arguments: [0, 3000, LogIndex.filterBytesMax])
    func answersLikeDictionaries(memoryMax: Int) throws {
        let folder = try IndexTestFolder()
        var random = IndexTestRandom(11)
        var model = IndexModel()
        var index = try folder.open(memoryMax: memoryMax)
        for round in 0..<24 {
            let from = model.next
            let count = round % 7 == 6 ? 4000 : 1 + Int(random.next() % 300)
            let entries = model.grow(by: count, subjectsMax: 400, using: &random)
            try index.addRun(from: from, to: model.next, ids: entries.ids, subjects: entries.subjects)
            #expect(index.coveredTo == model.next)
            if round % 5 == 4 { while try index.mergeIfNeeded() {} }
            if round % 6 == 5 { index = try folder.open(memoryMax: memoryMax) }
            if round % 4 == 3 { #expect(try model.mismatch(index) == nil) }
        }
        while try index.mergeIfNeeded() {}
        #expect(try model.mismatch(index, misses: 5000) == nil)
        #expect(index.verify().isEmpty)
        let statistics = index.statistics()
        // With the last blocks kept, in ascending order and in none.
        let memory = BlockMemory(.ids, runs: statistics.runs)
        for key in model.ids.keys.sorted() + model.ids.keys.prefix(500) {
            #expect(try index.candidates(idHash: key << 24, memory: memory) == model.ids[key])
        }
        #expect(statistics.runs == folder.names.count)
        #expect(statistics.runs < 12)
        #expect(statistics.memoryBytes <= memoryMax)
        #expect(memoryMax < 100_000 || statistics.memoryBytes > 0)
        let reader = try folder.open(.reader, memoryMax: memoryMax)
        #expect(try model.mismatch(reader) == nil)
    }

    @Test func aHashThatFillsManyBlocksIsFoundWhole() throws {
        let folder = try IndexTestFolder()
        let index = try folder.open()
        var ids = (0..<5000).map { IDEntry(hash: 7 << 60 | UInt64($0) % 2, sequence: UInt64($0)) }
        ids += (5000..<8000).map { IDEntry(hash: UInt64($0) << 51, sequence: UInt64($0)) }
        try index.addRun(from: 0, to: 8000, ids: ids, subjects: [])
        #expect(try index.candidates(idHash: 7 << 60) == Array(0..<5000))
        #expect(try index.candidates(idHash: 7 << 60, memory: BlockMemory(.ids, runs: 1)) == Array(0..<5000))
        #expect(try index.candidates(idHash: 7 << 60 | 1 << 24) == [])
        for entry in ids[5000...] { #expect(try index.candidates(idHash: entry.hash) == [entry.sequence]) }
        for hash: UInt64 in [0, 1, .max, .max - 1, (7 << 60) - (1 << 24)] {
            #expect(try index.candidates(idHash: hash) == [])
        }
        #expect(index.verify().isEmpty)
    }

    @Test func extremeValuesAreKept() throws {
        let folder = try IndexTestFolder()
        let index = try folder.open()
        let ids = [IDEntry(hash: .max, sequence: .max - 1), IDEntry(hash: 0, sequence: 0)]
        let subjects = [
            SubjectEntry(hash: .max, check: .max, lastSequence: .max - 1, version: .max, newestSegment: 0),
            SubjectEntry(hash: 0, check: 0, lastSequence: 0, version: 0, newestSegment: .max),
        ]
        try index.addRun(from: 0, to: .max, ids: ids, subjects: subjects)
        #expect(index.coveredTo == .max)
        let again = try folder.open(.reader)
        #expect(try again.candidates(idHash: .max) == [.max - 1])
        #expect(try again.candidates(idHash: 0) == [0])
        #expect(try again.subjects(hash: .max) == [subjects[0]])
        #expect(try again.subjects(hash: 0, check: 0) == [subjects[1]])
        #expect(again.verify().isEmpty)
    }

    @Test func anEmptyRunCoversItsRange() throws {
        let folder = try IndexTestFolder()
        let index = try folder.open()
        try index.addRun(from: 0, to: 10, ids: [], subjects: [])
        #expect(index.coveredTo == 10)
        #expect(try index.candidates(idHash: 5) == [])
        #expect(try folder.open(.reader).coveredTo == 10)
        #expect(index.verify().isEmpty)
    }

    @Test func whatContradictsItselfIsRefused() throws {
        let folder = try IndexTestFolder()
        let index = try folder.open()
        let id = IDEntry(hash: 1, sequence: 10)
        let subject = SubjectEntry(hash: 1, check: 1, lastSequence: 10, version: 1, newestSegment: 0)
        func refuses(_ from: UInt64, _ to: UInt64, _ ids: [IDEntry], _ subjects: [SubjectEntry]) {
            let error = #expect(throws: IndexError.self) {
                try index.addRun(from: from, to: to, ids: ids, subjects: subjects)
            }
            #expect(error?.code == .invalidArgument)
        }
        refuses(5, 5, [], [])
        refuses(6, 5, [], [])
        refuses(0, 10, [id], [])
        refuses(11, 12, [id], [])
        refuses(0, 10, [], [subject])
        #expect(folder.names.isEmpty)
        let reader = try folder.open(.reader)
        #expect(throws: IndexError.self) { try reader.addRun(from: 0, to: 1, ids: [], subjects: []) }
        #expect(throws: IndexError.self) { try reader.mergeIfNeeded() }
        #expect(throws: IndexError.self) { try reader.drop(folder.path.appending("x")) }
    }

    @Test func aReaderChangesNothingAndNeedsNoFolder() throws {
        let folder = try IndexTestFolder()
        let missing = folder.path.appending("missing")
        let index = try LogIndex.open(directory: missing, logID: indexTestLogID)
        #expect(index.coveredTo == 0)
        #expect(try index.candidates(idHash: 1) == [])
        #expect(folder.names.isEmpty)
        try folder.write([1], to: RunHeader.name(0..<5) + ".tmp")
        _ = try folder.open(.reader)
        #expect(folder.names.count == 1)
        _ = try folder.open(.writer)
        #expect(folder.names.isEmpty)
    }

    @Test func aReaderFollowsTheWriter() throws {
        let folder = try IndexTestFolder()
        var random = IndexTestRandom(12)
        var model = IndexModel()
        let writer = try folder.open()
        let reader = try folder.open(.reader)
        for round in 0..<12 {
            let from = model.next
            let before = model
            let entries = model.grow(by: 100, subjectsMax: 50, using: &random)
            try writer.addRun(from: from, to: model.next, ids: entries.ids, subjects: entries.subjects)
            if round % 4 == 3 { #expect(try writer.mergeIfNeeded()) }
            // The files it holds are gone by now, and still give what they gave.
            #expect(try before.mismatch(reader) == nil)
            try reader.reload()
            #expect(reader.coveredTo == model.next)
            #expect(try model.mismatch(reader) == nil)
        }
    }

    @Test func readersAndTheWriterWorkAtOnce() async throws {
        let folder = try IndexTestFolder()
        let writer = try folder.open()
        try writer.addRun(from: 0, to: 1, ids: [IDEntry(hash: indexTestHash(0), sequence: 0)], subjects: [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<3 {
                group.addTask {
                    var random = IndexTestRandom(UInt64(seed))
                    let index = seed == 0 ? writer : try folder.open(.reader)
                    var last: UInt64 = 0
                    while last < 20_000 {
                        if seed != 0 { try index.reload() }
                        let covered = index.coveredTo
                        #expect(covered >= last)
                        last = covered
                        for _ in 0..<50 {
                            let sequence = random.next() % covered
                            #expect(try index.candidates(idHash: indexTestHash(sequence)) == [sequence])
                            #expect(try index.candidates(idHash: random.next()) == [])
                        }
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                while writer.coveredTo < 20_000 {
                    _ = try writer.mergeIfNeeded()
                    await Task.yield()
                }
            }
            group.addTask {
                var next: UInt64 = 1
                while next < 20_000 {
                    let end = min(next + 100, 20_000)
                    let ids = (next..<end).map { IDEntry(hash: indexTestHash($0), sequence: $0) }
                    try writer.addRun(from: next, to: end, ids: ids, subjects: [])
                    next = end
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(writer.verify().isEmpty)
        #expect(writer.statistics().ids == 20_000)
    }

    @Test func anInterruptedMergeLosesAndDoublesNothing() throws {
        let folder = try IndexTestFolder()
        var random = IndexTestRandom(13)
        var model = IndexModel()
        let writer = try folder.open()
        for _ in 0..<4 {
            let from = model.next
            let entries = model.grow(by: 500, subjectsMax: 50, using: &random)
            try writer.addRun(from: from, to: model.next, ids: entries.ids, subjects: entries.subjects)
        }
        let inputs = try folder.names.map { ($0, try folder.read($0)) }
        #expect(try writer.mergeIfNeeded())
        let merged = folder.names
        #expect(merged == [RunHeader.name(0..<2000)])
        // As if the process had died before it removed what it joined: all of it, and part of it.
        for kept in [inputs, [inputs[1], inputs[3]]] {
            for (name, bytes) in kept { try folder.write(bytes, to: name) }
            try folder.write([9, 9, 9], to: RunHeader.name(0..<1000) + ".tmp")
            let reader = try folder.open(.reader)
            #expect(try model.mismatch(reader) == nil)
            #expect(folder.names.count == kept.count + 2)
            #expect(reader.verify().isEmpty)
            #expect(try model.mismatch(folder.open(.writer)) == nil)
            #expect(folder.names == merged)
        }
        // A result that was not written whole does not hide what it was made of.
        let whole = try folder.read(merged[0])
        for (name, bytes) in inputs { try folder.write(bytes, to: name) }
        try folder.write(Array(whole.dropLast(10)), to: merged[0])
        #expect(try model.mismatch(folder.open(.reader)) == nil)
        #expect(try folder.open(.reader).verify().count == 1)
        #expect(try model.mismatch(folder.open(.writer)) == nil)
        #expect(folder.names == inputs.map(\.0))
    }

    @Test func aCancelledMergeChangesNothing() throws {
        let folder = try IndexTestFolder()
        let writer = try folder.open()
        for number in 0..<4 as Range<UInt64> {
            let ids = (0..<200).map { IDEntry(hash: indexTestHash($0), sequence: number * 200 + $0) }
            try writer.addRun(from: number * 200, to: number * 200 + 200, ids: ids, subjects: [])
        }
        let names = folder.names
        let error = #expect(throws: IndexError.self) { try writer.mergeIfNeeded(cancelled: { true }) }
        #expect(error?.code == .cancelled)
        #expect(folder.names == names)
        #expect(try writer.mergeIfNeeded())
        #expect(try !writer.mergeIfNeeded())
        #expect(folder.names.count == 1)
    }

    @Test func aDroppedRunIsBuiltAgain() throws {
        let folder = try IndexTestFolder()
        let writer = try folder.open()
        func add(_ from: UInt64, _ to: UInt64) throws {
            let ids = (from..<to).map { IDEntry(hash: indexTestHash($0), sequence: $0) }
            try writer.addRun(from: from, to: to, ids: ids, subjects: [])
        }
        try add(0, 100)
        try add(100, 200)
        try add(200, 300)
        try writer.drop(folder.path.appending(RunHeader.name(100..<200)))
        #expect(writer.coveredTo == 100)
        #expect(writer.missing(upTo: 350) == [100..<200, 300..<350])
        #expect(try writer.candidates(idHash: indexTestHash(150)) == [])
        #expect(try writer.candidates(idHash: indexTestHash(250)) == [250])
        #expect(try folder.open(.reader).missing(upTo: 300) == [100..<200])
        try add(100, 150)
        try add(150, 200)
        #expect(writer.coveredTo == 300)
        for sequence in 0..<300 as Range<UInt64> {
            #expect(try writer.candidates(idHash: indexTestHash(sequence)) == [sequence])
        }
        // In place of a run of the same range, or of narrower ones.
        try add(100, 150)
        try add(0, 200)
        #expect(folder.names == [RunHeader.name(0..<200), RunHeader.name(200..<300)])
        try add(190, 310)
        #expect(writer.coveredTo == 310)
        #expect(try writer.candidates(idHash: indexTestHash(195)) == [195])
        try writer.dropRuns(past: 305)
        #expect(writer.coveredTo == 200)
        #expect(folder.names == [RunHeader.name(0..<200)])
    }
}

/// The hash that the tests give the id of an event.
func indexTestHash(_ sequence: UInt64) -> UInt64 {
    var random = IndexTestRandom(sequence)
    return random.next()
}
