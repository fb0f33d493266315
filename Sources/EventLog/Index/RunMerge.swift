/// Reads the rows of one section of a run in order, a few blocks at a time.
struct RunCursor {
    private static let blocksAtOnce = 16
    private let run: IndexRun
    private let section: RunSection
    private let blocks: Int
    private var nextBlock = 0
    private var rows: [PackedRow] = []
    private var index = 0

    init(_ run: IndexRun, _ section: RunSection) {
        self.run = run
        self.section = section
        blocks = run.header.section(section).blocks
    }

    /// The next row; `nil` after the last.
    mutating func next() throws(IndexError) -> PackedRow? {
        if index == rows.count {
            guard nextBlock < blocks else { return nil }
            let end = min(nextBlock + Self.blocksAtOnce, blocks)
            try run.readRows(section, blocks: nextBlock..<end, into: &rows)
            nextBlock = end
            index = 0
            // Every block holds a row at least.
            guard !rows.isEmpty else { return nil }
        }
        defer { index += 1 }
        return rows[index]
    }
}

/// Joins runs that cover one unbroken range into one.
struct RunMerge {
    /// How many runs of a like size are worth joining.
    static let runsMin = 4
    /// How many runs are read at once.
    static let runsMax = 16

    private var cursors: [RunCursor] = []
    private var heads: [PackedRow?] = []

    private init(_ runs: [IndexRun], _ section: RunSection) throws(IndexError) {
        for run in runs {
            var cursor = RunCursor(run, section)
            heads.append(try cursor.next())
            cursors.append(cursor)
        }
    }

    /// Writes the run that covers all of `runs`, which are in ascending order and without a hole between them.
    static func merge(
        _ runs: [IndexRun], folder: IndexFolder, logID: [UInt8], cancelled: () -> Bool
    ) throws(IndexError) -> IndexRun {
        let from = runs.map(\.range.lowerBound).min() ?? 0
        let to = runs.map(\.range.upperBound).max() ?? 0
        var ids = try RunMerge(runs, .ids)
        var subjects: RunMerge?
        return try RunWriter.write(
            folder: folder, logID: logID, range: from..<to,
            ids: { () throws(IndexError) in try ids.next() },
            subjects: { () throws(IndexError) in
                // Opened when the ids are done, so that only one section's buffers are held.
                if subjects == nil { subjects = try RunMerge(runs, .subjects) }
                return try subjects?.next()
            },
            cancelled: cancelled)
    }

    /// The next row of the result: of rows about the same thing only the last, which is the newest.
    private mutating func next() throws(IndexError) -> PackedRow? {
        guard var row = try nextOfAll() else { return nil }
        while let other = least(), row.isSameThing(as: other.row) {
            row = try nextOfAll() ?? row
        }
        return row
    }

    private mutating func nextOfAll() throws(IndexError) -> PackedRow? {
        guard let (index, row) = least() else { return nil }
        heads[index] = try cursors[index].next()
        return row
    }

    private func least() -> (index: Int, row: PackedRow)? {
        var best: (index: Int, row: PackedRow)?
        for index in heads.indices {
            guard let row = heads[index] else { continue }
            if let best, !row.precedes(best.row) { continue }
            best = (index, row)
        }
        return best
    }

    /// Which neighbours to join next, as a range of `sizes`; `nil`: none.
    ///
    /// At least `runsMin` neighbours, none larger than all the others together: so every row that is written again goes
    /// into a run at least twice the size of its old one, and is written at most log2(all / smallest) times. Of several
    /// choices the one with most runs, then the smallest.
    static func choice(sizes: [Int]) -> Range<Int>? {
        var best: Range<Int>?
        var bestTotal = 0
        for start in sizes.indices {
            var total = 0
            var largest = 0
            for end in start..<min(start + runsMax, sizes.count) {
                total += sizes[end]
                largest = max(largest, sizes[end])
                let count = end - start + 1
                guard count >= runsMin, largest <= total - largest else { continue }
                let bestCount = best?.count ?? 0
                if count > bestCount || (count == bestCount && total < bestTotal) {
                    best = start..<(end + 1)
                    bestTotal = total
                }
            }
        }
        return best
    }
}
