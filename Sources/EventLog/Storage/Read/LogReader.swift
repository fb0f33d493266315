import Crypto
import Synchronization
public import SystemPackage

/// Reads a log.
///
/// Any number of readers, in any number of processes, read while one process writes.
///
/// A reader never goes past `head`, the durable end of the log, and follows rolls and repacking by itself. Whatever it
/// reads is checked; what is damaged is an error that names file, place and events, and never a wrong or missing event.
/// All methods may be called from any thread. Memory is bounded: a few open segments and decoded batches.
public final class LogReader: Sendable {
    let paths: LogPaths
    let files: any FileLayer
    let hash: KeyedHash
    /// What the log is known by.
    public let identity: LogIdentity
    /// What the log is marked with.
    public let features: LogFeatures
    private let headWord: Mutex<Head>
    let segments: Mutex<Segments>
    private let recent = Mutex<[BatchContent]>([])
    let index: LogIndex
    let subjectScans = Mutex<[SubjectScan]>([])
    let idScans = Mutex<[IDScan]>([])
    /// The accepted gaps of closed segments that were looked at, by the segment's first sequence.
    let knownGaps = Mutex<[UInt64: [AcceptedGap]]>([:])

    /// The names that are there, and the files that are open.
    struct Segments {
        var firsts: [UInt64]
        /// Open ones, least recently used first.
        var open: [OpenSegment] = []
    }

    /// The mapped word, or, while there is none, the end of what can be read.
    private enum Head {
        case word(any HeadWord)
        case lost(UInt64)
    }

    static let openMax = 16
    private static let recentMax = 8

    /// Opens the log in a folder.
    ///
    /// - Throws: `LogError`: `notALog`, `otherVersion`, `damaged` (no header can be read), or what the system says.
    public static func open(_ directory: FilePath) throws -> LogReader {
        try open(directory, files: SystemFiles())
    }

    package static func open(_ directory: FilePath, files: any FileLayer) throws -> LogReader {
        let paths = LogPaths(directory: directory)
        let firsts = try SegmentList.read(directory, files)
        guard let last = firsts.last else { throw LogError.notALog(directory) }
        let active = try newestReadable(firsts, last, paths, files)
        do {
            let index = try LogIndex.open(
                directory: paths.index, logID: active.header.identity.bytes, firstSequence: firsts.first ?? 0,
                files: files)
            return try LogReader(paths: paths, files: files, active: active, firsts: firsts, index: index)
        } catch let error as IndexError {
            throw LogError(error)
        }
    }

    /// The last segment; or, if its header is damaged, the newest whose header is not: its events can still be read.
    private static func newestReadable(
        _ firsts: [UInt64], _ last: UInt64, _ paths: LogPaths, _ files: any FileLayer
    ) throws(LogError) -> OpenSegment {
        do throws(LogError) {
            return try OpenSegment(paths.segment(last), first: last, files: files)
        } catch {
            guard error.code == .damaged || error.code == .notALog else { throw error }
            for first in firsts.dropLast().reversed() {
                if let segment = try? OpenSegment(paths.segment(first), first: first, files: files) { return segment }
            }
            throw error
        }
    }

    private init(
        paths: LogPaths, files: any FileLayer, active: OpenSegment, firsts: [UInt64], index: LogIndex
    ) throws(LogError) {
        self.paths = paths
        self.files = files
        self.index = index
        identity = active.header.identity
        features = active.header.features
        hash = KeyedHash(logID: identity.bytes)
        segments = Mutex(Segments(firsts: firsts, open: [active]))
        // Without the word, what checks is the best that is known; the next writer makes the word again.
        if let word = Self.openWord(paths, files) {
            headWord = Mutex(.word(word))
        } else {
            headWord = Mutex(.lost(try Self.endOfWhatChecks(active)))
        }
    }

    private static func endOfWhatChecks(_ active: OpenSegment) throws(LogError) -> UInt64 {
        do throws(FileError) {
            var scan = ActiveScan(header: active.header, file: active.file)
            try scan.run(head: 0, hash: nil)
            return scan.tally.endSequence
        } catch {
            throw LogError(error)
        }
    }

    /// The durable next sequence: every event before it is on disk and stays.
    public var head: UInt64 {
        headWord.withLock { head in
            switch head {
            case .word(let word): return max(word.sequence ?? 0, firstOfLast)
            case .lost(let end):
                guard let word = Self.openWord(paths, files) else { return end }
                head = .word(word)
                return max(word.sequence ?? 0, firstOfLast)
            }
        }
    }

    /// The word, if it is there and checks.
    private static func openWord(_ paths: LogPaths, _ files: any FileLayer) -> (any HeadWord)? {
        guard let word = try? files.openHead(paths.head, creating: nil), word.sequence != nil else { return nil }
        return word
    }

    /// A closed segment was synced before the next was made, so no head is before the last segment.
    private var firstOfLast: UInt64 { segments.withLock { $0.firsts.last ?? 0 } }

    /// The log's first sequence; more than 0 if older segments were archived.
    public var firstSequence: UInt64 { segments.withLock { $0.firsts.first ?? 0 } }

