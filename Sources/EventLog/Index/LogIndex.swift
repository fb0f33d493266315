import Synchronization
import SystemPackage

/// The log-wide indexes: which event may have an id, and what is newest of a subject.
///
/// They are a folder of *runs*, each an immutable sorted file for a range of sequences, made when a part of the log is
/// complete and joined in the background. Everything in them is derived from lines and can be built again; a match is a
/// candidate, and the line decides. Memory is bounded: filters are held up to `memoryMax` bytes, the rest is read.
///
/// Any thread may call anything. One process writes (the log's writer lock sees to it); readers in other processes call
/// `reload` to see what it did. The files of a replaced run stay open, and so readable, while they are in use.
final class LogIndex: Sendable {
    /// What a process does with the index.
    enum Role: Sendable {
        /// Looks things up; changes no file.
        case reader
        /// Also makes the folder, adds and joins runs, and removes what is left over.
        case writer
    }

    /// How many bytes of filters are held in memory, unless told otherwise: enough for 50 million ids.
    static let filterBytesMax = 64 << 20

    /// The folder of the runs.
    let folder: IndexFolder
    /// The id of the log it belongs to.
    let logID: [UInt8]
    private let role: Role
    private let firstSequence: UInt64
    private let memoryMax: Int
    private let state: Mutex<State>

    private struct State {
        var snapshot: IndexSnapshot
        var merging = false
        /// Counts changes of the list, so that one worked out from an old list is not put in place of a newer one.
        var generation = 0
    }

    private init(folder: IndexFolder, logID: [UInt8], role: Role, firstSequence: UInt64, memoryMax: Int) {
        self.folder = folder
        self.logID = logID
        self.role = role
        self.firstSequence = firstSequence
        self.memoryMax = memoryMax
        state = Mutex(State(snapshot: IndexSnapshot(runs: [], firstSequence: firstSequence)))
    }

    // MARK: Opening

    /// Opens the index in `directory` for the log with this id (16 bytes), whose oldest segment that is still there
    /// starts at `firstSequence`.
    ///
    /// Files that cannot be used are left out; `verify` names them.
    ///
    /// - Throws: `IndexError` if the folder cannot be read (or, by a writer, made).
    static func open(
        directory: FilePath, logID: [UInt8], role: Role = .reader, firstSequence: UInt64 = 0,
        memoryMax: Int = LogIndex.filterBytesMax, files: any FileLayer = SystemFiles()
    ) throws(IndexError) -> LogIndex {
        let index = LogIndex(
            folder: IndexFolder(directory, files), logID: logID, role: role, firstSequence: firstSequence,
            memoryMax: memoryMax)
        if role == .writer { try index.folder.make() }
        try index.reload()
        if role == .writer { try index.removeLeftovers() }
        return index
    }

    /// Looks at the folder again: takes up runs that came, lets go of runs that went.
    func reload() throws(IndexError) {
        for _ in 0..<16 {
            let (before, generation) = state.withLock { ($0.snapshot, $0.generation) }
            let known = Dictionary(before.runs.map { ($0.range, $0) }) { first, _ in first }
            var runs: [IndexRun] = []
            var vanished = false
            for name in try folder.settledNames() {
                guard let range = RunHeader.range(ofName: name) else { continue }
                if let run = known[range], run.isLinked {
                    runs.append(run)
                    continue
                }
                do throws(IndexError) {
                    runs.append(try IndexRun.open(name, folder: folder, range: range, logID: logID))
                } catch {
                    // Joined into another since the folder was read: look again, so as not to miss that one.
                    if error.isMissingFile { vanished = true } else if error.isOfTheSystem { throw error }
                }
            }
            if vanished { continue }
            if replace(runs, ifGeneration: generation) { return }
        }
        throw IndexError(
            code: .system(Errno.resourceTemporarilyUnavailable.rawValue),
            message: "the folder changes faster than it can be read", path: folder.path)
    }

    /// Puts a new list of runs in place, if nobody has changed it since `generation`.
    private func replace(_ runs: [IndexRun], ifGeneration generation: Int) -> Bool {
        state.withLock { state in
            guard state.generation == generation else { return false }
            state.generation += 1
            state.snapshot = IndexSnapshot(
                runs: runs, firstSequence: firstSequence, filtersOf: state.snapshot, memoryMax: memoryMax)
            return true
        }
    }

    /// Changes the list, then removes the files of runs that fell out of use: what is in use is durable by now.
    ///
    /// A file that cannot be removed does no harm; the next writer tries again.
    private func change(_ body: (inout [IndexRun]) -> Void) {
        let gone: [Range<UInt64>] = state.withLock { state in
            let before = state.snapshot.runs
            var runs = before
            body(&runs)
            let chosen = IndexSnapshot(runs: runs, firstSequence: firstSequence)
            state.generation += 1
            state.snapshot = IndexSnapshot(
                runs: chosen.inUse, firstSequence: firstSequence, filtersOf: state.snapshot, memoryMax: memoryMax)
            let inUse = Set(chosen.inUse.map(\.range))
            return (before + runs).map(\.range).filter { !inUse.contains($0) }
        }
        for range in gone { try? folder.remove(RunHeader.name(range)) }
    }

    /// The runs as they are now.
    var snapshot: IndexSnapshot { state.withLock { $0.snapshot } }

    /// The end of the unbroken range that the index covers from the log's first sequence on.
    ///
    /// Before it, what is not found is not there. At or past it, runs may still find something, but nothing follows
    /// from what they do not find.
    var coveredTo: UInt64 { snapshot.cover.coveredTo }

