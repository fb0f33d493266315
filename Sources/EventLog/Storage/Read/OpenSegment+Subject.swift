extension OpenSegment {
    /// The events of one subject in a span, below `end`; nil if anything there is not as it should be, which `read`
    /// tells more about.
    ///
    /// - Parameters:
    ///   - subject: the subject.
    ///   - text: its text as it stands in a line.
    func events(
        of subject: String, _ text: [UInt8], in span: SegmentSpan, before end: UInt64
    ) throws(LogError) -> [StoredEvent]? {
        guard gaps.isEmpty else { return nil }
        var failure: FileError?
        let events: [StoredEvent]? = withScanner { scanner in
            do throws(FileError) {
                try scanner.prefetch(at: span.offset, count: Int(span.bytes))
                return try scanner.events(of: subject, text, in: span, before: end)
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw LogError(failure) }
        return events
    }
}

extension SegmentScanner {
    fileprivate func events(
        of subject: String, _ text: [UInt8], in span: SegmentSpan, before end: UInt64
    ) throws(FileError) -> [StoredEvent]? {
        var found: [StoredEvent] = []
        var offset = span.offset
        var next = span.firstSequence
        while next < span.endSequence {
            guard case .batch(let head) = try frame(at: offset), head.firstSequence == next,
                let directory = try directory(at: offset, head)
            else { return nil }
            // A text of another length is another subject: such a batch is not decompressed.
            if directory.entries.contains(where: { $0.subjectLength == text.count }) {
                let isRead = try withLines(at: offset, head) { lines in
                    guard directory.matches(lines) else { return false }
                    directory.append(eventsOf: subject, text, in: lines, before: end, to: &found)
                    return true
                }
                guard isRead else { return nil }
            }
            offset += UInt64(head.totalBytes)
            next = head.endSequence
        }
        return found
    }
}

extension BatchDirectory {
    /// Adds the events of a subject, each with a copy of its line, so that none keeps the batch in memory.
    fileprivate func append(
        eventsOf subject: String, _ text: [UInt8], in lines: Span<UInt8>, before end: UInt64,
        to events: inout [StoredEvent]
    ) {
        for (position, entry) in entries.enumerated() where entry.subjectLength == text.count {
            let sequence = head.firstSequence + UInt64(position)
            let start = Int(entry.lineStart) + Int(entry.subjectOffset)
            guard sequence < end, Self.equal(lines.extracting(start..<(start + text.count)), text.span) else {
                continue
            }
            let line = lines.extracting(Int(entry.lineStart)..<Int(entry.lineEnd))
            events.append(
                StoredEvent(
                    sequence: sequence, time: entry.time, recordedTime: entry.recordedTime,
                    type: types[Int(entry.typeIndex)], subject: subject,
                    line: line.withUnsafeBufferPointer { ArraySlice($0) },
                    dataStart: entry.dataOffset == 0 ? nil : Int(entry.dataOffset)))
        }
    }

    private static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        for index in 0..<right.count where left[index] != right[index] { return false }
        return true
    }
}
