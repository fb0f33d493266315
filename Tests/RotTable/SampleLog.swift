package import EventLog
import Synchronization
package import SystemPackage

/// A log with segments in every state, and all that was ever put into it.
package struct SampleLog: Sendable {
    /// The folder it pretends to be in.
    package static let directory = FilePath("/log")
    /// What it is called in the table's first column, if there are several.
    package var name: String
    /// Its files.
    package var files: MemoryFiles
    /// How it is written.
    package var options: LogOptions
    /// The subjects that events have.
    package var subjects: [String]
    /// The ids of events that were sent with one, and of two that were not.
    package var ids: [String]
    /// An event that was sent, for each of `ids` that are in the log.
    package var sent: [EventDraft]

    /// Each flip is followed by one of so many shares of all lookups; they take turns.
    package var lookupShares: Int

    /// How large a log is.
    package struct Shape: Sendable {
        /// The log's name.
        package var name: String
        /// Events of a request.
        package var requestEvents: Int
        /// How many subjects take turns.
        package var subjects: Int
        /// Bytes of lines after which a segment is closed.
        package var segmentBytes: UInt64
        /// Segments that are repacked.
        package var repacked: Int
        /// See `SampleLog.lookupShares`.
        package var lookupShares: Int

        /// Few events: every flip reads all of it.
        package static let small = Shape(
            name: "small", requestEvents: 3, subjects: 7, segmentBytes: 2_200, repacked: 5, lookupShares: 4)
        /// Many subjects and ids: several buckets of postings, several blocks and filter lines of an index run.
        package static let wide = Shape(
            name: "wide", requestEvents: 40, subjects: 150, segmentBytes: 40_000, repacked: 5, lookupShares: 50)
    }

    /// Makes a log: repacked segments, whose index runs are joined, two closed ones with a run each, and an active one
    /// with room made ahead, as a killed process leaves it.
    package static func make(_ shape: Shape) async throws -> SampleLog {
        var options = LogOptions()
        options.logID = (0..<16).map { UInt8($0 * 7 + 1) }
        options.segmentBytesMax = shape.segmentBytes
        options.spaceBytes = 4_096
        options.repackFrameBytes = Int(shape.segmentBytes / 3)
        let files = MemoryFiles()
        _ = try EventLog.create(at: directory, options: options, files: files)
        var log = SampleLog(
            name: shape.name, files: files, options: options, subjects: [], ids: ["never", "sent"], sent: [],
            lookupShares: shape.lookupShares)
        log.subjects = (0..<shape.subjects).map { "C-\($0)" } + ["nobody"]
        let clock = Clock()
        var next = 0
        func write(segments: Int, repacks: Bool) async throws {
            log.options.repacks = repacks
            let sequencer = try LocalSequencer.open(directory, options: log.options, files: files) { clock.now }
            while files.paths.count(where: { $0.hasSuffix(".lz4") }) <= segments {
                _ = try await sequencer.append(log.request(shape, &next))
            }
            await sequencer.close(finishRepacking: true)
        }
        try await write(segments: shape.repacked, repacks: true)
        try await write(segments: shape.repacked + 2, repacks: false)
        // Nothing is closed any more: so nothing is done in the background either.
        log.options.segmentBytesMax = 1 << 20
        let sequencer = try LocalSequencer.open(directory, options: log.options, files: files) { clock.now }
        for _ in 0..<11 {
            let draft = log.draft(next, shape)
            next += 1
            _ = try await sequencer.append(AppendRequest(events: [draft]))
        }
        log.files = files.copy()
        await sequencer.close()
        return log
    }

    private mutating func request(_ shape: Shape, _ next: inout Int) -> AppendRequest {
        var events: [EventDraft] = []
        for _ in 0..<shape.requestEvents {
            events.append(draft(next, shape))
            next += 1
        }
        return AppendRequest(events: events)
    }

    private mutating func draft(_ number: Int, _ shape: Shape) -> EventDraft {
        let types = ["purchase.completed", "call.completed", "note.added", "stage.changed"]
        // Some types come and go by segments, so that a replay of one skips others.
        let type = number % 5 == 0 ? types[number / 40 % 4] : types[number % 2]
        let hasID = number % 3 != 1
        let draft = EventDraft(
            id: hasID ? "id-\(number)" : nil, source: hasID ? "/sender" : nil, type: type,
            subject: number % 11 == 10 ? nil : subjects[number * number % shape.subjects],
            time: number % 4 == 0 ? "2026-03-0\(1 + number % 9)T08:30:00Z" : nil,
            data: Array("{\"n\":\(number),\"note\":\"\(number * 7_919)\"}".utf8))
        if hasID {
            ids.append("id-\(number)")
            sent.append(draft)
        }
        return draft
    }
}

/// Goes on a second a look.
private final class Clock: Sendable {
    private let seconds = Atomic<Int64>(1_772_353_801)
    var now: Instant { Instant(microseconds: seconds.add(1, ordering: .relaxed).newValue * 1_000_000) }
}
