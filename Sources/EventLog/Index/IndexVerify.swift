/// Sizes of an index, for people.
struct IndexStatistics: Sendable, Equatable {
    /// Runs in use.
    var runs = 0
    /// Entries of ids.
    var ids = 0
    /// Entries of subjects; one that was seen in several runs counts in each.
    var subjects = 0
    /// Bytes of their files.
    var bytes = 0
    /// Bytes of filters in memory.
    var memoryBytes = 0
}

extension LogIndex {
    /// Sizes of the runs in use.
    func statistics() -> IndexStatistics {
        let snapshot = snapshot
        var statistics = IndexStatistics()
        for run in snapshot.inUse {
            statistics.runs += 1
            statistics.ids += run.header.section(.ids).rows
            statistics.subjects += run.header.section(.subjects).rows
            statistics.bytes += run.header.fileBytes
        }
        for slot in snapshot.active {
            statistics.memoryBytes += (slot.ids?.byteCount ?? 0) + (slot.subjects?.byteCount ?? 0)
        }
        return statistics
    }

    /// Reads every byte of every run and says what is wrong: files that cannot be opened, damaged blocks and filter
    /// lines, rows out of order or range, filters that are not those of the rows.
    ///
    /// (Whether the rows are true to the lines is for the log to say.) Stops early, with what it has found, once
    /// `cancelled`.
    func verify(cancelled: () -> Bool = { false }) -> [IndexFinding] {
        var errors: [IndexError] = []
        do throws(IndexError) {
            for name in try folder.settledNames() {
                guard !cancelled(), let range = RunHeader.range(ofName: name) else { continue }
                do throws(IndexError) {
                    // Opened anew: a run in use was checked when it was opened, but its header may have rotted since.
                    let run = try IndexRun.open(name, folder: folder, range: range, logID: logID)
                    for section in RunSection.allCases {
                        RunCheck(run, section).run(cancelled: cancelled, errors: &errors)
                    }
                } catch {
                    // Joined into another since the folder was read.
                    if !error.isMissingFile { errors.append(error) }
                }
            }
        } catch {
            errors.append(error)
        }
        return errors.map(IndexFinding.init)
    }
}

/// Checks one section of a run.
private struct RunCheck {
    private static let filterLinesAtOnce = 1024
    private let run: IndexRun
    private let section: RunSection
    private var sizes: RunHeader.Section { run.header.section(section) }

    init(_ run: IndexRun, _ section: RunSection) {
        self.run = run
        self.section = section
    }

    func run(cancelled: () -> Bool, errors: inout [IndexError]) {
        let before = errors.count
        var filter = FilterBuilder(keys: sizes.rows, seed: run.header.seed)
        var expected: [UInt8] = []
        var rows: [PackedRow] = []
        var last: PackedRow?
        var count = 0
        var line = 0
        for number in 0..<sizes.blocks {
            if cancelled() { return }
            do throws(IndexError) {
                try run.readRows(section, blocks: number..<(number + 1), into: &rows)
                count += rows.count
                try checkOrder(of: rows, after: last, block: number)
                last = rows.last
                guard errors.count == before else { continue }
                for row in rows { filter.add(section.hash(row.key), output: &expected) }
                try compareFilter(&expected, from: &line)
            } catch { errors.append(error) }
        }
        guard errors.count == before else { return checkFilterAlone(cancelled: cancelled, errors: &errors) }
        do throws(IndexError) {
            filter.finish(output: &expected)
            try compareFilter(&expected, from: &line)
            guard count == sizes.rows else {
                throw IndexError(
                    code: .damaged, message: "it has \(count) rows where its header says \(sizes.rows)",
                    path: run.path, offset: 0, structure: section.name)
            }
        } catch { errors.append(error) }
    }

    private func checkOrder(
        of rows: [PackedRow], after last: PackedRow?, block number: Int
    ) throws(IndexError) {
        var last = last
        for row in rows {
            let sequence = section == .ids ? row.second : row.third
            guard run.range.contains(sequence) else {
                throw run.damage(section, block: number, "it names sequence \(sequence), outside of the run")
            }
            guard row.key <= section.key(.max) else {
                throw run.damage(section, block: number, "it has a key that no hash gives")
            }
            if let last, !last.precedes(row) || last.isSameThing(as: row) {
                throw run.damage(section, block: number, "its rows are not in order")
            }
            last = row
        }
    }

    /// Compares the lines that are complete with those in the file, and forgets them.
    private func compareFilter(_ expected: inout [UInt8], from line: inout Int) throws(IndexError) {
        while !expected.isEmpty {
            let lines = min(expected.count / BloomFilter.lineBytes, Self.filterLinesAtOnce)
            let bytes = try run.filterBytes(section, lines: line..<(line + lines))
            guard expected.prefix(bytes.count).elementsEqual(bytes) else {
                throw run.damage(section, filterLine: line, "it is not the filter of the rows")
            }
            expected.removeFirst(bytes.count)
            line += lines
        }
    }

    /// Checks the filter's checksums where the rows cannot say what it should be.
    private func checkFilterAlone(cancelled: () -> Bool, errors: inout [IndexError]) {
        for start in stride(from: 0, to: sizes.filterLines, by: Self.filterLinesAtOnce) where !cancelled() {
            do throws(IndexError) {
                let end = min(start + Self.filterLinesAtOnce, sizes.filterLines)
                _ = try run.filterBytes(section, lines: start..<end)
            } catch { errors.append(error) }
        }
    }
}
