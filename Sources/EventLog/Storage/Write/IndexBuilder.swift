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
                    for gap in try add(part, segment: first, to: index) {
                        lost.parts.append(LostEvents.Part(segment: first, sequences: gap))
                    }
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
    ) throws(LogError) -> [Range<UInt64>] {
        var events = RecentEvents(segment: first, firstSequence: range.lowerBound)
        var gaps: [Range<UInt64>] = []
        do {
            let file = try files.open(paths.segment(first), .read)
            var walker = SegmentWalker(
                scanner: SegmentScanner(file: file, identity: identity), offset: UInt64(SegmentHeader.frameBytes),
                next: first)
            while let item = try walker.nextItem(before: range.upperBound) {
                switch item {
                case .gap(let damage):
                    guard let gap = damage.sequences?.clamped(to: range), !gap.isEmpty else { continue }
                    try addRun(events, to: index)
                    gaps.append(gap)
                    events = RecentEvents(segment: first, firstSequence: gap.upperBound)
                case .batch(_, let directory, let lines):
                    let content = BatchContent(directory: directory, lines: lines)
                    if content.endSequence <= events.firstSequence { continue }
                    events.add(content, from: Int(events.endSequence - content.firstSequence), hash)
                }
            }
            try addRun(events, to: index)
            return gaps
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
