import SystemPackage

/// Sizes and places of a log, from footers and directories.
public struct LogStatistics: Sendable, Equatable {
    /// One segment.
    public struct Segment: Sendable, Equatable {
        /// How far a segment has come.
        public enum State: String, Sendable { case active, closed, repacked }
        /// The file's name.
        public var name: String
        /// The sequence of its first event.
        public var firstSequence: UInt64
        /// How many events it has.
        public var events: UInt64
        /// Bytes of its lines with their line feeds.
        public var lineBytes: UInt64
        /// Bytes of the file.
        public var fileBytes: UInt64
        /// How far it has come.
        public var state: State
    }

    /// How many events the log has.
    public var events: UInt64
    /// The first sequence; more than 0 if older segments were archived.
    public var firstSequence: UInt64
    /// The durable next sequence.
    public var head: UInt64
    /// Bytes of all lines with their line feeds.
    public var lineBytes: UInt64
    /// Bytes of all segment files.
    public var segmentBytes: UInt64
    /// Bytes of the log-wide index.
    public var indexBytes: UInt64
    /// The segments, oldest first.
    public var segments: [Segment]
    /// The `recordedtime` of the last event; nil in an empty log.
    ///
    /// If it is after the clock, the clock went back.
    public var lastRecordedTime: Instant?
    /// The first of the events that share the last `recordedtime`: since then the clock stood still or was behind.
    public var lastRecordedSince: UInt64?
}

extension LogReader {
    /// Sizes and places, from footers and the active segment's directories.
    ///
    /// Damage stops nothing: of a segment that cannot be read the number of events follows from its neighbours, and
    /// what cannot be known is nil. `verify` says what is wrong.
    /// - Throws: `LogError` if the folder cannot be read.
    public func statistics() throws -> LogStatistics {
        let end = head
        try refresh()
        let starts = segmentStarts
        var statistics = LogStatistics(
            events: 0, firstSequence: starts.first ?? 0, head: end, lineBytes: 0, segmentBytes: 0,
            indexBytes: indexBytes(), segments: [], lastRecordedTime: nil, lastRecordedSince: nil)
        for (position, first) in starts.enumerated() {
            let next = position + 1 < starts.count ? starts[position + 1] : nil
            let described = (try? describe(segment(startingAt: first), before: end)) ?? unread(first, next, end)
            statistics.events += described.events
            statistics.lineBytes += described.lineBytes
            statistics.segmentBytes += described.fileBytes
            statistics.segments.append(described)
        }
        if end > statistics.firstSequence, let last = try? event(at: end - 1).recordedTime {
            statistics.lastRecordedTime = last
            statistics.lastRecordedSince = try? count(recordedBy: Instant(microseconds: last.microseconds - 1))
        }
        return statistics
    }

    /// A segment that cannot be read.
    private func unread(_ first: UInt64, _ next: UInt64?, _ end: UInt64) -> LogStatistics.Segment {
        LogStatistics.Segment(
            name: SegmentName.name(first: first), firstSequence: first, events: max(next ?? end, first) - first,
            lineBytes: 0, fileBytes: (try? files.open(paths.segment(first), .read).size()) ?? 0,
            state: next == nil ? .active : .closed)
    }

    private func describe(_ segment: OpenSegment, before end: UInt64) throws -> LogStatistics.Segment {
        let name = SegmentName.name(first: segment.first)
        let size = (try? segment.file.size()) ?? 0
        if let footer = segment.footer {
            return LogStatistics.Segment(
                name: name, firstSequence: segment.first, events: footer.count, lineBytes: footer.rawLength,
                fileBytes: size, state: footer.isRepacked ? .repacked : .closed)
        }
        let bound = min(end, self.end(of: segment))
        return LogStatistics.Segment(
            name: name, firstSequence: segment.first, events: bound - min(bound, segment.first),
            lineBytes: try segment.withTally(upTo: bound) { $0.rawLength }, fileBytes: size, state: .active)
    }

    private func indexBytes() -> UInt64 {
        let names = (try? files.list(paths.index)) ?? []
        return names.reduce(0) { sum, name in
            sum + ((try? files.open(paths.index.appending(name), .read).size()) ?? 0)
        }
    }
}
