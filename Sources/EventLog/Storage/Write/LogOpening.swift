import SystemPackage

/// All that opening a log for writing found and made.
struct OpenedLog {
    var paths: LogPaths
    var files: any FileLayer
    var identity: LogIdentity
    var head: any HeadWord
    var lock: any FileLock
    var index: LogIndex
    var writer: SegmentWriter
    var recent: [RecentEvents]
    var nextSequence: UInt64
    var lastRecorded: Instant
    var lastLineHash: [UInt8]
    /// Rot in the active segment: nothing may be appended.
    var damage: Damage?
    /// Closed segments that were not repacked yet, oldest first.
    var unpacked: [UInt64]
    /// Closed segments whose keys the index does not hold yet, oldest first; `recent` has them too.
    var unindexed: [RecentEvents] = []
    /// Events that cannot be read and that the index does not hold either.
    var lost: LostEvents
}

/// Opens a log for writing: takes the lock, looks at footers and the active segment, and settles what a crash left.
///
/// The rule: a batch is valid only with its checksums, this log's id and exactly the next sequence. What is not valid
/// below the head word is rot: nothing is changed, nothing is appended. What is not valid at or past it, with nothing
/// valid behind, is a torn tail that nobody was told of: it is cut. Valid batches past the head were written but
/// perhaps never synced: they are written again and synced, and only then published. A head word that is lost,
/// or does not check, counts as the active segment's start.
struct LogOpening {
    let paths: LogPaths
    let files: any FileLayer
    let options: LogOptions

    func open() throws -> OpenedLog {
        // Only so that no lock file is made where there is no log.
        guard try !SegmentList.read(paths.directory, files).isEmpty else { throw LogError.notALog(paths.directory) }
        let lock = try WriterLock.take(paths, files)
        // What counts is what is there under the lock: until then another writer may have begun segments.
        let segments = try SegmentList.read(paths.directory, files)
        guard let active = segments.last else { throw LogError.notALog(paths.directory) }
        do {
            try removeLeftovers()
            // A name that was renamed but whose folder was not synced may go with the power; not after this.
            try files.syncDirectory(paths.directory)
            return try open(segments, active, lock)
        } catch let error as FileError {
            throw LogError(error)
        } catch let error as IndexError {
            throw LogError(error)
        }
    }

    private func removeLeftovers() throws(FileError) {
        for name in try files.list(paths.directory) where name.hasSuffix(SegmentName.temporarySuffix) {
            try files.unlink(paths.directory.appending(name))
        }
    }

    private func open(_ segments: [UInt64], _ active: UInt64, _ lock: any FileLock) throws -> OpenedLog {
        let path = paths.segment(active)
        let file = try files.open(path, .readWrite)
        let header = try SegmentHeader.read(file, expecting: active)
        let head = try files.openHead(paths.head, creating: HeadCode.word(active))
        // A word that does not check counts as lost.
        let durable = head.sequence ?? active
        let builder = IndexBuilder(paths: paths, files: files, identity: header.identity)
        let (index, lost, unindexed) = try openIndex(builder, first: segments.first ?? 0, active: active)
        var unpacked: [UInt64] = []
        for first in segments.dropLast() where try !isRepacked(first, header.identity) { unpacked.append(first) }

        var scan = ActiveScan(header: header, file: file)
        try scan.run(head: durable, hash: builder.hash)
        if scan.damage == nil { try settle(scan, head: durable, file: file) }
        var opened = OpenedLog(
            paths: paths, files: files, identity: header.identity, head: head, lock: lock, index: index,
            writer: SegmentWriter(file: file, header: header, tally: scan.tally, options: options),
            recent: unindexed + [scan.events], nextSequence: scan.tally.endSequence, lastRecorded: scan.lastRecorded,
            lastLineHash: scan.lastLineHash, damage: scan.damage, unpacked: unpacked,
            unindexed: unindexed, lost: lost)
        if scan.damage != nil, durable < scan.provenEnd, scan.provenEnd <= HeadCode.sequenceMax {
            // The word was lost or is behind: readers must be told of damage, and not that the log ends before it.
            head.publish(next: scan.provenEnd)
        }
        if scan.damage == nil {
            // Never lowered: a head past all that can be read is damage.
            if head.sequence.map({ $0 < scan.tally.endSequence }) ?? true {
                head.publish(next: scan.tally.endSequence)
            }
            if scan.isClosed { try startNext(&opened, scan) }
        }
        return opened
    }

