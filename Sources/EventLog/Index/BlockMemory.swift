/// The blocks of one section that were read last, taken apart: for whoever looks up many keys in ascending order, and
/// would read the same block for hundreds of them.
///
/// One thread's at a time.
final class BlockMemory {
    private struct Slot {
        var run: ObjectIdentifier
        var number: Int
        var rows: [PackedRow]
    }

    /// A guess at a key's block is right or next to it, so a run has use for two blocks.
    private static let blocksPerRun = 2

    private let section: RunSection
    private var slots: [Slot] = []
    private var oldest = 0
    private let slotsMax: Int

    /// A memory for lookups in this section of so many runs.
    init(_ section: RunSection, runs: Int) {
        self.section = section
        slotsMax = max(1, runs * Self.blocksPerRun)
    }

    /// The rows of a block of a run; read and checked if it is none of those that were read last.
    func rows(of run: IndexRun, block number: Int) throws(IndexError) -> [PackedRow] {
        let name = ObjectIdentifier(run)
        if let slot = slots.first(where: { $0.number == number && $0.run == name }) { return slot.rows }
        var slot = Slot(run: name, number: number, rows: [])
        try run.readRows(section, blocks: number..<(number + 1), into: &slot.rows)
        if slots.count < slotsMax {
            slots.append(slot)
        } else {
            slots[oldest] = slot
            oldest = (oldest + 1) % slotsMax
        }
        return slot.rows
    }

    /// What `IndexRun` asks of a block: its first and last key, and its rows with this one.
    func matches(
        of run: IndexRun, block number: Int, _ key: UInt64
    ) throws(IndexError) -> (first: UInt64, last: UInt64, found: [PackedRow]) {
        let rows = try rows(of: run, block: number)
        guard let first = rows.first?.key, let last = rows.last?.key, key >= first, key <= last else {
            return (rows.first?.key ?? .max, rows.last?.key ?? 0, [])
        }
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return (first, last, Array(rows[low...].prefix { $0.key == key }))
    }
}
