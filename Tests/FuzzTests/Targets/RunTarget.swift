import SystemPackage

@testable import EventLog

extension FuzzTarget {
    /// A run of the log-wide index: opening, looking up, checking, joining.
    ///
    /// An input is made longer: a block is given by its first bytes, and the rest of its 4 KiB are zeros.
    package static let run = FuzzTarget(
        name: "run", bytesMax: 2_048,
        check: { bytes in
            var input = FuzzInput(bytes)
            let flags = input.byte()
            let first = SmallRun(&input)
            let second = SmallRun(&input)
            let files = MemoryFiles()
            let directory = FilePath("/index")
            var start: UInt64 = 0
            for run in [first, second] {
                let range = start..<(start + max(1, run.span))
                files.put(run.file(range, mendsFilter: flags & 1 == 0), at: directory.appending(RunHeader.name(range)))
                start = range.upperBound
            }
            try check(directory, files, flags, keys: [0, .max] + first.keys + second.keys)
        },
        seeds: { lines in
            let hash = KeyedHash(logID: SeedLog.logID)
            let drafts = SeedLog.drafts(lines)
            let ids = drafts.enumerated().compactMap { place, draft in
                draft.id.map { IDEntry(hash: hash.id(source: draft.source ?? "", id: $0), sequence: UInt64(place)) }
            }
            var newest: [SubjectHash: UInt64] = [:]
            for (place, draft) in drafts.enumerated() {
                if let subject = draft.subject { newest[hash.subject(subject)] = UInt64(place) }
            }
            let subjects = newest.map { SubjectEntry($0.key, lastSequence: $0.value, version: 1, newestSegment: 0) }
            let span = UInt64(drafts.count)
            return try [0, 1].map { flags in
                [flags] + (try SmallRun.seed(span: span, ids: ids, subjects: subjects))
                    + (try SmallRun.seed(span: span, ids: [], subjects: []))
            }
        })

    private static func check(_ directory: FilePath, _ files: MemoryFiles, _ flags: UInt8, keys: [UInt64]) throws {
        let memoryMax = flags & 2 == 0 ? LogIndex.filterBytesMax : 0
        guard
            let index = try allowingIndexErrors({
                try LogIndex.open(directory: directory, logID: SeedLog.logID, memoryMax: memoryMax, files: files)
            })
        else { return }
        for key in keys {
            _ = try allowingIndexErrors { try index.candidates(idHash: key) }
            _ = try allowingIndexErrors { try index.subjects(hash: key) }
            _ = try allowingIndexErrors { try index.subjects(hash: key, check: UInt32(truncatingIfNeeded: key)) }
        }
        _ = (index.statistics(), index.missing(upTo: 1 << 20))
        let isGood = index.verify().isEmpty
        let runs = index.snapshot.active.map(\.run)
        var rows: [RunSection: [PackedRow]] = [:]
        for run in runs {
            for section in RunSection.allCases {
                var cursor = RunCursor(run, section)
                while let row = try allowingIndexErrors({ try cursor.next() }), let row {
                    rows[section, default: []].append(row)
                }
            }
        }
        if isGood { try checkLookups(index, rows) }
        guard runs.count > 1, flags & 4 == 0 else { return }
        let merged = try allowingIndexErrors {
            try RunMerge.merge(runs, folder: index.folder, logID: SeedLog.logID, cancelled: { false })
        }
        guard isGood else { return }
        try require(merged != nil, "runs that check can be joined")
        try allowingIndexErrors { try index.reload() }
        try require(index.verify().isEmpty, "a run joined of runs that check does so too")
        try checkLookups(index, [.ids: rows[.ids] ?? []])
    }

    /// What stands in the rows of runs that check is found.
    private static func checkLookups(_ index: LogIndex, _ rows: [RunSection: [PackedRow]]) throws {
        for row in (rows[.ids] ?? []).prefix(20) {
            try require(try index.candidates(idHash: row.idEntry.hash).contains(row.second), "an id is found")
        }
        for row in (rows[.subjects] ?? []).prefix(20) {
            let entry = row.subjectEntry
            let found = try index.subjects(hash: entry.hash)
            let known = found.first { $0.check == entry.check }
            try require(known.map { $0.lastSequence >= entry.lastSequence } ?? false, "a subject is found")
        }
    }

    @discardableResult
    private static func allowingIndexErrors<Result>(_ body: () throws -> Result) throws -> Result? {
        do { return try body() } catch is IndexError { return nil }
    }
}

/// A run as an input gives it: how many sequences it spans, and the starts of its blocks.
private struct SmallRun {
    let span: UInt64
    private var rows: [Int] = []
    private var blocks: [[[UInt8]]] = [[], []]
    private var filter: [UInt8]

