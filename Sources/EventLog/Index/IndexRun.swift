import Synchronization
import SystemPackage

/// One complete run file, open for reading.
final class IndexRun: Sendable {
    /// What its header says.
    let header: RunHeader
    /// How many filter lines were read from disk because the filter is not in memory.
    let filterReads = Atomic<Int>(0)
    private let file: IndexFile
    private let seed: UInt32

    /// A run whose header is known: one just read, or that of a file still being written.
    init(file: IndexFile, header: RunHeader) {
        self.file = file
        self.header = header
        seed = header.seed
    }

    /// Where the file is.
    var path: FilePath { file.path }

    /// The name of the file.
    var name: String { RunHeader.name(range) }

    /// Whether the file still has a name: false once another was renamed over it, or it was removed.
    var isLinked: Bool { file.isLinked }

    /// The sequences it covers.
    var range: Range<UInt64> { header.range }

    /// Bytes of both filters.
    var filterBytes: Int {
        RunSection.allCases.reduce(0) { $0 + header.section($1).filterLines * BloomFilter.lineBytes }
    }

    /// Opens the run of this name and checks its header; blocks are checked as they are read.
    static func open(
        _ name: String, folder: IndexFolder, range: Range<UInt64>, logID: [UInt8]
    ) throws(IndexError) -> IndexRun {
        let file = try folder.open(name)
        let byteCount = try file.byteCount()
        var bytes = [UInt8](repeating: 0, count: min(RunHeader.byteCount, byteCount))
        try Self.read(file, into: &bytes, at: 0)
        let header = try RunHeader(
            bytes, path: file.path, range: range, fileBytes: byteCount, logID: logID)
        return IndexRun(file: file, header: header)
    }

    // MARK: Blocks

