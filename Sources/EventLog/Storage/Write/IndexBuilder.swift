import SystemPackage

/// Builds runs of the log-wide index from lines, for ranges that have none.
struct IndexBuilder {
    let paths: LogPaths
    let files: any FileLayer
    let identity: LogIdentity
    let hash: KeyedHash

    init(paths: LogPaths, files: any FileLayer, identity: LogIdentity) {
        self.paths = paths
        self.files = files
        self.identity = identity
        hash = KeyedHash(logID: identity.bytes)
    }

    /// The keys of the newest segments before `end` that have no run, oldest first, as far as they can be read whole.
    ///
    /// Kept in memory they need no run yet: a writer that was killed leaves one or two such segments, and the next must
    /// not wait until their runs are written. At most `countMax` of them.
    func newest(without index: LogIndex, upTo end: UInt64, countMax: Int) throws(LogError) -> [RecentEvents] {
        guard let missing = index.missing(upTo: end).last, missing.upperBound == end else { return [] }
        var found: [RecentEvents] = []
        var next = end
        for first in try SegmentList.read(paths.directory, files).reversed() where first < end {
            let range = max(first, missing.lowerBound)..<next
            guard !range.isEmpty, found.count < countMax, let events = try whole(range, segment: first) else { break }
            found.insert(events, at: 0)
            next = range.lowerBound
        }
        return found
    }

    /// The keys of the range; nil if some of it cannot be read.
    private func whole(_ range: Range<UInt64>, segment first: UInt64) throws(LogError) -> RecentEvents? {
        var found: RecentEvents?
        try read(range, segment: first) { part throws(IndexError) in
            guard case .events(let events) = part, events.endSequence == range.upperBound else { return false }
            found = events
            return true
        }
        return found
    }

    /// Adds every run that is missing below `end`, at least one for each segment, so that memory stays that of one
    /// segment; returns what cannot be read, for which there is no run.
    func fill(_ index: LogIndex, upTo end: UInt64) throws(IndexError) -> LostEvents {
        var lost = LostEvents()
        let missing = index.missing(upTo: end)
        if missing.isEmpty { return lost }
        do throws(LogError) {
            let segments = try SegmentList.read(paths.directory, files)
            for range in missing {
                for (position, first) in segments.enumerated() {
                    let next = position + 1 < segments.count ? segments[position + 1] : end
                    let part = range.clamped(to: first..<max(first, min(next, end)))
                    if part.isEmpty { continue }
                    lost.parts += try add(part, segment: first, to: index)
                }
            }
        } catch {
            let code: IndexError.Code = error.code == .noSpace ? .noSpace : .system(Errno.ioError.rawValue)
            throw IndexError(code: code, message: error.description, path: paths.index)
        }
        return lost
    }

    /// Adds runs for what can be read of the range; returns the rest.
    private func add(
        _ range: Range<UInt64>, segment first: UInt64, to index: LogIndex
    ) throws(LogError) -> [LostEvents.Part] {
        var gaps: [LostEvents.Part] = []
        try read(range, segment: first) { part throws(IndexError) in
            switch part {
            case .events(let events): try addRun(events, to: index)
            case .gap(let gap, let isAccepted):
                gaps.append(LostEvents.Part(segment: first, sequences: gap, isAccepted: isAccepted))
            }
            return true
        }
        return gaps
    }

    /// A stretch of a segment.
    private enum Part {
        case events(RecentEvents)
        /// Events that cannot be read.
        case gap(Range<UInt64>, isAccepted: Bool)
    }

    /// Reads the range of a segment, and hands out part after part as long as `body` says so.
    private func read(
        _ range: Range<UInt64>, segment first: UInt64, _ body: (Part) throws(IndexError) -> Bool
    ) throws(LogError) {
        func pipeline(from sequence: UInt64) -> KeyPipeline {
            KeyPipeline(RecentEvents(segment: first, firstSequence: sequence), hash)
        }
        do {
            let file = try files.open(paths.segment(first), .read)
            let gaps = try SegmentFooter.read(file, logID: identity.bytes)?.loadGaps(from: file) ?? []
            if let gap = gaps.holding(range.lowerBound), gap.sequences.upperBound >= range.upperBound {
                // Nothing else is missing: no need to read the segment up to there.
                _ = try body(.gap(range, isAccepted: true))
                return
            }
            var keys = pipeline(from: range.lowerBound)
            var walker = SegmentWalker(
                scanner: SegmentScanner(file: file, identity: identity), offset: UInt64(SegmentHeader.frameBytes),
                next: first, gaps: gaps)
            while let item = try walker.nextItem(before: range.upperBound) {
                switch item {
                case .gap(let damage):
                    guard let gap = damage.sequences?.clamped(to: range), !gap.isEmpty else { continue }
                    guard try body(.events(keys.finish())), try body(.gap(gap, isAccepted: damage.accepted != nil))
                    else { return }
                    keys = pipeline(from: gap.upperBound)
                case .batch(_, let directory, let lines):
                    keys.add(BatchContent(directory: directory, lines: lines))
                }
            }
            _ = try body(.events(keys.finish()))
        } catch let error as FileError {
            throw LogError(error)
        } catch let error as IndexError {
            throw LogError(error)
        } catch {
            throw LogError(code: .damaged, message: "\(error); run verify", path: paths.segment(first).string)
        }
    }

    private func addRun(_ events: RecentEvents, to index: LogIndex) throws(IndexError) {
        guard events.endSequence > events.firstSequence else { return }
        try index.addRun(
            from: events.firstSequence, to: events.endSequence, ids: events.idEntries, subjects: events.subjectEntries)
    }
}
