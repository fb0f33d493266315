import EventLog

/// What several buffers hold together, subject by subject.
///
/// Threads that fold side by side must not count references to the same objects: each would wait for the other at every
/// event. So what is in the buffers is only looked at where it is (a span counts nothing), and a subject that is handed
/// out has its lines, and the names of the types, in memory of the thread that asked for it.
struct HeldEvents: Sendable {
    /// A subject in one of the buffers.
    private struct Place {
        /// Its first eight bytes, the first in the highest bits, so that most subjects are ordered by this alone.
        var prefix: UInt64
        var buffer: Int
        /// Where it is among the buffer's subjects, in their order.
        var rank: Int
    }

    /// What the fold does with the events of a type.
    private struct Use {
        /// The projectors that consume it.
        var mask: UInt64
        var isRetraction: Bool
        /// Its number among the types of all buffers.
        var type: UInt32
    }

    private let buffers: [SubjectBuffer]
    /// The types of all buffers.
    private let types: [String]
    /// By buffer and type.
    private let uses: [[Use]]
    /// By the order of the subjects' bytes; a subject is there once a buffer that has it.
    private let places: [Place]

    /// The events of these buffers, which are arranged, for the projectors of this set.
    init(_ buffers: [SubjectBuffer], for set: ProjectorSet) {
        self.buffers = buffers
        var types = TypeNumbers()
        uses = buffers.map { buffer in
            zip(buffer.types, types.numbers(of: buffer.types)).map { name, number in
                Use(
                    mask: set.mask(of: name), isRetraction: name == set.policy.retractionType, type: UInt32(number))
            }
        }
        self.types = types.types
        places = Self.places(buffers)
    }

    private static func places(_ buffers: [SubjectBuffer]) -> [Place] {
        var places: [Place] = []
        places.reserveCapacity(buffers.reduce(0) { $0 + $1.subjects.count })
        for (index, buffer) in buffers.enumerated() {
            for (rank, number) in buffer.ranked.enumerated() {
                let prefix = buffer.subjects.withBytes(Int(number), SubjectOrder.prefix)
                places.append(Place(prefix: prefix, buffer: index, rank: rank))
            }
        }
        // Each buffer's are in order already, and a sort of such runs only puts them together.
        let all = buffers.span
        places.sort { compare($0, $1, in: all) < 0 }
        return places
    }

    /// Places in the order of the subjects.
    var indices: Range<Int> { places.indices }

    /// The first place whose subject is not before `subject`.
    func firstIndex(notBefore subject: ByteText) -> Int {
        let bytes = Array(subject.text.utf8)
        let all = buffers.span
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            let place = places[middle]
            let number = Int(all[place.buffer].ranked[place.rank])
            let order = all[place.buffer].subjects.withBytes(number) { SubjectOrder.compare($0, bytes.span) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Goes through the subjects at these places in the order of their bytes; no subject may begin before them.
    ///
    /// What is handed out is used again for the next subject.
    func forEachSubject(_ range: Range<Int>, _ body: (inout HeldSubject) throws -> Void) rethrows {
        // Names of this thread's own.
        var subject = HeldSubject(types: types.map { String(decoding: Array($0.utf8), as: UTF8.self) })
        let all = buffers.span
        var index = range.lowerBound
        while index < range.upperBound {
            let first = places[index]
            let number = Int(all[first.buffer].ranked[first.rank])
            subject.begin(all[first.buffer].subjects.text(number))
            while index < range.upperBound, Self.compare(places[index], first, in: all) == 0 {
                find(places[index], &subject)
                index += 1
            }
            fetch(&subject)
            try body(&subject)
        }
    }

    /// Notes the events of a subject in one buffer, and asks for their lines.
    private func find(_ place: Place, _ subject: inout HeldSubject) {
        let all = buffers.span
        let records = all[place.buffer].records.span
        let order = all[place.buffer].order.span
        let starts = all[place.buffer].starts.span
        let chunks = all[place.buffer].chunks.span
        let uses = self.uses.span
        let usesHere = uses[place.buffer].span
        let positions = Int(starts[place.rank])..<Int(starts[place.rank + 1])
        for position in positions { Prefetch.element(Int(order[position]), of: records) }
        for position in positions {
            let record = records[Int(order[position])]
            let use = usesHere[Int(record.type)]
            if use.mask != 0 {
                let chunk = chunks[Int(record.chunk)].span
                Prefetch.bytes(Int(record.start)..<Int(record.end), of: chunk)
            }
            if use.isRetraction { subject.hasRetraction = true }
            subject.events.append(
                HeldSubject.Event(
                    time: record.time, sequence: record.sequence, recordedTime: record.recordedTime, mask: use.mask,
                    type: use.type, dataOffset: record.dataOffset, buffer: UInt32(place.buffer), chunk: record.chunk,
                    start: Int(record.start), end: Int(record.end)))
        }
    }

    /// Copies the lines that will be asked for to where the subject has them.
    private func fetch(_ subject: inout HeldSubject) {
        subject.sortIfNeeded()
        let all = buffers.span
        for index in subject.events.indices {
            let event = subject.events[index]
            // An event that nobody consumes may still be what a retraction names.
            guard event.mask != 0 || subject.hasRetraction else { continue }
            let chunks = all[Int(event.buffer)].chunks.span
            let line = chunks[Int(event.chunk)].span
            guard subject.lines.count < HeldSubject.copiedBytesMax else {
                subject.share(all[Int(event.buffer)].chunks[Int(event.chunk)], at: index)
                continue
            }
            line.extracting(event.start..<event.end).withUnsafeBufferPointer { subject.copy($0, at: index) }
        }
    }

    @inline(__always)
    private static func compare(_ left: Place, _ right: Place, in buffers: borrowing Span<SubjectBuffer>) -> Int {
        if left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
        let (one, other) = (Int(buffers[left.buffer].ranked[left.rank]), Int(buffers[right.buffer].ranked[right.rank]))
        return buffers[left.buffer].subjects.withBytes(one) { one in
            buffers[right.buffer].subjects.withBytes(other) { other in SubjectOrder.compare(one, other) }
        }
    }
}
