import EventLog
import SystemPackage

/// Ways to go through a whole log that end in numbers, each timed.
struct LogReplay {
    let reader: LogReader
    let directory: FilePath
    let progress: BenchProgress

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
        var census = Census()
        var subjects: Set<String> = []
        var last = ""
        var cursor = reader.cursor(from: reader.firstSequence, to: reader.head, passingGaps: true)
        while let batch = try cursor.nextBatch() {
            census.events += batch.count
            for event in batch {
                census.types[event.type, default: .init()].events += 1
                if event.type != last { census.types[event.type]?.runs += 1 }
                last = event.type
                if let subject = event.subject { subjects.insert(subject) }
            }
            try progress("counting", batch.endSequence, of: cursor.end)
        }
        census.subjects = subjects.count
        return census
    }

    /// Reads every event by the directories, counting by type and by subject; `data` is never looked at.
    func dispatch(_ census: Census) throws -> Timed {
        try timed {
            var types: [String: Int] = [:]
            var subjects: [String: Int] = [:]
            subjects.reserveCapacity(census.subjects)
            var cursor = reader.cursor(from: reader.firstSequence, to: reader.head, passingGaps: true)
            while let batch = try cursor.nextBatch() {
                for event in batch {
                    types[event.type, default: 0] += 1
                    if let subject = event.subject { subjects[subject, default: 0] += 1 }
                }
                try progress("replaying")
            }
            guard types == census.types.mapValues(\.events), subjects.count == census.subjects else {
                throw LogReplay.changed
            }
        }
    }

    /// Reads the events of one type alone.
    func only(_ type: String, expecting count: Int) throws -> Timed {
        try timed {
            var events = 0
            var subjects: [String: Int] = [:]
            var cursor = reader.cursor(
                from: reader.firstSequence, to: reader.head, types: TypeFilter([type]), passingGaps: true)
            while let batch = try cursor.nextBatch() {
                for event in batch {
                    events += 1
                    if let subject = event.subject { subjects[subject, default: 0] += 1 }
                }
            }
            guard events == count else { throw LogReplay.changed }
        }
    }

    /// Reads, checks and decompresses every frame, and nothing more.
    func readFrames() throws -> Timed {
        let segments = try reader.statistics().segments
        return try timed {
            for segment in segments { _ = try BareFrames.read(segment: segment.firstSequence, of: directory) }
        }
    }

    /// Decompresses every frame from memory; reading them is not counted.
    func decompress() throws -> Timed {
        var sum = Timed(seconds: 0, cpuSeconds: 0)
        for segment in try reader.statistics().segments {
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
}