    /// Blocks the calling thread until `head` is past `sequence`, or the time is over; returns whether it is.
    public func wait(past sequence: UInt64, timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let current = head
            if current > sequence { return true }
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero { return false }
            let (seconds, attoseconds) = left.components
            let nanoseconds = min(seconds, 1_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
            let word = headWord.withLock { head -> (any HeadWord)? in
                if case .word(let word) = head { word } else { nil }
            }
            let seen = word?.load() ?? 0
            // Stored since `current` was read: look again. The word may be behind `current` right after a power loss,
            // until a writer has opened the log.
            if HeadCode.sequence(seen).map({ $0 > sequence }) ?? false { continue }
            word?.wait(while: seen, nanoseconds: max(1, min(nanoseconds, 1_000_000_000)))
            if word == nil { DedicatedThread.sleep(nanoseconds: min(nanoseconds, 50_000_000)) }
        }
    }

    // MARK: Events

    /// A cursor over the events from `from` on, in sequence order.
    ///
    /// - Parameters:
    ///   - to: the first sequence that is not wanted any more; nil = the head as it is now.
    ///   - types: the types that are wanted; nil = all. Batches without any of them are not decompressed.
    ///   - passingGaps: whether accepted gaps are passed over; else they are an error, as all that cannot be read.
    public func cursor(
        from: UInt64, to: UInt64? = nil, types: TypeFilter? = nil, passingGaps: Bool = false
    ) -> LogCursor {
        LogCursor(reader: self, from: from, to: min(to ?? .max, head), types: types, passingGaps: passingGaps)
    }

    /// The event at this place.
    ///
    /// - Throws: `LogError`: `archived`, `beyondEnd`, or `damaged`.
    public func event(at sequence: UInt64) throws -> StoredEvent {
        let content = try content(at: sequence)
        return content.event(Int(sequence - content.firstSequence))
    }

    /// The batch that holds the event.
    func content(at sequence: UInt64) throws(LogError) -> BatchContent {
        if let known = recent.withLock({ $0.last { $0.holds(sequence) } }) { return known }
        try check(sequence)
        return try retrying { () throws(LogError) in
            let segment = try segment(holding: sequence)
            let span: SegmentSpan
            switch try segment.place(of: sequence, before: end(of: segment)) {
            case .span(let found): span = found
            case .gap(let damage): throw damage.error
            }
            guard let found = try segment.read(span, only: sequence).first(where: { $0.holds(sequence) }) else {
                throw segment.damage(at: sequence)
            }
            recent.withLock { recent in
                if recent.count >= Self.recentMax { recent.removeFirst() }
                recent.append(found)
            }
            return found
        }
    }

    /// Damage, or a file that is gone, may only mean that it was repacked or archived meanwhile: looks again with the
    /// files as they are now.
    func retrying<Result>(_ body: () throws(LogError) -> Result) throws(LogError) -> Result {
        do {
            return try body()
        } catch  where error.code == .damaged || error.code == .system(Errno.noSuchFileOrDirectory.rawValue) {
            try refresh()
            return try body()
        }
    }

    private func check(_ sequence: UInt64) throws(LogError) {
        guard sequence >= firstSequence else {
            throw LogError(
                code: .archived,
                message: "event \(sequence) is before the log's first, \(firstSequence); bring the older segments back",
                path: paths.directory.string)
        }
        guard sequence < head else {
            throw LogError(
                code: .beyondEnd,
                message: "there is no event \(sequence) yet; the log's next is \(head), ask for one before it",
                path: paths.directory.string)
        }
    }

    /// SHA-256 of the line before `sequence`, without its line feed; 32 zeros at the log's very start; of the kept
    /// bytes of an accepted gap, if that line is in one.
    ///
    /// Kept beside a cursor it proves later that the log still holds the same history.
    public func lineHash(before sequence: UInt64) throws -> [UInt8] {
        if sequence == 0 { return [UInt8](repeating: 0, count: 32) }
        if sequence == firstSequence {
            return try retrying { () throws(LogError) in try segment(startingAt: sequence).header.lineage }
        }
        do {
            return Array(SHA256.hash(data: try event(at: sequence - 1).line))
        } catch let error as LogError where error.code == .gap {
            return try gapHash(holding: sequence - 1)
        }
    }

    /// How many events from sequence 0 on were recorded at or before `instant`: the sequence after the last of them.
    public func count(recordedBy instant: Instant) throws -> UInt64 {
        let end = head
        try refresh()
        let firsts = segments.withLock { $0.firsts }
        // In the last segment that starts with something recorded by then lies the border.
        var low = 0
        var high = firsts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            let floor = try segment(startingAt: firsts[middle]).header.recordedFloor
            if floor <= instant { low = middle } else { high = middle }
        }
        guard low < firsts.count, firsts[low] < end else { return end }
        let segment = try segment(startingAt: firsts[low])
        let bound = low + 1 < firsts.count ? firsts[low + 1] : end
        let span = try segment.borderSpan(of: instant, upTo: bound)
        guard let span, span.firstSequence < end else { return min(bound, end) }
        for content in try segment.read(span) {
            let place = content.entries.partitioningIndex { $0.recordedTime > instant }
            if place < content.entries.count { return min(content.firstSequence + UInt64(place), end) }
        }
        return min(span.endSequence, end)
    }
}

extension BatchContent {
    func holds(_ sequence: UInt64) -> Bool { sequence >= firstSequence && sequence < endSequence }
}
