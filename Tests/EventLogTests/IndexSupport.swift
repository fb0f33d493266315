import SystemPackage

@testable import EventLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A folder of a test's own, removed with the value.
final class IndexTestFolder: Sendable {
    let path: FilePath
    let files = SystemFiles()

    init() throws {
        var random = SystemRandomNumberGenerator()
        let name = "touchline-index-" + String(UInt64.random(in: .min ... .max, using: &random), radix: 36)
        path = FilePath("/tmp").appending(name)
        try files.makeDirectory(path)
    }

    deinit {
        for name in (try? files.list(path)) ?? [] { try? files.unlink(path.appending(name)) }
        _ = path.withPlatformString { rmdir($0) }
    }

    var names: [String] { ((try? files.list(path)) ?? []).sorted() }

    func read(_ name: String) throws -> [UInt8] {
        let file = try files.open(path.appending(name), .read)
        return try file.readBytes(at: 0, count: Int(file.size()))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try files.open(path.appending(name), .create).writeFully(bytes, at: 0)
    }

    func open(
        _ role: LogIndex.Role = .writer, firstSequence: UInt64 = 0, memoryMax: Int = LogIndex.filterBytesMax
    ) throws -> LogIndex {
        try LogIndex.open(
            directory: path, logID: indexTestLogID, role: role, firstSequence: firstSequence, memoryMax: memoryMax)
    }
}

let indexTestLogID: [UInt8] = Array(0..<16)

/// A fast generator that a seed repeats (SplitMix64).
struct IndexTestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What an index must answer, in dictionaries.
struct IndexModel {
    var ids: [UInt64: [UInt64]] = [:]
    var subjects: [UInt64: [UInt32: SubjectEntry]] = [:]
    var next: UInt64 = 0

    /// Adds made-up events and gives their entries.
    ///
    /// Some hashes come again, in full or in their kept bits only.
    mutating func grow(
        by count: Int, subjectsMax: UInt64, using random: inout IndexTestRandom
    ) -> (ids: [IDEntry], subjects: [SubjectEntry]) {
        let from = next
        var ids: [IDEntry] = []
        var newest: [SubjectHash: SubjectEntry] = [:]
        for _ in 0..<count {
            var hash = random.next()
            if random.next() % 20 == 0, let known = ids.randomElement(using: &random) {
                hash = known.hash ^ (random.next() % 2)
            }
            if random.next() % 10 != 0 {
                ids.append(IDEntry(hash: hash, sequence: next))
                self.ids[hash >> 24, default: []].append(next)
            }
            let number = random.next() % subjectsMax
            // A third of the subjects share their hash with another.
            var subjectRandom = IndexTestRandom(number - number % 3 % 2)
            let subject = SubjectHash(hash: subjectRandom.next(), check: UInt32(truncatingIfNeeded: number))
            let version = subjects[subject.hash]?[subject.check]?.version ?? 0
            let entry = SubjectEntry(subject, lastSequence: next, version: version + 1, newestSegment: from)
            subjects[subject.hash, default: [:]][subject.check] = entry
            newest[subject] = entry
            next += 1
        }
        return (ids.shuffled(using: &random), newest.values.shuffled(using: &random))
    }

    /// Whether the index answers as the model does, for everything in it and for things that are not.
    func mismatch(_ index: LogIndex, misses: Int = 200, seed: UInt64 = 1) throws -> String? {
        for (key, sequences) in ids {
            let found = try index.candidates(idHash: key << 24 | 77)
            if found != sequences { return "id \(key): \(found), not \(sequences)" }
        }
        for (hash, entries) in subjects {
            let expected = entries.values.sorted { $0.lastSequence > $1.lastSequence }
            let found = try index.subjects(hash: hash)
            if found != expected { return "subject \(hash): \(found), not \(expected)" }
            for entry in expected {
                let found = try index.subjects(hash: hash, check: entry.check)
                if found != [entry] { return "subject \(hash), \(entry.check): \(found)" }
            }
            if try !index.subjects(hash: hash, check: 0xFFFF_FFFF).isEmpty { return "a subject that is not there" }
        }
        var random = IndexTestRandom(seed)
        for _ in 0..<misses {
            let hash = random.next()
            if ids[hash >> 24] == nil, try !index.candidates(idHash: hash).isEmpty { return "an id that is not there" }
            if subjects[hash] == nil, try !index.subjects(hash: hash).isEmpty { return "a subject not there" }
        }
        return nil
    }
}