    /// Calls `body` with block `number` of a section, read and checked.
    func withBlock<Result>(
        _ section: RunSection, _ number: Int, _ body: (PackedBlock) throws(IndexError) -> Result
    ) throws(IndexError) -> Result {
        let answer = withUnsafeTemporaryAllocation(
            byteCount: PackedBlock.byteCount + PackedBlock.slack, alignment: 16
        ) { buffer in
            Swift.Result { () throws(IndexError) in
                let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(PackedBlock.byteCount))
                let offset = header.blocksOffset(section) + number * PackedBlock.byteCount
                try file.read(into: bytes, at: offset)
                return try body(block(UnsafeRawBufferPointer(buffer), section, number))
            }
        }
        return try answer.get()
    }

    /// Reads up to `count` blocks from `number` on into `rows`, in order, replacing what it held.
    func readRows(
        _ section: RunSection, blocks: Range<Int>, into rows: inout [PackedRow]
    ) throws(IndexError) {
        rows.removeAll(keepingCapacity: true)
        var bytes = [UInt8](repeating: 0, count: blocks.count * PackedBlock.byteCount + PackedBlock.slack)
        try Self.read(
            file, into: &bytes, at: header.blocksOffset(section) + blocks.lowerBound * PackedBlock.byteCount,
            count: blocks.count * PackedBlock.byteCount)
        let failure: IndexError? = bytes.withUnsafeBytes { bytes in
            for (index, number) in blocks.enumerated() {
                let part = UnsafeRawBufferPointer(rebasing: bytes[(index * PackedBlock.byteCount)...])
                do throws(IndexError) {
                    let block = try block(part, section, number)
                    for row in 0..<block.count { rows.append(block.row(row)) }
                } catch { return error }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private func block(
        _ bytes: UnsafeRawBufferPointer, _ section: RunSection, _ number: Int
    ) throws(IndexError) -> PackedBlock {
        do throws(PackedBlock.Damage) {
            return try PackedBlock(bytes, section: section, number: number, seed: seed)
        } catch {
            throw damage(section, block: number, error.message)
        }
    }

    /// The error for a damaged block.
    func damage(_ section: RunSection, block number: Int, _ message: String) -> IndexError {
        let offset = header.blocksOffset(section) + number * PackedBlock.byteCount
        return IndexError(
            code: .damaged, message: message, path: path, offset: UInt64(offset),
            structure: "block \(number) of \(section.name)")
    }

    // MARK: Looking up

    /// The rows of a section with this key, in the section's order.
    ///
    /// Hashes are uniform, so a guess from the key finds the block in one or two reads; should the file be odd, halving
    /// takes over.
    /// - Parameter memory: of this section, for many keys in ascending order.
    func rows(
        _ section: RunSection, key: UInt64, memory: BlockMemory? = nil
    ) throws(IndexError) -> [PackedRow] {
        var low = 0
        var high = header.section(section).blocks - 1
        var lowKey: UInt64 = 0
        var highKey = section.key(.max)
        var guesses = 0
        while low <= high {
            var middle = low + (high - low) / 2
            if guesses < 6, highKey > lowKey {
                let share = Double(key - lowKey) / Double(highKey - lowKey)
                middle = min(high, low + Int(share * Double(high - low + 1)))
            }
            guesses += 1
            let (first, last, found) = try matches(section, block: middle, key, memory)
            if key < first {
                high = middle - 1
                highKey = first
            } else if key > last {
                low = middle + 1
                lowKey = last
            } else {
                return try extend(
                    found, section, key, from: middle, isFirst: key == first, isLast: key == last, memory)
            }
        }
        return []
    }

    private func matches(
        _ section: RunSection, block number: Int, _ key: UInt64, _ memory: BlockMemory?
    ) throws(IndexError) -> (first: UInt64, last: UInt64, found: [PackedRow]) {
        if let memory { return try memory.matches(of: self, block: number, key) }
        return try withBlock(section, number) { block throws(IndexError) in Self.matches(in: block, key) }
    }

    private static func matches(in block: PackedBlock, _ key: UInt64) -> (UInt64, UInt64, [PackedRow]) {
        let first = block.key(0)
        let last = block.key(block.count - 1)
        var found: [PackedRow] = []
        guard key >= first, key <= last else { return (first, last, found) }
        var index = block.lowerBound(key)
        while index < block.count, block.key(index) == key {
            found.append(block.row(index))
            index += 1
        }
        return (first, last, found)
    }

    /// Adds the matches in the blocks before and after, if the key is at a border of its block.
    private func extend(
        _ found: [PackedRow], _ section: RunSection, _ key: UInt64, from middle: Int, isFirst: Bool, isLast: Bool,
        _ memory: BlockMemory?
    ) throws(IndexError) -> [PackedRow] {
        var found = found
        var number = middle - 1
        var goOn = isFirst
        while goOn, number >= 0 {
            let (first, _, more) = try matches(section, block: number, key, memory)
            found = more + found
            goOn = !more.isEmpty && first == key
            number -= 1
        }
        number = middle + 1
        goOn = isLast
        while goOn, number < header.section(section).blocks {
            let (_, last, more) = try matches(section, block: number, key, memory)
            found += more
            goOn = !more.isEmpty && last == key
            number += 1
        }
        return found
    }

    // MARK: Filters

    /// Whether the section may hold this hash (as `RunSection.hash` gives it), from one line read from disk.
    func mayContain(_ section: RunSection, hash: UInt64) throws(IndexError) -> Bool {
        let lines = header.section(section).filterLines
        guard lines > 0 else { return false }
        let number = BloomFilter.line(hash, lines: lines)
        let offset = header.filterOffset(section) + number * BloomFilter.lineBytes
        let answer = withUnsafeTemporaryAllocation(byteCount: BloomFilter.lineBytes, alignment: 16) { line in
            Swift.Result { () throws(IndexError) in
                try file.read(into: line, at: offset)
                let line = UnsafeRawBufferPointer(line)
                guard BloomFilter.isIntact(line, number: number, seed: seed), let start = line.baseAddress else {
                    throw damage(section, filterLine: number)
                }
                return BloomFilter.mayContain(start, BloomFilter.Probe(hash))
            }
        }
        return try answer.get()
    }

    /// The whole filter of a section, checked.
    func loadFilter(_ section: RunSection) throws(IndexError) -> FilterMemory {
        let lines = header.section(section).filterLines
        return FilterMemory(bytes: try filterBytes(section, lines: 0..<lines))
    }

    /// Some lines of a section's filter, checked.
    func filterBytes(_ section: RunSection, lines: Range<Int>) throws(IndexError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: lines.count * BloomFilter.lineBytes)
        try Self.read(
            file, into: &bytes, at: header.filterOffset(section) + lines.lowerBound * BloomFilter.lineBytes)
        let damaged = bytes.withUnsafeBytes { bytes in
            lines.first { number in
                let start = (number - lines.lowerBound) * BloomFilter.lineBytes
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + BloomFilter.lineBytes)])
                return !BloomFilter.isIntact(line, number: number, seed: seed)
            }
        }
        if let damaged { throw damage(section, filterLine: damaged) }
        return bytes
    }

    /// The error for a damaged filter line.
    func damage(
        _ section: RunSection, filterLine number: Int, _ message: String = "its checksum does not match"
    ) -> IndexError {
        IndexError(
            code: .damaged, message: message, path: path,
            offset: UInt64(header.filterOffset(section) + number * BloomFilter.lineBytes),
            structure: "filter line \(number) of \(section.name)")
    }

    private static func read(
        _ file: IndexFile, into bytes: inout [UInt8], at offset: Int, count: Int? = nil
    ) throws(IndexError) {
        let result = bytes.withUnsafeMutableBytes { bytes in
            Swift.Result { () throws(IndexError) in
                try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(count ?? bytes.count)), at: offset)
            }
        }
        try result.get()
    }
}
