import SystemPackage

/// Events that can be read neither from lines nor from the index: a batch is damaged, and the index run that knew of it
/// is gone as well.
///
/// The index keeps a hole there, so that the run is built once the file was restored. Until then the footer's postings
/// still tell the versions of subjects; ids in it are not known to anybody.
struct LostEvents: Sendable {
    /// A stretch of one segment.
    struct Part: Sendable, Equatable {
        /// The first sequence of the segment.
        var segment: UInt64
        var sequences: Range<UInt64>
        /// Whether an operator has given them up.
        var isAccepted = false
    }

    /// Oldest first.
    var parts: [Part] = []

    /// Whether the index holds, below `end`, all but these events.
    func explain(_ index: LogIndex, upTo end: UInt64) -> Bool {
        if index.coveredTo >= end { return true }
        if parts.isEmpty { return false }
        return index.missing(upTo: end).allSatisfy { missing in
            var next = missing.lowerBound
            for part in parts where part.sequences.contains(next) { next = part.sequences.upperBound }
            return next >= missing.upperBound
        }
    }

    /// What is newest of a subject, if the lost events may have something newer than `known`.
    ///
    /// - Throws: `IndexError` if nothing tells.
    func state(
        of subject: SubjectHash, known: SubjectState?, _ paths: LogPaths, _ files: any FileLayer,
        _ identity: LogIdentity
    ) throws(IndexError) -> SubjectState? {
        var newest = known
        for part in parts {
            if let known, known.lastSequence >= part.sequences.upperBound { continue }
            let path = paths.segment(part.segment)
            guard let entries = try? Self.postings(subject, part.segment, try files.open(path, .read), identity) else {
                // Nobody can tell, and that was accepted.
                if part.isAccepted { continue }
                throw IndexError(
                    code: .system(Errno.ioError.rawValue),
                    message: "events \(part.sequences.lowerBound) to \(part.sequences.upperBound - 1) cannot be read, "
                        + "nor what the footer says of them; restore this file from a copy",
                    path: path)
            }
            for entry in entries where entry.version > newest?.version ?? 0 {
                newest = SubjectState(version: entry.version, segment: part.segment)
            }
        }
        return newest
    }

    private static func postings(
        _ subject: SubjectHash, _ segment: UInt64, _ file: any OpenFile, _ identity: LogIdentity
    ) throws(FileError) -> [SubjectPostings.Entry]? {
        guard let footer = try SegmentFooter.read(file, logID: identity.bytes),
            let section = footer.section(SegmentFooter.Name.subjects)
        else { return nil }
        let found = try SubjectPostings.find(
            subject.hash, segment: segment, spanCount: Int(clamping: footer.count), section: section, file: file)
        guard case .entries(let entries) = found else { return nil }
        return entries
    }
}
