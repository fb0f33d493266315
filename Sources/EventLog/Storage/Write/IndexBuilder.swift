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

    /// Adds every run that is missing below `end`, one for each segment, so that memory stays that of one segment.
    func fill(_ index: LogIndex, upTo end: UInt64) throws(IndexError) {
        let missing = index.missing(upTo: end)
        if missing.isEmpty { return }
        do throws(LogError) {
            let segments = try SegmentList.read(paths.directory, files)
            for range in missing {
                for (position, first) in segments.enumerated() {
                    let next = position + 1 < segments.count ? segments[position + 1] : end
                    let part = range.clamped(to: first..<max(first, min(next, end)))
                    if !part.isEmpty { try add(part, segment: first, to: index) }
                }
            }
        } catch {
            throw IndexError(code: .system(Errno.ioError.rawValue), message: error.description, path: paths.index)
        }
    }

    private func add(_ range: Range<UInt64>, segment first: UInt64, to index: LogIndex) throws(LogError) {
        let events = RecentEvents(segment: first, firstSequence: range.lowerBound)
        do {
            let file = try files.open(paths.segment(first), .read)
            var walker = SegmentWalker(
                scanner: SegmentScanner(file: file, identity: identity), offset: UInt64(SegmentHeader.frameBytes),
                next: first)
            while let item = try walker.nextItem(before: range.upperBound) {
                // What cannot be read has no entries; `verify` names it.
                guard case .batch(_, let directory, let lines) = item else { continue }
                let content = BatchContent(directory: directory, lines: lines)
                for position in content.entries.indices {
                    let sequence = content.firstSequence + UInt64(position)
                    guard range.contains(sequence) else { continue }
                    events.add(content.keys(position, hash), sequence: sequence)
                }
            }
            try index.addRun(
                from: range.lowerBound, to: range.upperBound, ids: events.ids, subjects: events.subjectEntries)
        } catch let error as FileError {
            throw LogError(error)
        } catch let error as IndexError {
            throw LogError(error)
        } catch {
            throw LogError(code: .damaged, message: "\(error)")
        }
    }
}
