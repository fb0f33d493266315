import Synchronization

extension LogIndex {
    /// The sequences of events whose id may have this `KeyedHash.id`, ascending.
    ///
    /// - Parameter memory: for many ids in the order of their hashes.
    /// - Throws: `IndexError`; with code `damaged`, its `path` is the run to drop and build again.
    func candidates(idHash: UInt64, memory: BlockMemory? = nil) throws(IndexError) -> [UInt64] {
        let key = RunSection.ids.key(idHash)
        let hash = RunSection.ids.hash(key)
        let probe = BloomFilter.Probe(hash)
        let snapshot = snapshot
        var found: [UInt64] = []
        for index in snapshot.idFilters.indices {
            guard try mayContain(snapshot, index, .ids, hash, probe) else { continue }
            let run = snapshot.active[index].run
            for row in try run.rows(.ids, key: key, memory: memory) {
                try check(row.second, in: run, .ids)
                found.append(row.second)
            }
        }
        guard found.count > 1 else { return found }
        found.sort()
        // Two runs overlap only if one was built again with other borders; both say the same then.
        return found.indices.filter { $0 == 0 || found[$0] != found[$0 - 1] }.map { found[$0] }
    }

    /// What is newest of the subjects with this hash, newest first: one entry for each check hash, or only the one with
    /// `check`.
    ///
    /// - Throws: `IndexError`; with code `damaged`, its `path` is the run to drop and build again.
    func subjects(hash: UInt64, check: UInt32? = nil) throws(IndexError) -> [SubjectEntry] {
        let probe = BloomFilter.Probe(hash)
        let snapshot = snapshot
        var found: [SubjectEntry] = []
        for index in snapshot.subjectFilters.indices.reversed() {
            guard try mayContain(snapshot, index, .subjects, hash, probe) else { continue }
            let run = snapshot.active[index].run
            for row in try run.rows(.subjects, key: RunSection.subjects.key(hash)) {
                let entry = row.subjectEntry
                try self.check(entry.lastSequence, in: run, .subjects)
                guard check == nil || entry.check == check else { continue }
                // Overlapping runs may both know the subject; the newer one is wanted.
                if let known = found.firstIndex(where: { $0.check == entry.check }) {
                    if found[known].lastSequence < entry.lastSequence { found[known] = entry }
                } else {
                    found.append(entry)
                }
            }
            if check != nil, !found.isEmpty { break }
        }
        return found.count > 1 ? found.sorted { $0.lastSequence > $1.lastSequence } : found
    }

    private func check(_ sequence: UInt64, in run: IndexRun, _ section: RunSection) throws(IndexError) {
        guard !run.range.contains(sequence) else { return }
        throw IndexError(
            code: .damaged, message: "an entry names sequence \(sequence), which the run does not cover",
            path: run.path, structure: section.name)
    }

    /// Asks the filter of a run.
    ///
    /// The snapshot keeps the filter alive meanwhile.
    @inline(__always)
    private func mayContain(
        _ snapshot: IndexSnapshot, _ index: Int, _ section: RunSection, _ hash: UInt64, _ probe: BloomFilter.Probe
    ) throws(IndexError) -> Bool {
        let filters = section == .ids ? snapshot.idFilters : snapshot.subjectFilters
        if let filter = filters[index] { return withExtendedLifetime(snapshot) { filter.mayContain(hash, probe) } }
        let slot = snapshot.active[index]
        let reads = slot.run.filterReads.add(1, ordering: .relaxed).newValue
        if slot.mayHoldFilters, reads == IndexSnapshot.filterReadsMax {
            hold(ids: try slot.run.loadFilter(.ids), subjects: try slot.run.loadFilter(.subjects), of: slot.run)
        }
        return try slot.run.mayContain(section, hash: hash)
    }
}