    init(_ input: inout FuzzInput) {
        span = UInt64(input.number(UInt32.self))
        let counts = [Int(input.byte() % 4), Int(input.byte() % 4)]
        for section in 0..<2 {
            rows.append(Int(input.number(UInt16.self)))
            for _ in 0..<counts[section] {
                let length = Int(input.number(UInt16.self) % UInt16(PackedBlock.byteCount))
                blocks[section].append(input.bytes(length))
            }
        }
        filter = input.bytes(Int(input.byte()))
    }

    /// Numbers that stand in the blocks, as keys to look up.
    var keys: [UInt64] {
        var keys: [UInt64] = []
        for block in blocks.joined() where block.count >= 24 {
            let key = UInt64(Mend.load(block, 16)) | UInt64(Mend.load(block, 20)) << 32
            keys += [key, key << RunSection.ids.droppedBits]
        }
        return keys
    }

    /// The whole file, with its checksums.
    func file(_ range: Range<UInt64>, mendsFilter: Bool) -> [UInt8] {
        var header = RunHeader(logID: SeedLog.logID, range: range)
        var body: [UInt8] = []
        var filters: [UInt8] = []
        for section in RunSection.allCases {
            let blocks = blocks[Int(section.rawValue)]
            let count = max(rows[Int(section.rawValue)], blocks.count)
            let lines = blocks.isEmpty ? 0 : BloomFilter.lines(keys: count)
            header.sections[Int(section.rawValue)] = RunHeader.Section(
                rows: blocks.isEmpty ? 0 : count, blocks: blocks.count, filterLines: lines)
            var builder = FilterBuilder(keys: blocks.isEmpty ? 0 : count, seed: header.seed)
            var hashes: [UInt64] = []
            for (number, block) in blocks.enumerated() {
                let whole = Self.mended(block, section, number, header.seed)
                body += whole
                hashes += Self.hashes(whole, section, number, header.seed)
            }
            guard mendsFilter else {
                filters += Self.lines(filter, lines, header.seed)
                continue
            }
            for hash in hashes.sorted() { builder.add(hash, output: &filters) }
            builder.finish(output: &filters)
        }
        return header.encoded() + body + filters
    }

    private static func mended(_ start: [UInt8], _ section: RunSection, _ number: Int, _ seed: UInt32) -> [UInt8] {
        var block = start + [UInt8](repeating: 0, count: PackedBlock.byteCount - start.count)
        block.store(u32: UInt32(number), at: 4)
        block[8] = section.rawValue
        block[9] = UInt8(section.columns)
        // Rows of no bits may be 65,535 in a block; fewer say the same sooner.
        block[11] &= 0x0F
        if block[10] == 0, block[11] == 0 { block[10] = 1 }
        block.store(u32: CRC32.checksum(block[4...], continuing: seed), at: 0)
        return block
    }

    private static func hashes(_ block: [UInt8], _ section: RunSection, _ number: Int, _ seed: UInt32) -> [UInt64] {
        (block + [UInt8](repeating: 0, count: PackedBlock.slack)).withUnsafeBytes { bytes in
            guard let block = try? PackedBlock(bytes, section: section, number: number, seed: seed) else { return [] }
            return (0..<block.count).map { section.hash(block.key($0)) }
        }
    }

    private static func lines(_ bytes: [UInt8], _ count: Int, _ seed: UInt32) -> [UInt8] {
        var result: [UInt8] = []
        for number in 0..<count {
            var line = Array(bytes.prefix(BloomFilter.lineBytes - 4))
            line += [UInt8](repeating: 0xFF, count: BloomFilter.lineBytes - line.count)
            let checksum = line.withUnsafeBytes { BloomFilter.checksum($0, number: number, seed: seed) }
            line.store(u32: checksum, at: BloomFilter.lineBytes - 4)
            result += line
        }
        return result
    }

    /// The input that gives the run that the engine writes of these entries.
    static func seed(span: UInt64, ids: [IDEntry], subjects: [SubjectEntry]) throws -> [UInt8] {
        let files = MemoryFiles()
        let directory = FilePath("/seed")
        let index = try LogIndex.open(directory: directory, logID: SeedLog.logID, role: .writer, files: files)
        try index.addRun(from: 0, to: span, ids: ids, subjects: subjects)
        let run = index.snapshot.active[0].run
        let file = files.bytes(at: directory.appending(run.name)) ?? []
        var seed: [UInt8] = []
        seed.append(integer: UInt32(span))
        for section in RunSection.allCases { seed.append(UInt8(run.header.section(section).blocks)) }
        for section in RunSection.allCases {
            seed.append(integer: UInt16(run.header.section(section).rows))
            for number in 0..<run.header.section(section).blocks {
                let start = run.header.blocksOffset(section) + number * PackedBlock.byteCount
                var block = file[start..<(start + PackedBlock.byteCount)]
                while block.last == 0 { block.removeLast() }
                seed.append(integer: UInt16(block.count))
                seed += block
            }
        }
        seed.append(0)
        return seed
    }
}
