import Crypto
import Synchronization
import SystemPackage

/// The log's files as their one writer has them: takes batches whose order is decided, makes them durable, publishes
/// them, closes full segments and hands them to the background.
///
/// Whoever decides the order (a sequencer in this process, or one replicated stream) calls `commit` with consecutive
/// batches from one thread. Everything is checked against the sequence and the time before it is written.
final class LogStore {
    let paths: LogPaths
    let files: any FileLayer
    let options: LogOptions
    let identity: LogIdentity
    let hash: KeyedHash
    let head: any HeadWord
    let index: LogIndex
    let lock: any FileLock
    private var writer: SegmentWriter
    /// Oldest first; the last one is the active segment's.
    private var recent: [RecentEvents]
    private(set) var nextSequence: UInt64
    /// The `recordedtime` of the last event.
    private(set) var lastRecorded: Instant
    private var lastLineHash: [UInt8]
    /// What makes appending impossible, for good or until the log is opened again.
    private(set) var refusal: AppendError?
    /// What neither lines nor index tell of.
    private var lost: LostEvents
    /// Why the index has a hole that could not be filled: nothing follows then from what it does not find.
    private var indexFailure: IndexError?
    let maintenance: Maintenance
    /// What opening had to read.
    let opening: OpeningWork

    init(_ opened: OpenedLog, options: LogOptions) {
        paths = opened.paths
        files = opened.files
        self.options = options
        identity = opened.identity
        hash = KeyedHash(logID: opened.identity.bytes)
        head = opened.head
        index = opened.index
        lock = opened.lock
        writer = opened.writer
        recent = opened.recent
        nextSequence = opened.nextSequence
        lastRecorded = opened.lastRecorded
        lastLineHash = opened.lastLineHash
        refusal = opened.damage.map { AppendError(code: .damaged, message: $0.error.description) }
        lost = opened.lost
        maintenance = Maintenance(opened, options: options)
        opening = OpeningWork(opened)
    }

    // MARK: Looking up

    /// What is newest of a subject; nil if it has no event yet.
    func state(of subject: SubjectHash) throws(IndexError) -> SubjectState? {
        try state(of: subject, before: recent.count)
    }

    private func state(of subject: SubjectHash, before count: Int) throws(IndexError) -> SubjectState? {
        for events in recent[..<count].reversed() {
            if let state = events.state(of: subject) { return state }
        }
        let entries = try repairing { () throws(IndexError) in
            try index.subjects(hash: subject.hash, check: subject.check)
        }
        let known = entries.first.map {
            SubjectState(version: $0.version, segment: $0.newestSegment, lastSequence: $0.lastSequence)
        }
        if lost.parts.isEmpty { return known }
        return try lost.state(of: subject, known: known, paths, files, identity)
    }

    /// The sequences whose events may have an id of this hash.
    func candidates(idHash: UInt64) throws(IndexError) -> [UInt64] {
        var found = try repairing { () throws(IndexError) in try index.candidates(idHash: idHash) }
        for events in recent { found += events.candidates(idHash) }
        return found
    }

    /// Does it again once a damaged run was dropped and its range built from lines.
    private func repairing<Result>(_ body: () throws(IndexError) -> Result) throws(IndexError) -> Result {
        if let indexFailure { throw indexFailure }
        do {
            return try body()
        } catch  where error.code == .damaged {
            try index.drop(error.path)
            try fillIndex()
            return try body()
        }
    }

    /// The first event whose keys are in memory: before it the index must know all.
    private var indexEnd: UInt64 { recent.first?.firstSequence ?? nextSequence }

    /// The first events of which neither lines nor index tell the ids.
    ///
    /// Those that were given up do not count.
    var lostEvents: Range<UInt64>? { lost.parts.first { !$0.isAccepted }?.sequences }

    /// Builds the runs that are missing.
    private func fillIndex() throws(IndexError) {
        do throws(IndexError) {
            lost = try IndexBuilder(paths: paths, files: files, identity: identity).fill(index, upTo: indexEnd)
            indexFailure = nil
        } catch {
            indexFailure = error
            throw error
        }
    }

    /// Why nothing can be planned now; nil if all that was ever stored can be looked up.
    ///
    /// An index with a hole would take a repeated id for a new one, and a known subject for a new one.
    func obstacle() -> AppendError? {
        if let refusal { return refusal }
        if let error = maintenance.indexFailure, recent.count > options.closedSegmentsMax + 1 {
            maintenance.tryAgain()
            return Self.unindexed(error)
        }
        if indexFailure == nil, lost.explain(index, upTo: indexEnd) { return nil }
        do throws(IndexError) {
            try fillIndex()
            return nil
        } catch {
            return Self.unindexed(error)
        }
    }

    private static func unindexed(_ error: IndexError) -> AppendError {
        AppendError(
            code: error.code == .noSpace ? .noSpace : .damaged,
            message: "the index cannot be written, nothing was stored; make room on the disk or mend what it says, "
                + "and send again (\(error.description))")
    }

