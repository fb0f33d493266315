/// A block of a run: 4 KiB of sorted rows, each column packed to the bits that the block's values need.
///
/// Layout, lowest byte first:
///
///     0   4  CRC-32 of the bytes 4 to 4095, continued from the run's seed
///     4   4  number of the block in its section
///     8   1  section (0 ids, 1 subjects)
///     9   1  columns c
///     10  2  rows, at least 1
///     12  4  zero
///     16  8c for each column its least value in the block
///     …   8  for each column how many bits a row's excess over that value takes (0 to 64), then zeros
///     …      the rows without gaps: each column's excess in that many bits, lowest bit first; then zeros
///
/// Unsafe for speed. Invariants: `base` points at `byteCount + slack` readable bytes for as long as the value lives,
/// which is inside the closure that made it; and `init` has checked that all rows lie inside the block, so that every
/// eight-byte load starts in the block and ends in the slack at the latest.
struct PackedBlock {
    /// Bytes of a block on disk.
    static let byteCount = 4096
    /// Bytes after a block's that must be readable; their values do not matter.
    static let slack = 16

    /// How many rows there are; at least 1.
    let count: Int
    private let rowBits: Int
    private let columns: Int
    private let body: UnsafeRawPointer
    private let least: InlineArray<5, UInt64>
    private let widths: InlineArray<5, UInt64>

    /// What is wrong with a block's bytes.
    struct Damage: Error {
        var message: String
    }

    /// Reads a block, checking everything that later calls rely on.
    init(_ bytes: UnsafeRawBufferPointer, section: RunSection, number: Int, seed: UInt32) throws(Damage) {
        guard bytes.count >= Self.byteCount + Self.slack, let base = bytes.baseAddress else {
            throw Damage(message: "it is cut short")
        }
        let checked = UnsafeRawBufferPointer(start: base + 4, count: Self.byteCount - 4)
        guard CRC32.checksum(checked, continuing: seed) == load(base, 0, UInt32.self) else {
            throw Damage(message: "its checksum does not match")
        }
        columns = section.columns
        count = Int(load(base, 10, UInt16.self))
        guard load(base, 4, UInt32.self) == UInt32(truncatingIfNeeded: number),
            load(base, 8, UInt8.self) == section.rawValue, load(base, 9, UInt8.self) == UInt8(columns), count > 0
        else { throw Damage(message: "it is not the block that belongs here") }
        var least = InlineArray<5, UInt64>(repeating: 0)
        var widths = InlineArray<5, UInt64>(repeating: 0)
        var rowBits = 0
        for column in 0..<columns {
            least[column] = load(base, 16 + 8 * column, UInt64.self)
            widths[column] = UInt64(load(base, 16 + 8 * columns + column, UInt8.self))
            guard widths[column] <= 64 else { throw Damage(message: "a column is wider than 64 bits") }
            rowBits += Int(widths[column])
        }
        guard count * rowBits <= PackedBlock.bodyBits(columns: columns) else {
            throw Damage(message: "its rows do not fit into it")
        }
        self.least = least
        self.widths = widths
        self.rowBits = rowBits
        body = base + PackedBlock.bodyStart(columns: columns)
    }

    /// The key of a row; `index` is below `count`.
    func key(_ index: Int) -> UInt64 {
        least[0] &+ bits(at: index &* rowBits, widths[0])
    }

    /// A row; `index` is below `count`.
    func row(_ index: Int) -> PackedRow {
        var position = index &* rowBits
        var row = PackedRow(key: least[0] &+ bits(at: position, widths[0]), second: 0)
        position &+= Int(widths[0])
        row.second = least[1] &+ bits(at: position, widths[1])
        guard columns > 2 else { return row }
        position &+= Int(widths[1])
        row.third = least[2] &+ bits(at: position, widths[2])
        position &+= Int(widths[2])
        row.fourth = least[3] &+ bits(at: position, widths[3])
        position &+= Int(widths[3])
        row.fifth = least[4] &+ bits(at: position, widths[4])
        return row
    }

