import Synchronization
import SystemPackage

/// Which segments there are, and which are open.
extension LogReader {
    /// The first sequences of all segments, as last seen.
    var segmentStarts: [UInt64] { segments.withLock { $0.firsts } }

    /// Looks at the folder again.
    func refresh() throws(LogError) {
        let firsts = try SegmentList.read(paths.directory, files)
        guard let last = firsts.last else { throw LogError.notALog(paths.directory) }
        // The footer of the last segment is taken away again if the next segment could not be made.
        let closed = segments.withLock { $0.open.first { $0.first == last && $0.footer != nil } }
        let stale = closed.flatMap { $0.footerStands() ? nil : $0 }
        segments.withLock { segments in
            segments.firsts = firsts
            segments.open.removeAll { segment in
                if segment === stale { return true }
                // It was closed a second time, further on.
                let next = firsts.partitioningIndex { $0 > segment.first }
                guard next < firsts.count, let footer = segment.footer else { return false }
                return footer.endSequence != firsts[next]
            }
            // A file that lost its name was repacked or archived; a segment that is not the last has a footer by now.
            segments.open.removeAll { !$0.file.isLinked() || ($0.footer == nil && $0.first != firsts.last) }
        }
        forgetGaps()
    }

    /// The segment that holds the event.
    func segment(holding sequence: UInt64) throws(LogError) -> OpenSegment {
        var firsts = segmentStarts
        // The last segment known may have been closed since: then the event is in a later one.
        if let last = firsts.last, sequence >= last {
            let open = try segment(startingAt: last)
            if let footer = open.footer, sequence >= footer.endSequence {
                try refresh()
                firsts = segmentStarts
            }
        }
        let index = firsts.partitioningIndex { $0 > sequence }
        guard index > 0 else {
            throw LogError(
                code: .archived,
                message: "event \(sequence) is before the log's first; bring the older segments back",
                path: paths.directory.string)
        }
        return try segment(startingAt: firsts[index - 1])
    }

    /// The segment of this name, opened if it is not.
    func segment(startingAt first: UInt64) throws(LogError) -> OpenSegment {
        let known: OpenSegment? = segments.withLock { segments in
            guard let index = segments.open.firstIndex(where: { $0.first == first }) else { return nil }
            let segment = segments.open.remove(at: index)
            segments.open.append(segment)
            return segment
        }
        if let known { return known }
        let segment: OpenSegment
        do throws(LogError) {
            segment = try OpenSegment(paths.segment(first), first: first, files: files)
            guard segment.header.identity == identity else {
                throw LogError(
                    code: .damaged, message: "the segment belongs to another log; move it away",
                    path: paths.segment(first).string, offset: 0)
            }
        } catch {
            guard error.code == .damaged || error.code == .notALog else { throw error }
            var damage = error
            damage.code = .damaged
            damage.sequences = first..<max(first + 1, endOfSegment(first))
            throw damage
        }
        segments.withLock { segments in
            segments.open.removeAll { $0.first == first }
            if segments.open.count >= Self.openMax { segments.open.removeFirst() }
            segments.open.append(segment)
        }
        return segment
    }

    /// The sequence up to which a segment is known to have durable events.
    func end(of segment: OpenSegment) -> UInt64 {
        segment.footer?.endSequence ?? endOfSegment(segment.first)
    }

    private func endOfSegment(_ first: UInt64) -> UInt64 {
        let firsts = segmentStarts
        let index = firsts.partitioningIndex { $0 > first }
        return index < firsts.count ? firsts[index] : head
    }
}
