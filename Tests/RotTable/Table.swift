/// What became of the flips of one structure.
package struct Row: Sendable {
    /// How many bits were turned, one at a time.
    package var flips = 0
    /// Those that `verify` named, with file, structure, place and events.
    package var found = 0
    /// Those that made a read fail too.
    package var failedReads = 0
    /// Those after which everything reads as before, and that `verify` does not name.
    package var harmless = 0
    /// Those that are neither: must be 0.
    package var missed = 0

    fileprivate mutating func add(_ other: Row) {
        flips += other.flips
        found += other.found
        failedReads += other.failedReads
        harmless += other.harmless
        missed += other.missed
    }
}

/// Turns bits of a log, one at a time, and looks whether each is noticed or does not matter.
package struct RotTable: Sendable {
    /// The rows, by structure, in the order in which structures first come.
    package private(set) var rows: [(name: String, row: Row)] = []
    /// What was missed, for people; the first few.
    package private(set) var misses: [String] = []
    private static let missesOfARowMax = 2

    /// An empty table.
    package init() {}

    /// All rows together.
    package var sum: Row { rows.reduce(into: Row()) { $0.add($1.row) } }

    /// Turns about `flips` bits of a log: every bit of small structures, of others a sample of equal size each.
    ///
    /// - Parameters:
    ///   - seed: of the sample; the same seed turns the same bits.
    ///   - share: part and number of parts: this call turns only every so many of them.
    package mutating func run(
        _ log: SampleLog, flips: Int, seed: UInt64, share: (part: Int, of: Int) = (0, 1)
    ) async throws {
        let stretches = Structures(of: log).stretches
        let trial = try Trial(log)
        for (number, flip) in Self.sample(stretches, flips: flips, seed: seed).enumerated() {
            let name = stretches[flip.stretch].row
            if !rows.contains(where: { $0.name == name }) { rows.append((name, Row())) }
            guard number % share.of == share.part else { continue }
            let (row, miss) = try await trial.flip(stretches[flip.stretch], bit: flip.bit, number: number)
            if let index = rows.firstIndex(where: { $0.name == name }) { rows[index].row.add(row) }
            let known = rows.first { $0.name == name }?.row.missed ?? 0
            if let miss, known <= Self.missesOfARowMax { misses.append("\(log.name) \(miss)") }
        }
    }

    /// The table of a log of this shape, by so many tasks at once.
    package static func make(
        _ shape: SampleLog.Shape, flips: Int, seed: UInt64, parts: Int = 1
    ) async throws -> RotTable {
        let log = try await SampleLog.make(shape)
        return try await withThrowingTaskGroup(of: (part: Int, table: RotTable).self) { group in
            for part in 0..<parts {
                group.addTask {
                    var table = RotTable()
                    try await table.run(log, flips: flips, seed: seed, share: (part, parts))
                    return (part, table)
                }
            }
            var tables: [(part: Int, table: RotTable)] = []
            for try await table in group { tables.append(table) }
            return tables.sorted { $0.part < $1.part }.reduce(into: RotTable()) { $0.merge($1.table) }
        }
    }

    /// Adds what another part has found.
    package mutating func merge(_ other: RotTable) {
        for (name, row) in other.rows {
            if let index = rows.firstIndex(where: { $0.name == name }) {
                rows[index].row.add(row)
            } else {
                rows.append((name, row))
            }
        }
        misses += other.misses
    }

    private static func sample(
        _ stretches: [Stretch], flips: Int, seed: UInt64
    ) -> [(stretch: Int, bit: Int)] {
        var random = SplitMix(state: seed)
        var chosen: [(stretch: Int, bit: Int)] = []
        let byRow = Dictionary(grouping: stretches.indices) { stretches[$0].row }
        let names = stretches.map(\.row).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let each = max(1, flips / names.count)
        for name in names {
            let places = byRow[name] ?? []
            // Of a small structure one is taken in whole, and of its likes a sample, as of all others.
            let whole = places.first { stretches[$0].isSmall }
            if let whole, stretches[whole].bytes.count * 8 <= each {
                chosen += (stretches[whole].bytes.lowerBound * 8..<stretches[whole].bytes.upperBound * 8)
                    .map { (whole, $0) }
            }
            let done = chosen.count { stretches[$0.stretch].row == name }
            for _ in 0..<max(0, each - done) {
                guard let place = places.randomElement(using: &random) else { break }
                let bytes = stretches[place].bytes
                chosen.append((place, Int.random(in: bytes.lowerBound * 8..<bytes.upperBound * 8, using: &random)))
            }
        }
        return chosen
    }
}

/// A small seeded generator (splitmix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
