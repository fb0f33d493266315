import SystemPackage

@testable import EventLog

extension FuzzTarget {
    /// A whole log of one or more segments, read by all that reads logs, opened for writing, and repacked.
    package static let segment = FuzzTarget(
        name: "segment", bytesMax: 16_384,
        check: { bytes in
            var input = FuzzInput(bytes)
            let flags = input.byte()
            let log = FuzzLog(flags: flags, head: UInt64(input.number(UInt16.self)), Array(input.rest))
            guard !log.starts.isEmpty else { return }
            let before = try log.read()
            try log.verify()
            if flags & 4 != 0 { try log.repack() }
            if flags & 8 == 0 { try log.openForWriting() }
            guard let before, let after = try log.read() else { return }
            // Whatever opening and repacking did: what could be read below the head is there, line by line.
            for (sequence, line) in before.lines where sequence < before.head {
                try require(after.lines[sequence] == line, "event \(sequence) is what it was")
            }
        },
        seeds: { lines in
            let segments = try SeedLog.segments(lines)
            let count = UInt16(SeedLog.drafts(lines).count)
            let choices: [([[UInt8]], UInt8)] = [
                (segments, 0), ([segments[0]], 4), (Array(segments.dropFirst()), 4), ([segments[2]], 1),
                // Lines may say any number, also the last there is.
                (try SeedLog.segments(lines, numberedFrom: .max - 2), 0),
            ]
            return choices.map { segments, flags in
                var seed = [flags]
                seed.append(integer: count)
                return seed + segments.joined()
            }
        })
}

/// A log in memory, its checksums put right.
private struct FuzzLog {
    let files = MemoryFiles()
    let directory = FilePath("/log")
    private(set) var starts: [UInt64] = []
    private var paths: LogPaths { LogPaths(directory: directory) }
    private static let eventsMax = 2_000

    /// What could be read.
    struct Contents {
        var head: UInt64
        var lines: [UInt64: [UInt8]] = [:]
    }

    init(flags: UInt8, head: UInt64, _ bytes: [UInt8]) {
        for var segment in Self.split(bytes) {
            guard segment.count >= SegmentHeader.frameBytes else { continue }
            if flags & 2 == 0 { Mend.segment(&segment) }
            let first = UInt64(Mend.load(segment, 48)) | UInt64(Mend.load(segment, 52)) << 32
            files.put(segment, at: paths.segment(first))
            starts.append(first)
        }
        if flags & 1 == 0 { files.putHead(HeadCode.word((starts.min() ?? 0) &+ head)) }
    }

    /// Cuts where a header starts.
    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var borders = [0]
        var place = SegmentHeader.frameBytes
        while place + SegmentHeader.frameBytes <= bytes.count {
            if Mend.load(bytes, place) == FrameFormat.skippableMagic,
                Mend.load(bytes, place + 8) == FrameFormat.Kind.header
            {
                borders.append(place)
            }
            place += 1
        }
        return zip(borders, borders.dropFirst() + [bytes.count]).map { Array(bytes[$0..<$1]) }
    }

    /// Reads all that can be read in every way there is; nil if the log cannot be opened.
    func read() throws -> Contents? {
        guard let reader = try allowingLogErrors({ try LogReader.open(directory, files: files) }) else { return nil }
        var contents = Contents(head: reader.head)
        var cursor = reader.cursor(from: reader.firstSequence)
        var subjects: [String] = []
        var expected = reader.firstSequence
        for _ in 0..<Self.eventsMax where contents.lines.count < Self.eventsMax {
            let position = cursor.position
            do {
                guard let batch = try cursor.nextBatch() else { break }
                try require(batch.firstSequence >= expected || batch.isEmpty, "batches come in order")
                for event in batch.prefix(Self.eventsMax) {
                    try require(event.sequence >= expected && event.sequence < cursor.end, "events come in order")
                    expected = event.sequence + 1
                    contents.lines[event.sequence] = Array(event.line)
                    _ = (event.id, event.data.kind)
                    if subjects.count < 3, let subject = event.subject { subjects.append(subject) }
                }
            } catch let error as LogError {
                guard error.sequences != nil else { break }
                try require(cursor.position > position, "a cursor goes on behind damage, at \(position): \(error)")
            }
        }
        try look(reader, contents, subjects)
        return contents
    }

    private func look(_ reader: LogReader, _ contents: Contents, _ subjects: [String]) throws {
        for (sequence, line) in contents.lines.sorted(by: { $0.key < $1.key }).prefix(8) {
            guard let event = try allowingLogErrors({ try reader.event(at: sequence) }) else { continue }
            try require(event.line.elementsEqual(line), "an event has one line, however it is reached")
            _ = try allowingLogErrors { try reader.sequence(source: event.source, id: event.id) }
            _ = try allowingLogErrors { try reader.lineHash(before: sequence) }
            _ = try allowingLogErrors { try reader.count(recordedBy: event.recordedTime) }
        }
        for subject in subjects {
            let history = try allowingLogErrors { try reader.history(of: subject) } ?? []
            for event in history { try require(event.subject == subject, "a history is one subject's") }
            for (event, next) in zip(history, history.dropFirst()) {
                try require(event.sequence < next.sequence, "a history is in order, each event once")
            }
        }
        var some = reader.cursor(from: reader.firstSequence, types: TypeFilter(["purchase.*"]))
        for _ in 0..<20 {
            guard let batch = try allowingLogErrors({ try some.nextBatch() }), let batch else { break }
            for event in batch.prefix(50) { try require(event.type.hasPrefix("purchase."), "only what is wanted") }
        }
        _ = try allowingLogErrors { try reader.statistics() }
    }

    func verify() throws {
        guard let reader = try allowingLogErrors({ try LogReader.open(directory, files: files) }) else { return }
        for isDeep in [false, true] { _ = try allowingLogErrors { try reader.verify(deep: isDeep) } }
    }

    func repack() throws {
        let repacker = Repacker(
            paths: paths, files: files, identity: LogIdentity(bytes: SeedLog.logID), options: LogOptions())
        for first in starts {
            do {
                try repacker.repack(first, isCancelled: { false })
            } catch {
                try require(error is LogError || error is FileError || error is IndexError, "\(error) is an error")
            }
        }
    }

    func openForWriting() throws {
        let opening = LogOpening(paths: paths, files: files, options: LogOptions())
        guard let opened = try allowingLogErrors({ try opening.open() }) else { return }
        if opened.damage == nil {
            let first = opened.writer.header.firstSequence
            try require(opened.nextSequence >= first, "the next event is in the last segment")
        }
    }

    /// What `body` gives; nil if it throws what may be thrown for damage.
    private func allowingLogErrors<Result>(_ body: () throws -> Result) throws -> Result? {
        do { return try body() } catch is LogError { return nil }
    }
}