    /// The ranges below `end` that the index does not cover: what to give to `addRun`.
    func missing(upTo end: UInt64) -> [Range<UInt64>] { snapshot.cover.missing(upTo: end) }

    /// Puts both filters of a run that were read into memory into the list, if the run is still in it.
    func hold(ids: FilterMemory, subjects: FilterMemory, of run: IndexRun) {
        state.withLock { $0.snapshot = $0.snapshot.holding(ids: ids, subjects: subjects, of: run) }
    }

    // MARK: Writing

    /// Adds the entries of the events `from ..< to`, in any order; of a subject the newest is kept.
    ///
    /// When this returns, the run is durable and in use. It takes the place of a run of the same range.
    ///
    /// Events that were sent without an id need none: their id is their sequence.
    ///
    /// - Throws: `IndexError`; nothing has changed then.
    func addRun(
        from: UInt64, to: UInt64, ids: consuming [IDEntry], subjects: consuming [SubjectEntry]
    ) throws(IndexError) {
        try requireWriter()
        func refuse(_ message: String) -> IndexError {
            IndexError(code: .invalidArgument, message: message, path: folder.path)
        }
        guard from < to else { throw refuse("the range \(from) to \(to) is empty") }
        guard ids.allSatisfy({ $0.sequence >= from && $0.sequence < to }),
            subjects.allSatisfy({ $0.lastSequence >= from && $0.lastSequence < to })
        else { throw refuse("an entry lies outside of the range \(from) to \(to)") }
        ids.sort { PackedRow($0).precedes(PackedRow($1)) }
        subjects.sort { PackedRow($0).precedes(PackedRow($1)) }
        let run = try write(from..<to, ids: ids, subjects: subjects)
        change { runs in
            runs.removeAll { $0.range == run.range }
            runs.append(run)
        }
    }

    private func write(
        _ range: Range<UInt64>, ids: [IDEntry], subjects: [SubjectEntry]
    ) throws(IndexError) -> IndexRun {
        var nextID = 0
        var nextSubject = 0
        return try RunWriter.write(
            folder: folder, logID: logID, range: range,
            ids: { () throws(IndexError) in
                guard nextID < ids.count else { return nil }
                var row = PackedRow(ids[nextID])
                nextID += 1
                while nextID < ids.count, row.isSameThing(as: PackedRow(ids[nextID])) {
                    row = PackedRow(ids[nextID])
                    nextID += 1
                }
                return row
            },
            subjects: { () throws(IndexError) in
                guard nextSubject < subjects.count else { return nil }
                var row = PackedRow(subjects[nextSubject])
                nextSubject += 1
                while nextSubject < subjects.count, row.isSameThing(as: PackedRow(subjects[nextSubject])) {
                    row = PackedRow(subjects[nextSubject])
                    nextSubject += 1
                }
                return row
            })
    }

    /// Whether `mergeIfNeeded` would join something.
    var needsMerge: Bool { state.withLock { !$0.merging && $0.snapshot.runsToMerge() != nil } }

    /// Joins neighbouring runs if enough of a like size have gathered; call it until it says `false`.
    ///
    /// Only one call works at a time, others return `false` at once.
    ///
    /// - Parameter cancelled: asked every quarter of a megabyte.
    /// - Returns: whether runs were joined.
    /// - Throws: `IndexError`; nothing has changed then. With code `damaged`, its `path` is the run to build again.
    func mergeIfNeeded(cancelled: () -> Bool = { false }) throws(IndexError) -> Bool {
        try requireWriter()
        let chosen: [IndexRun]? = state.withLock { state in
            guard !state.merging, let chosen = state.snapshot.runsToMerge() else { return nil }
            state.merging = true
            return chosen
        }
        guard let chosen else { return false }
        defer { state.withLock { $0.merging = false } }
        let merged = try RunMerge.merge(chosen, folder: folder, logID: logID, cancelled: cancelled)
        change { runs in
            runs.removeAll { run in run.range == merged.range || chosen.contains { $0 === run } }
            runs.append(merged)
        }
        return true
    }

    /// Removes a damaged run, so that its range can be built again.
    func drop(_ path: FilePath) throws(IndexError) {
        try requireWriter()
        change { $0.removeAll { $0.path == path } }
        // One that could not be opened is in no list.
        if let name = path.lastComponent?.string, RunHeader.range(ofName: name) != nil { try folder.remove(name) }
    }

    /// Removes every run that reaches past `end`: those of a log that was put back to an earlier state.
    func dropRuns(past end: UInt64) throws(IndexError) {
        try requireWriter()
        change { $0.removeAll { $0.range.upperBound > end } }
        for name in try folder.names() {
            if let range = RunHeader.range(ofName: name), range.upperBound > end { try folder.remove(name) }
        }
    }

    private func requireWriter() throws(IndexError) {
        guard role == .writer else {
            throw IndexError(code: .readOnly, message: "the index was opened for reading", path: folder.path)
        }
    }

    /// Removes what an earlier writer left behind: temporary files, and runs whose range is covered by those in use
    /// (which are durable under their names).
    ///
    /// Only while opening, when nothing is being written.
    private func removeLeftovers() throws(IndexError) {
        let snapshot = snapshot
        let inUse = Set(snapshot.inUse.map(\.range))
        for name in try folder.names() {
            let range = RunHeader.range(ofName: name)
            let isStale = range.map { !inUse.contains($0) && snapshot.cover.covers($0) } ?? false
            if isStale || name.hasSuffix(RunHeader.temporarySuffix) { try folder.remove(name) }
        }
        change { _ in }
    }
}
