import Dispatch
import EventLog
import Synchronization
import SystemPackage

/// Ways to go through a whole log that end in numbers, each timed.
struct LogReplay {
    let reader: LogReader
    let directory: FilePath
    let progress: BenchProgress
    /// Where to stop, between two segments; nil = at the log's end.
    var end: UInt64?

    /// What is said if two ways through the log do not count the same.
    static let changed = BenchError(
        .failed, "the log counts differently from one replay to the next; stop what appends to it meanwhile")

    /// What is in the log.
    struct Census: Equatable {
        /// Of one type: how many events, and in how many unbroken runs they stand.
        struct Count: Equatable {
            var events = 0
            var runs = 0
        }

        var events = 0
        var subjects = 0
        var types: [String: Count] = [:]

        /// The type nearest to one event in a hundred whose events stand next to each other; nil if there is none.
        var clusteredType: String? {
            let clustered = types.filter { _, count in
                (0.003...0.03).contains(share(count)) && count.events >= 8 * count.runs
            }
            let nearest = clustered.min { left, right in
                let (one, other) = (abs(share(left.value) - 0.01), abs(share(right.value) - 0.01))
                return one == other ? left.key < right.key : one < other
            }
            return nearest?.key
        }

        private func share(_ count: Count) -> Double { Double(count.events) / Double(events) }
    }

    /// Counts what is there, by type and by subject.
    func census() throws -> Census {
        var types = TypeNumbers()
        var counts: [Census.Count] = []
        var subjects = SubjectTable()
        var numbers: [Int] = []
        var events = 0
        var last = -1
        var cursor = reader.cursor(from: reader.firstSequence, to: end ?? reader.head, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            events += batch.count
            batch.eachDispatched(&types, &subjects, &numbers) { type, _ in
                while counts.count <= type { counts.append(Census.Count()) }
                counts[type].events += 1
                if type != last { counts[type].runs += 1 }
                last = type
            }
            try progress("counting", batch.endSequence, of: cursor.end)
        }
        return Census(
            events: events, subjects: subjects.count,
            types: Dictionary(uniqueKeysWithValues: zip(types.types, counts).filter { $0.1.events > 0 }))
    }

    /// Reads every event by the directories, counting by type and by subject; `data` is never looked at.
    func dispatch(_ census: Census) throws -> Timed {
        try timed {
            let (types, subjects) = try count(nil)
            guard types == census.types.mapValues(\.events), subjects == census.subjects else {
                throw LogReplay.changed
            }
        }
    }

    /// Reads the events of one type alone.
    func only(_ type: String, expecting count: Int) throws -> Timed {
        try timed {
            guard try self.count(TypeFilter([type])).types == [type: count] else { throw LogReplay.changed }
        }
    }

    /// How many events of each type there are, and how many subjects; events are counted a subject as well.
    private func count(_ filter: TypeFilter?) throws -> (types: [String: Int], subjects: Int) {
        var types = TypeNumbers()
        var typeCounts: [Int] = []
        var subjects = SubjectTable()
        var numbers: [Int] = []
        var subjectCounts: [Int] = []
        var cursor = reader.cursor(from: reader.firstSequence, to: end ?? reader.head, types: filter, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            batch.eachDispatched(&types, &subjects, &numbers) { type, subject in
                while typeCounts.count <= type { typeCounts.append(0) }
                typeCounts[type] += 1
                guard let subject else { return }
                if subject == subjectCounts.count { subjectCounts.append(0) }
                subjectCounts[subject] += 1
            }
            try progress("replaying")
        }
        let counts = Dictionary(uniqueKeysWithValues: zip(types.types, typeCounts).filter { $0.1 > 0 })
        return (counts, subjectCounts.count)
    }

    private var segments: [LogStatistics.Segment] {
        get throws { try reader.statistics().segments.filter { $0.firstSequence < end ?? .max } }
    }

    /// Reads, checks and decompresses every frame, and nothing more.
    func readFrames() throws -> Timed {
        let segments = try segments
        return try timed {
            for segment in segments { _ = try BareFrames.read(segment: segment.firstSequence, of: directory) }
        }
    }

    /// Decompresses every frame from memory; reading them is not counted.
    func decompress() throws -> Timed {
        var sum = Timed(seconds: 0, cpuSeconds: 0)
        for segment in try segments {
            let frames = try HeldFrames(segment: segment.firstSequence, of: directory)
            guard frames.lineBytes >= segment.lineBytes else {
                throw BenchError(.refused, "\(segment.name): some events cannot be read; measure on a whole log")
            }
            // Memory touched for the first time costs, and is not LZ4's doing.
            guard frames.decompress() else { throw BenchError(.failed, "\(segment.name): LZ4 cannot read it") }
            sum = sum + timed { _ = frames.decompress() }
            try progress("replaying")
        }
        return sum
    }

    /// How much more several threads decompress than one: what the machine allows two workers that share nothing.
    ///
    /// Each decompresses the frames of the first segment, in memory of its own.
    func decompress(threads: Int) throws -> Double {
        guard let first = try reader.statistics().segments.first?.firstSequence else { return 0 }
        let one = try rate(of: first, threads: 1)
        return try rate(of: first, threads: threads) / one
    }

    /// Passes over the frames of a segment a second, of all threads together.
    private func rate(of segment: UInt64, threads: Int) throws -> Double {
        let rates = Mutex<[Result<Double, any Error>]>([])
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let rate = Result { try Self.rate(HeldFrames(segment: segment, of: directory)) }
            rates.withLock { $0.append(rate) }
        }
        return try rates.withLock { $0 }.reduce(0) { $0 + (try $1.get()) }
    }

    private static let rateSeconds = 0.3

    private static func rate(_ frames: HeldFrames) throws -> Double {
        guard frames.decompress() else { throw LogReplay.changed }
        var passes = 0.0
        let start = ContinuousClock.now
        while true {
            _ = frames.decompress()
            passes += 1
            let taken = Double(nanoseconds(since: start)) / 1e9
            if taken >= rateSeconds { return passes / taken }
        }
    }
}

extension EventBatch {
    /// Hands out the numbers of type and subject of every event.
    @inline(__always)
    fileprivate func eachDispatched(
        _ types: inout TypeNumbers, _ subjects: inout SubjectTable, _ numbers: inout [Int],
        _ body: (_ type: Int, _ subject: Int?) -> Void
    ) {
        let batch = byEntry
        let typeNumbers = types.numbers(of: batch.types)
        subjects.numbers(escapedIn: batch.lines.span, count: batch.count, into: &numbers) {
            batch.entries[batch.index(at: $0)].subject
        }
        for position in 0..<batch.count {
            let type = typeNumbers[Int(batch.entries[batch.index(at: position)].typeIndex)]
            body(type, numbers[position] < 0 ? nil : numbers[position])
        }
    }
}