    /// The first row whose key is not below `key`; `count` if there is none.
    func lowerBound(_ key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inline(__always)
    private func bits(at position: Int, _ width: UInt64) -> UInt64 {
        let byte = position >> 3
        let shift = UInt64(position & 7)
        var value = load(body, byte, UInt64.self) >> shift
        if shift &+ width > 64 { value |= UInt64(load(body, byte &+ 8, UInt8.self)) << (64 &- shift) }
        return value & ((1 << width) &- 1)
    }

    /// Where the rows begin.
    static func bodyStart(columns: Int) -> Int { 16 + 8 * columns + 8 }

    /// How many bits there are for rows.
    static func bodyBits(columns: Int) -> Int { (byteCount - bodyStart(columns: columns)) * 8 }
}

/// Reads a number with the lowest byte first.
///
/// The caller knows that it lies in readable memory.
@inline(__always)
private func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ base: UnsafeRawPointer, _ offset: Int, _ type: Number.Type
) -> Number {
    Number(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: Number.self))
}

/// Gathers sorted rows until a block is full, then packs them.
struct PackedBlockBuilder {
    /// The rows of the block in the making.
    private(set) var rows: [PackedRow] = []
    private let section: RunSection
    private var least = InlineArray<5, UInt64>(repeating: 0)
    private var most = InlineArray<5, UInt64>(repeating: 0)

    init(section: RunSection) {
        self.section = section
    }

    /// Takes a row; `false` if it does not fit any more, and then nothing has changed.
    mutating func add(_ row: PackedRow) -> Bool {
        var least = least
        var most = most
        var rowBits = 0
        for column in 0..<section.columns {
            let value = row[column]
            if rows.isEmpty || value < least[column] { least[column] = value }
            if rows.isEmpty || value > most[column] { most[column] = value }
            rowBits += Self.width(most[column] - least[column])
        }
        let fits = (rows.count + 1) * rowBits <= PackedBlock.bodyBits(columns: section.columns)
        guard fits, rows.count < Int(UInt16.max) else { return false }
        self.least = least
        self.most = most
        rows.append(row)
        return true
    }

    /// Appends the block's 4 KiB to `output` and starts the next one.
    ///
    /// There is at least one row.
    mutating func pack(into output: inout [UInt8], number: Int, seed: UInt32) {
        let start = output.count
        let columns = section.columns
        var words = WordWriter()
        words.add(UInt64(UInt32(truncatingIfNeeded: number)) << 32, bits: 64, to: &output)
        words.add(UInt64(section.rawValue) | UInt64(columns) << 8 | UInt64(rows.count) << 16, bits: 64, to: &output)
        var widths: UInt64 = 0
        for column in 0..<columns {
            words.add(least[column], bits: 64, to: &output)
            widths |= UInt64(Self.width(most[column] - least[column])) << (8 * column)
        }
        words.add(widths, bits: 64, to: &output)
        for row in rows {
            for column in 0..<columns {
                words.add(row[column] &- least[column], bits: widths >> (8 * column) & 0xFF, to: &output)
            }
        }
        words.finish(padding: start + PackedBlock.byteCount, to: &output)
        let checksum = CRC32.checksum(output[(start + 4)...], continuing: seed)
        for byte in 0..<4 { output[start + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
        rows.removeAll(keepingCapacity: true)
    }

    private static func width(_ value: UInt64) -> Int { 64 - value.leadingZeroBitCount }
}

extension PackedRow {
    /// A column by its number, 0 to 4.
    fileprivate subscript(column: Int) -> UInt64 {
        switch column {
        case 0: key
        case 1: second
        case 2: third
        case 3: fourth
        default: fifth
        }
    }
}

/// Writes numbers of any width without gaps, lowest bit first.
private struct WordWriter {
    private var pending: UInt64 = 0
    private var pendingBits: UInt64 = 0

    /// Adds `value`, which is below 2 to the `bits`.
    mutating func add(_ value: UInt64, bits: UInt64, to output: inout [UInt8]) {
        pending |= value << pendingBits
        if pendingBits + bits >= 64 {
            flush(bytes: 8, to: &output)
            // A shift by 64 gives zero, which is right: nothing of the value is left over then.
            pending = value >> (64 - pendingBits)
            pendingBits = pendingBits + bits - 64
        } else {
            pendingBits += bits
        }
    }

    /// Writes what is pending, then zeros until `output` has `padding` bytes.
    mutating func finish(padding: Int, to output: inout [UInt8]) {
        flush(bytes: Int(pendingBits + 7) / 8, to: &output)
        if output.count < padding { output.append(contentsOf: repeatElement(0, count: padding - output.count)) }
    }

    private func flush(bytes: Int, to output: inout [UInt8]) {
        withUnsafeBytes(of: pending.littleEndian) { output.append(contentsOf: $0.prefix(bytes)) }
    }
}
