import Crypto
import SystemPackage

/// Writes a closed segment again: the same lines in frames of even size, compressed harder.
struct Repacker: Sendable {
    let paths: LogPaths
    let files: any FileLayer
    let identity: LogIdentity
    let options: LogOptions

    /// Repacks the segment that starts at `first`.
    ///
    /// The new file is made beside, synced, read back and compared line by line (by SHA-256 over all of them), and only
    /// then renamed over the old one. A segment that cannot be read whole is left as it is.
    func repack(_ first: UInt64, isCancelled: () -> Bool) throws {
        let old = try files.open(paths.segment(first), .read)
        guard let footer = try SegmentFooter.read(old, logID: identity.bytes), !footer.isRepacked,
            footer.section(SegmentFooter.Name.gaps) == nil
        else { return }
        let header = try SegmentHeader.read(old, expecting: first)
        let temporary = paths.temporarySegment(first)
        do {
            let file = try files.open(temporary, .create)
            var copy = RepackedSegment(file: file, header: header, options: options)
            let previous = try previousSegments(footer, old)
            let wanted = try copy.fill(from: old, footer: footer, previous: previous, isCancelled: isCancelled)
            try file.sync()
            guard try digest(file, footer, isCancelled: isCancelled) == wanted else {
                throw LogError(
                    code: .damaged, message: "the repacked copy does not read back equal; the segment stays as it is",
                    path: paths.segment(first).string)
            }
            try files.rename(temporary, to: paths.segment(first))
            try files.syncDirectory(paths.directory)
        } catch {
            try? files.unlink(temporary)
            if !(error is CancellationError) { throw error }
        }
    }

    /// What the old footer knows of earlier segments; nil if that cannot be read.
    private func previousSegments(
        _ footer: SegmentFooter, _ file: any OpenFile
    ) throws(FileError) -> [UInt64: UInt64]? {
        guard let section = footer.section(SegmentFooter.Name.subjects),
            section.storedBytes <= SegmentFooter.loadedSectionBytesMax,
            let tally = try footer.loadTally(from: file)
        else { return nil }
        return try SubjectPostings.previousSegments(
            section: section, file: file, segment: footer.firstSequence, spanCount: tally.spans.count)
    }

    private func digest(_ file: any OpenFile, _ footer: SegmentFooter, isCancelled: () -> Bool) throws -> [UInt8]? {
        guard let copy = try SegmentFooter.read(file, logID: identity.bytes), copy.count == footer.count,
            copy.rawLength == footer.rawLength, copy.times == footer.times, copy.lastLineHash == footer.lastLineHash
        else { return nil }
        var hash = SHA256()
        var walker = SegmentWalker(
            scanner: SegmentScanner(file: file, identity: identity), offset: UInt64(SegmentHeader.frameBytes),
            next: footer.firstSequence)
        while let item = try walker.nextItem(before: footer.endSequence) {
            guard case .batch(_, _, let lines) = item else { return nil }
            if isCancelled() { throw CancellationError() }
            hash.update(data: lines)
        }
        return Array(hash.finalize())
    }
}

/// The new file of a repacking, while it is filled.
private struct RepackedSegment {
    let file: any OpenFile
    let header: SegmentHeader
    let options: LogOptions
    private var tally: SegmentTally
    private var builder: BatchBuilder
    private var pending: [UInt8] = []
    private var written: UInt64 = 0

    init(file: any OpenFile, header: SegmentHeader, options: LogOptions) {
        self.file = file
        self.header = header
        self.options = options
        tally = SegmentTally(firstSequence: header.firstSequence)
        builder = BatchBuilder(firstSequence: header.firstSequence)
        pending = header.encoded()
    }

    /// Copies all events and writes the footer; returns the SHA-256 of all lines as they were read.
    mutating func fill(
        from old: any OpenFile, footer: SegmentFooter, previous: [UInt64: UInt64]?, isCancelled: () -> Bool
    ) throws -> [UInt8] {
        let hash = KeyedHash(logID: header.identity.bytes)
        let events = RecentEvents(segment: header.firstSequence, firstSequence: header.firstSequence)
        var digest = SHA256()
        var walker = SegmentWalker(
            scanner: SegmentScanner(file: old, identity: header.identity), offset: UInt64(SegmentHeader.frameBytes),
            next: header.firstSequence)
        while let item = try walker.nextItem(before: footer.endSequence) {
            if isCancelled() { throw CancellationError() }
            switch item {
            case .gap(let damage): throw damage.error
            case .batch(_, let directory, let lines):
                digest.update(data: lines)
                let content = BatchContent(directory: directory, lines: lines)
                for position in content.entries.indices {
                    var keys = content.keys(position, hash)
                    keys.previousSegment =
                        keys.subject.map {
                            SubjectPostings.previous(of: $0.hash, in: previous)
                        } ?? RecentEvents.none
                    // Postings are all that is made of these keys: ids would only take memory.
                    keys.id = nil
                    events.add(keys)
                    try add(content.entries[position], of: content)
                }
            }
        }
        try flush()
        pending += SegmentFooter.encode(
            identity: header.identity, tally: tally, lastLineHash: footer.lastLineHash, isRepacked: true,
            postings: SubjectPostings.encode(events, tally: tally))
        try write()
        return Array(digest.finalize())
    }

    private mutating func add(_ entry: EventEntry, of content: BatchContent) throws {
        let bytes = Int(entry.lineEnd - entry.lineStart) + 1
        if !builder.isEmpty, builder.lines.count + bytes > options.repackFrameBytes { try flush() }
        builder.add(entry, of: content)
    }

    private mutating func flush() throws {
        guard !builder.isEmpty else { return }
        guard let (bytes, head) = builder.encoded(logID: header.identity.bytes, level: .high(options.repackLevel))
        else {
            throw LogError(code: .damaged, message: "the lines could not be compressed", path: file.path.string)
        }
        tally.add(head, types: builder.types.map { String(decoding: $0, as: UTF8.self) })
        builder = BatchBuilder(firstSequence: builder.nextSequence)
        pending += bytes
        if pending.count >= 1 << 20 { try write() }
    }

    private mutating func write() throws(FileError) {
        try file.writeFully(pending, at: written)
        written += UInt64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }
}