    private func openIndex(
        _ builder: IndexBuilder, first: UInt64, active: UInt64
    ) throws -> (LogIndex, LostEvents, unindexed: [RecentEvents]) {
        func open() throws(IndexError) -> LogIndex {
            try LogIndex.open(
                directory: paths.index, logID: builder.identity.bytes, role: .writer, firstSequence: first,
                files: files)
        }
        let index = try open()
        // No run of this log's history reaches into the active segment: such a one is of files that were put back to
        // an earlier state, and names events that do not exist.
        try index.dropRuns(past: active)
        let unindexed = try builder.newest(without: index, upTo: active, countMax: options.closedSegmentsMax)
        let end = unindexed.first?.firstSequence ?? active
        if index.missing(upTo: end).isEmpty { return (index, LostEvents(), unindexed) }
        let lost = try builder.fill(index, upTo: end)
        // Opened anew, it removes the files that could not be used and whose ranges are covered again.
        return (try open(), lost, unindexed)
    }

    private func isRepacked(_ first: UInt64, _ identity: LogIdentity) throws(FileError) -> Bool {
        let file = try files.open(paths.segment(first), .read)
        // A closed segment without a readable footer is for `verify` to name; repacking could lose what is still there.
        guard let footer = try SegmentFooter.read(file, logID: identity.bytes) else { return true }
        // One with a gap keeps its bytes as they are.
        return footer.isRepacked || footer.section(SegmentFooter.Name.gaps) != nil
    }

    /// Cuts a torn tail and makes what lies past the head durable, with the footer if there is one.
    private func settle(_ scan: ActiveScan, head: UInt64, file: any OpenFile) throws(FileError) {
        var end = scan.tally.endOffset
        // The page cache may call pages clean that a failed sync left unwritten: only writing them again helps.
        var position = scan.offset(from: head) ?? end
        if scan.isClosed {
            end = try file.size()
        } else if try file.size() != end {
            try file.truncate(to: end)
        }
        while position < end {
            let piece = try file.readBytes(at: position, count: Int(min(end - position, 1 << 20)))
            if piece.isEmpty { break }
            try file.writeFully(piece, at: position)
            position += UInt64(piece.count)
        }
        try file.sync()
    }

    /// The last segment has its footer: the writer ended between closing it and making the next.
    private func startNext(_ opened: inout OpenedLog, _ scan: ActiveScan) throws {
        let next = opened.nextSequence
        let header = SegmentHeader(
            identity: opened.identity, features: opened.writer.header.features, firstSequence: next,
            lineage: opened.lastLineHash, recordedFloor: opened.lastRecorded)
        try SegmentWriter.makeSegment(header, paths: paths, files: files)
        let file = try files.open(paths.segment(next), .readWrite)
        if !scan.isRepacked { opened.unpacked.append(opened.writer.header.firstSequence) }
        opened.writer = SegmentWriter(
            file: file, header: header, tally: SegmentTally(firstSequence: next), options: options)
        // The background makes its run, as of any segment that was just closed.
        opened.recent.append(RecentEvents(segment: next, firstSequence: next))
        opened.unindexed.append(scan.events)
    }
}

extension SegmentHeader {
    /// Reads and checks the header of a file that is named after `first`.
    static func read(_ file: any OpenFile, expecting first: UInt64) throws(LogError) -> SegmentHeader {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try file.readBytes(at: 0, count: frameBytes) } catch { throw LogError(error) }
        func refuse(_ code: LogError.Code, _ message: String) -> LogError {
            LogError(code: code, message: message, path: file.path.string, offset: 0)
        }
        switch decode(bytes) {
        case .header(let header):
            guard header.firstSequence == first else {
                throw refuse(
                    .damaged,
                    "the header says the segment starts at \(header.firstSequence); give the file its name back")
            }
            return header
        case .notALog:
            throw refuse(.notALog, "this is no segment of a log; check the folder")
        case .otherVersion(let version):
            throw refuse(
                .otherVersion,
                "format version \(version), and this program reads version \(FrameFormat.version); use a newer program")
        case .unknownFeatures(let bits):
            throw refuse(
                .otherVersion,
                "the log needs features (bits 0x\(String(bits, radix: 16))) that this program does not know; use a newer one"
            )
        case .damaged:
            throw refuse(.damaged, "the header does not match its checksum; restore this file from a copy")
        }
    }
}

/// The segments of a folder.
enum SegmentList {
    /// Their first sequences, ascending.
    static func read(_ directory: FilePath, _ files: any FileLayer) throws(LogError) -> [UInt64] {
        do throws(FileError) {
            return try files.list(directory).compactMap { SegmentName.firstSequence(of: $0) }.sorted()
        } catch {
            let number = Errno(rawValue: error.number)
            if number == .noSuchFileOrDirectory || number == .notDirectory { throw LogError.notALog(directory) }
            throw LogError(error)
        }
    }
}

extension LogError {
    static func notALog(_ directory: FilePath) -> LogError {
        LogError(
            code: .notALog, message: "there is no log here; check the folder, or make one with init",
            path: directory.string)
    }

    init(_ error: IndexError) {
        let code: Code =
            switch error.code {
            case .noSpace: .noSpace
            case .system(let number): LogError(FileError(operation: "", path: error.path, number: number)).code
            default: .damaged
            }
        self.init(code: code, message: error.message, path: error.path.string, offset: error.offset)
    }
}
