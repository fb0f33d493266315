import Crypto
import Synchronization
import SystemPackage

/// Gaps that were accepted.
extension LogReader {
    /// The events that were given up, oldest first: an operator has accepted that they cannot be read any more.
    ///
    /// Looks at the footer of every segment once. What cannot be read is for `verify` to name.
    /// - Throws: `LogError` if the folder cannot be read.
    public func acceptedGaps() throws -> [AcceptedGap] { try listGaps() }

    func listGaps() throws(LogError) -> [AcceptedGap] {
        let starts = segmentStarts
        var gaps: [AcceptedGap] = []
        for start in starts {
            // The last segment is active: one with a gap is closed.
            if start == starts.last { continue }
            if let known = knownGaps.withLock({ $0[start] }) {
                gaps += known
                continue
            }
            guard let segment = try? OpenSegment(paths.segment(start), first: start, files: files) else { continue }
            let found = segment.gaps.map { AcceptedGap($0, path: segment.file.path.string) }
            knownGaps.withLock { $0[start] = found }
            gaps += found
        }
        return gaps
    }

    /// A segment may have got a gap since it was looked at.
    func forgetGaps() {
        let open = segments.withLock { $0.open }
        knownGaps.withLock { known in
            for segment in open where segment.footer != nil {
                known[segment.first] = segment.gaps.map { AcceptedGap($0, path: segment.file.path.string) }
            }
        }
    }

    /// The accepted gap that holds the event; nil if it is in none.
    public func acceptedGap(holding sequence: UInt64) throws -> AcceptedGap? {
        try listGaps().first { $0.sequences.contains(sequence) }
    }

    /// SHA-256 of the bytes that a gap keeps: stands for the hash of its last line, which nobody can tell.
    func gapHash(holding sequence: UInt64) throws(LogError) -> [UInt8] {
        let segment = try segment(holding: sequence)
        guard let gap = segment.gaps.holding(sequence) else { throw segment.damage(at: sequence) }
        do throws(FileError) { return try gap.hash(in: segment.file) } catch { throw LogError(error) }
    }

    /// The end of the unbroken range in which the index has all that can be had: an accepted gap of which it has
    /// nothing does not end it.
    func indexedTo(_ end: UInt64) throws(LogError) -> UInt64 {
        let covered = index.coveredTo
        if covered >= end { return covered }
        let gaps = try listGaps()
        if gaps.isEmpty { return covered }
        for missing in index.missing(upTo: end) {
            var next = missing.lowerBound
            for gap in gaps where gap.sequences.contains(next) { next = gap.sequences.upperBound }
            if next < missing.upperBound { return next }
        }
        return end
    }
}

extension SegmentGap {
    /// SHA-256 of the bytes it keeps.
    func hash(in file: any OpenFile) throws(FileError) -> [UInt8] {
        var hash = SHA256()
        var position = offset
        while position < endOffset {
            let piece = try file.readBytes(at: position, count: Int(min(endOffset - position, 1 << 20)))
            if piece.isEmpty { break }
            hash.update(data: piece)
            position += UInt64(piece.count)
        }
        return Array(hash.finalize())
    }
}

/// What of a subject's history may lie in accepted gaps.
///
/// Its events are numbered, so that one that is missing between two others shows. Behind the last that was found, the
/// postings of the gap's own segment tell, if they are from before the damage.
struct HistoryGaps {
    let reader: LogReader
    let hash: SubjectHash
    let end: UInt64

    /// The gaps in which the subject has events, or may have.
    func affecting(_ events: [StoredEvent]) throws(LogError) -> [AcceptedGap] {
        let gaps = try reader.listGaps().filter { $0.sequences.lowerBound < end }
        if gaps.isEmpty { return [] }
        var affecting: [AcceptedGap] = []
        for gap in gaps {
            let before = events.last { $0.sequence < gap.sequences.lowerBound }
            let known = before?.subjectSequence ?? 0
            if let next = events.first(where: { $0.sequence >= gap.sequences.upperBound }) {
                // An archived part may have had the first ones.
                let isFirst = before == nil && reader.firstSequence > 0
                if next.subjectSequence != known + 1, !isFirst { affecting.append(gap) }
            } else if try mayHave(after: known, gap) {
                affecting.append(gap)
            }
        }
        return affecting
    }

    private func mayHave(after version: UInt64, _ gap: AcceptedGap) throws(LogError) -> Bool {
        let segment = try reader.segment(holding: gap.sequences.lowerBound)
        guard let section = segment.footer?.section(SegmentFooter.Name.subjects),
            let count = try segment.frameTableCount()
        else { return true }
        do throws(FileError) {
            let found = try SubjectPostings.find(
                hash.hash, segment: segment.first, spanCount: count, section: section, file: segment.file)
            guard case .entries(let entries) = found else { return true }
            return entries.contains { $0.version > version }
        } catch {
            throw LogError(error)
        }
    }
}
