import Crypto

@testable import EventLog

/// Small pieces of logs, made of events' lines by the engine's own encoders.
enum SeedLog {
    static let logID: [UInt8] = (1...16).map { $0 }
    private static let recorded = Instant(microseconds: 1_772_353_801_000_000)

    /// The events of the lines that parse.
    static func drafts(_ lines: SeedLines) -> [EventDraft] {
        var parser = EventParser(options: EventParser.Options(defaultSource: "/fuzz"))
        return lines.sent.compactMap { try? parser.parse($0) }
    }

    /// The lines as a log writes them.
    static func stored(_ lines: SeedLines) throws -> [[UInt8]] {
        try batch(lines).map { content, index in Array(content.line(index)) }
    }

    /// Every event with the batch that it stands in.
    static func batch(_ lines: SeedLines) throws -> [(BatchContent, Int)] {
        try contents(lines).flatMap { content in content.entries.indices.map { (content, $0) } }
    }

    /// Batches of a few events each.
    static func contents(_ lines: SeedLines) throws -> [BatchContent] {
        try builders(drafts(lines), firstSequence: 0, versions: Versions()).map { builder in
            let bytes = try encoded(builder, level: .fast).bytes
            guard let directory = bytes.withUnsafeBytes({ BatchDirectory.decode($0, logID: logID) }) else {
                throw Broken("a directory is read as it was written")
            }
            return BatchContent(directory: directory, lines: builder.lines)
        }
    }

    /// A batch as it goes to disk.
    static func encoded(_ content: BatchContent, level: LineFrame.Level) throws -> (bytes: [UInt8], head: BatchHead) {
        var builder = BatchBuilder(firstSequence: content.firstSequence)
        for entry in content.entries { builder.add(entry, of: content) }
        return try encoded(builder, level: level)
    }

    private static func encoded(
        _ builder: BatchBuilder, level: LineFrame.Level
    ) throws -> (bytes: [UInt8], head: BatchHead) {
        guard let batch = builder.encoded(logID: logID, level: level) else { throw Broken("a batch can be encoded") }
        return batch
    }

    /// What is counted and remembered while a log is made.
    private final class Versions {
        /// The number before every subject's first.
        let start: UInt64
        var numbers: [String: UInt64] = [:]
        var segments: [String: UInt64] = [:]

        init(start: UInt64 = 0) {
            self.start = start
        }

        func next(_ subject: String) -> UInt64 {
            let number = (numbers[subject] ?? start) &+ 1
            numbers[subject] = number
            return number
        }
    }

    private static func builders(_ drafts: [EventDraft], firstSequence: UInt64, versions: Versions) -> [BatchBuilder] {
        let hash = KeyedHash(logID: logID)
        var sequence = firstSequence
        return stride(from: 0, to: drafts.count, by: 3).map { start in
            var builder = BatchBuilder(firstSequence: sequence)
            for draft in drafts[start..<min(start + 3, drafts.count)] {
                let number = draft.subject.map { versions.next($0) }
                let keys = BatchBuilder.Keys(
                    subject: draft.subject.map { hash.subject($0) }, version: number ?? 0,
                    previousSegment: draft.subject.flatMap { versions.segments[$0] } ?? RecentEvents.none,
                    id: draft.id.map { hash.id(source: draft.source ?? "", id: $0) })
                builder.add(
                    draft, sequence: sequence, recordedTime: recorded + .seconds(Int(sequence)), keys: keys)
                sequence += 1
            }
            return builder
        }
    }

    /// A log of three segments: one closed, one closed and repacked, and an active one with room made ahead.
    ///
    /// Subjects' events are numbered from the one after `start`.
    static func segments(_ lines: SeedLines, numberedFrom start: UInt64 = 0) throws -> [[UInt8]] {
        let drafts = drafts(lines)
        let third = drafts.count / 3
        let versions = Versions(start: start)
        var end = End(sequence: 0, hash: [UInt8](repeating: 0, count: 32), recorded: Instant(microseconds: .min))
        var segments: [[UInt8]] = []
        for index in 0..<3 {
            let part = Array(drafts[(index * third)..<(index == 2 ? drafts.count : (index + 1) * third)])
            segments.append(try segment(part, index: index, end: &end, versions))
        }
        return segments
    }

    private struct End {
        var sequence: UInt64
        var hash: [UInt8]
        var recorded: Instant
    }

    private static func segment(
        _ drafts: [EventDraft], index: Int, end: inout End, _ versions: Versions
    ) throws -> [UInt8] {
        let first = end.sequence
        let header = SegmentHeader(
            identity: LogIdentity(bytes: logID), features: LogFeatures(optional: 1), firstSequence: first,
            lineage: end.hash, recordedFloor: end.recorded)
        var bytes = header.encoded()
        var tally = SegmentTally(firstSequence: first)
        let events = RecentEvents(segment: first, firstSequence: first)
        for builder in builders(drafts, firstSequence: first, versions: versions) {
            let batch = try encoded(builder, level: index == 1 ? .high(4) : .fast)
            bytes += batch.bytes
            tally.add(batch.head, types: builder.types.map { String(decoding: $0, as: UTF8.self) })
            events.add(builder.keys)
            end.sequence = builder.nextSequence
            end.recorded = batch.head.maxRecorded
            let last = builder.lines.dropLast()
            let start = last.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? last.startIndex
            end.hash = Array(SHA256.hash(data: last[start...]))
        }
        for draft in drafts { if let subject = draft.subject { versions.segments[subject] = first } }
        if index < 2 {
            bytes += SegmentFooter.encode(
                identity: header.identity, tally: tally, lastLineHash: end.hash, isRepacked: index == 1,
                postings: SubjectPostings.encode(events, tally: tally))
        } else {
            bytes.append(integer: FrameFormat.skippableMagic)
            bytes.append(integer: UInt32(40))
            bytes.append(integer: FrameFormat.Kind.space)
            bytes += [UInt8](repeating: 0, count: 36)
        }
        return bytes
    }

    /// The hash of a subject that the lines have.
    static func someSubjectHash(_ lines: SeedLines) -> UInt64 {
        let subject = drafts(lines).lazy.compactMap(\.subject).first ?? ""
        return KeyedHash(logID: logID).subject(subject).hash
    }
}

extension BatchBuilder {
    /// Adds the event of a draft, as a request of its own; the keys say which one of its subject's it is.
    mutating func add(_ draft: EventDraft, sequence: UInt64, recordedTime: Instant, keys: Keys) {
        let request = PreparedRequest(AppendRequest(events: [draft]), KeyedHash(logID: []))
        begin(request)
        for event in request.events {
            add(event, of: request, sequence: sequence, recordedTime: recordedTime, keys: keys)
        }
    }
}