    // MARK: Writing

    /// Writes the batch, syncs it and publishes it.
    ///
    /// - Throws: `AppendError`: `noSpace` (nothing changed) or `outcomeUnknown` (nothing can be appended any more).
    func commit(_ batch: BatchBuilder) throws(AppendError) {
        if let refusal { throw refusal }
        precondition(batch.firstSequence == nextSequence, "a sequencer must hand over consecutive batches")
        guard let (bytes, batchHead) = batch.encoded(logID: identity.bytes, level: .fast) else {
            throw AppendError(code: .requestSize, message: "the lines could not be compressed")
        }
        do throws(AppendFailure) {
            try writer.append(bytes, batchHead, types: batch.types.map { String(decoding: $0, as: UTF8.self) })
        } catch {
            throw failed(error)
        }
        nextSequence = batchHead.endSequence
        lastRecorded = batchHead.maxRecorded
        head.publish(next: nextSequence)
        if let last = batch.entries.last {
            lastLineHash = Array(SHA256.hash(data: batch.lines[Int(last.lineStart)..<Int(last.lineEnd)]))
        }
        remember(batch)
    }

    /// Closes the active segment if it is full, and waits if too many wait for the background.
    ///
    /// Apart from `commit`, so that nobody's acknowledgement waits for it.
    func rollIfFull() {
        if isFull { roll() }
    }

    /// Whether the active segment is to be closed.
    var isFull: Bool { refusal == nil && writer.tally.rawLength >= options.segmentBytesMax }

    private func failed(_ failure: AppendFailure) -> AppendError {
        switch failure {
        case .noSpace(let error):
            return AppendError(
                code: .noSpace, message: "the disk has no room, nothing was stored; free some and send again (\(error))"
            )
        case .unknown(let error):
            poison(error)
            return AppendError(
                code: .outcomeUnknown,
                message: "writing failed, whether these events are stored is known once the log is opened again; "
                    + "open it, then send them again with the same ids (\(error))")
        }
    }

    private func poison(_ error: some Error) {
        refusal = AppendError(
            code: .closed, message: "the writer stopped after a failed write; open the log again (\(error))")
    }

    /// Keeps the keys of a batch that is durable.
    private func remember(_ batch: BatchBuilder) {
        // Only from the oldest on: lookups take what is in memory for newer than the index.
        recent.removeSubrange(..<(recent.firstIndex { !$0.isIndexed.load(ordering: .acquiring) } ?? 0))
        recent.last?.add(batch.keys)
    }

    /// The newest segment before the active one that has the subject.
    ///
    /// An index that cannot be read gives "unknown", which sends a reader to every earlier segment.
    private func previousSegment(of subject: SubjectHash) -> UInt64 {
        do {
            return try state(of: subject, before: recent.count - 1)?.segment ?? RecentEvents.none
        } catch {
            return SubjectPostings.unknownSegment
        }
    }

    // MARK: Closing segments

    /// Closes the active segment and starts the next one.
    ///
    /// If the disk has no room or the next file cannot be made, the active segment stays active, and it is tried again
    /// after the next batch; what is acknowledged is not touched by that. Any other failed write or sync stops the
    /// writer: what the disk holds is not known then.
    private func roll() {
        guard let active = recent.last else { return }
        let tally = writer.tally
        active.resolve(previousSegment)
        let footer = SegmentFooter.encode(
            identity: identity, tally: tally, lastLineHash: lastLineHash, isRepacked: false,
            postings: SubjectPostings.encode(active, tally: tally))
        do throws(FileError) {
            try writer.close(with: footer)
            let header = SegmentHeader(
                identity: identity, features: writer.header.features, firstSequence: nextSequence,
                lineage: lastLineHash,
                recordedFloor: lastRecorded)
            try SegmentWriter.makeSegment(header, paths: paths, files: files)
            let file = try files.open(paths.segment(nextSequence), .readWrite)
            writer = SegmentWriter(
                file: file, header: header, tally: SegmentTally(firstSequence: nextSequence), options: options)
        } catch {
            guard error.leavesFilesKnown else { return poison(error) }
            do throws(FileError) {
                try writer.reopen(removing: paths.segment(nextSequence), files: files)
            } catch {
                poison(error)
            }
            return
        }
        recent.append(RecentEvents(segment: nextSequence, firstSequence: nextSequence))
        maintenance.segmentClosed(active)
        maintenance.waitForRoom()
    }

    /// Gives back room made ahead; the log can then be read without a writer's traces.
    func close() {
        guard refusal == nil else { return }
        do throws(FileError) { try writer.trim() } catch { poison(error) }
        refusal = AppendError(code: .closed, message: "the writer is closed")
    }
}

extension FileError {
    /// Whether the files are certainly as they were, or as they were written: a name was not made, or a write found no
    /// room.
    fileprivate var leavesFilesKnown: Bool {
        operation == "open" || operation == "rename" || (operation == "write" && isNoSpace)
    }
}
