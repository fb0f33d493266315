import SystemPackage

/// Which earlier segment a subject was in last, told by the footers of the earlier segments themselves.
///
/// For a footer that is made anew and whose own word of it is lost.
struct EarlierSegments {
    let paths: LogPaths
    let files: any FileLayer
    let identity: LogIdentity

    /// Sets the previous segment of every subject in `events`.
    ///
    /// - Parameter starts: the first sequences of the earlier segments.
    func resolve(_ events: RecentEvents, among starts: [UInt64]) throws(FileError) {
        var wanted = Set(events.subjects.map { SubjectPostings.key($0.hash) })
        var previous: [UInt64: UInt64] = [:]
        var isComplete = true
        for start in starts.sorted(by: >) where !wanted.isEmpty && isComplete {
            guard let subjects = try subjects(of: start) else {
                isComplete = false
                break
            }
            for key in wanted.intersection(subjects) { previous[key] = start }
            wanted.subtract(subjects)
        }
        events.resolve { subject in
            previous[SubjectPostings.key(subject.hash)]
                ?? (isComplete ? RecentEvents.none : SubjectPostings.unknownSegment)
        }
    }

    /// The keys of all subjects of a segment; nil if its footer does not tell.
    private func subjects(of start: UInt64) throws(FileError) -> Set<UInt64>? {
        let file = try files.open(paths.segment(start), .read)
        guard let footer = try SegmentFooter.read(file, logID: identity.bytes),
            let known = try footer.previousSegments(in: file)
        else { return nil }
        return Set(known.keys)
    }
}

extension SegmentFooter {
    /// What the postings know of earlier segments; nil if they cannot be read.
    func previousSegments(in file: any OpenFile) throws(FileError) -> [UInt64: UInt64]? {
        guard let section = section(Name.subjects), section.storedBytes <= Self.loadedSectionBytesMax,
            let tally = try loadTally(from: file)
        else { return nil }
        return try SubjectPostings.previousSegments(
            section: section, file: file, segment: firstSequence, spanCount: tally.spans.count)
    }
}
