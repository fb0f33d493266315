/// Writes one run: under a temporary name, synced, then renamed, then the folder synced.
///
/// Memory is bounded by a few buffers, whatever the run's size: rows come sorted from a closure, and the filters are
/// made in a second pass over the blocks just written, which also reads them back and checks them.
struct RunWriter {
    /// Gives the next row in order; `nil` after the last.
    typealias Source = () throws(IndexError) -> PackedRow?

    private static let bufferBytesMax = 256 << 10
    private let file: IndexFile
    private let cancelled: () -> Bool
    private var header: RunHeader
    private var buffer: [UInt8] = []
    private var offset = RunHeader.byteCount

    /// Writes the run that covers `range` and opens it.
    ///
    /// - Throws: `IndexError`; then nothing has changed, and no temporary file is left behind by this process.
    static func write(
        folder: IndexFolder, logID: [UInt8], range: Range<UInt64>, ids: Source, subjects: Source,
        cancelled: () -> Bool = { false }
    ) throws(IndexError) -> IndexRun {
        let name = RunHeader.name(range)
        let temporary = name + RunHeader.temporarySuffix
        do throws(IndexError) {
            try withoutActuallyEscaping(cancelled) { cancelled throws(IndexError) in
                var writer = RunWriter(
                    file: try folder.create(temporary), cancelled: cancelled,
                    header: RunHeader(logID: logID, range: range))
                try writer.writeRows(.ids, ids)
                try writer.writeRows(.subjects, subjects)
                for section in RunSection.allCases { try writer.writeFilter(section) }
                try writer.finish()
            }
            try folder.rename(temporary, to: name)
        } catch {
            try? folder.remove(temporary)
            throw error
        }
        return try IndexRun.open(name, folder: folder, range: range, logID: logID)
    }

    private init(file: IndexFile, cancelled: @escaping () -> Bool, header: RunHeader) {
        self.file = file
        self.cancelled = cancelled
        self.header = header
        buffer.reserveCapacity(Self.bufferBytesMax + PackedBlock.byteCount)
    }

    private mutating func writeRows(_ section: RunSection, _ next: Source) throws(IndexError) {
        var builder = PackedBlockBuilder(section: section)
        var sizes = RunHeader.Section()
        let seed = header.seed
        while let row = try next() {
            if !builder.add(row) {
                builder.pack(into: &buffer, number: sizes.blocks, seed: seed)
                sizes.blocks += 1
                try flush(past: Self.bufferBytesMax)
                // A row always fits into an empty block: a block has more than 30,000 bits, a row at most 320.
                _ = builder.add(row)
            }
            sizes.rows += 1
        }
        if !builder.rows.isEmpty {
            builder.pack(into: &buffer, number: sizes.blocks, seed: seed)
            sizes.blocks += 1
        }
        try flush(past: 0)
        sizes.filterLines = BloomFilter.lines(keys: sizes.rows)
        header.sections[Int(section.rawValue)] = sizes
    }

    private mutating func writeFilter(_ section: RunSection) throws(IndexError) {
        let written = IndexRun(file: file, header: header)
        var builder = FilterBuilder(keys: header.section(section).rows, seed: header.seed)
        var cursor = RunCursor(written, section)
        while let row = try cursor.next() {
            builder.add(section.hash(row.key), output: &buffer)
            try flush(past: Self.bufferBytesMax)
        }
        builder.finish(output: &buffer)
        try flush(past: 0)
    }

    private func finish() throws(IndexError) {
        try file.write(header.encoded(), at: 0)
        try file.sync()
    }

    private mutating func flush(past limit: Int) throws(IndexError) {
        guard buffer.count > limit else { return }
        if cancelled() {
            throw IndexError(code: .cancelled, message: "writing was stopped", path: file.path)
        }
        try file.write(buffer, at: offset)
        offset += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}
