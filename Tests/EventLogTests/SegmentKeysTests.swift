import Testing

@testable import EventLog

/// The flat tables against dictionaries.
@Suite struct SegmentKeysTests {
    /// What the tables should say, kept the plain way.
    private struct Model {
        var states: [SubjectHash: SubjectState] = [:]
        var ids: [UInt64: [UInt64]] = [:]
        var order: [SubjectHash] = []

        mutating func add(_ keys: BatchBuilder.Keys, _ sequence: UInt64) {
            if let subject = keys.subject {
                if states[subject] == nil { order.append(subject) }
                states[subject] = SubjectState(version: keys.version, segment: 90, lastSequence: sequence)
            }
            if let id = keys.id { ids[id, default: []].append(sequence) }
        }
    }

    /// Hashes from a pool that is small in every part, so that slots, tags and whole hashes meet often.
    private func hash(_ random: inout StorageRandom, narrow: Bool) -> UInt64 {
        guard narrow else { return random.next() }
        let top = [0, 1, 0xFFFF_FFFF, 0x8000_0000, 0x0000_0800][Int.random(in: 0..<5, using: &random)] as UInt64
        return (top ^ UInt64.random(in: 0..<4, using: &random)) << 32 | UInt64.random(in: 0..<8, using: &random)
    }

    @Test(arguments: 0..<20)
    func theTablesSayWhatDictionariesSay(seed: UInt64) {
        var random = StorageRandom(seed)
        let narrow = seed % 2 == 0
        let events = RecentEvents(segment: 90, firstSequence: 100)
        var model = Model()
        var subjects: [SubjectHash] = []
        for number in 0..<UInt64(narrow ? 1_000 : 5_000) {
            var keys = BatchBuilder.Keys()
            if Bool.random(using: &random) {
                let known = Int.random(in: 0..<3, using: &random) == 0 ? subjects.randomElement(using: &random) : nil
                let subject =
                    known
                    ?? SubjectHash(
                        hash: hash(&random, narrow: narrow), check: UInt32.random(in: 0..<3, using: &random))
                subjects.append(subject)
                keys.subject = subject
                keys.version = number
            }
            if Int.random(in: 0..<4, using: &random) > 0 { keys.id = hash(&random, narrow: narrow) }
            events.add(keys)
            model.add(keys, 100 + number)
        }
        #expect(events.endSequence == 100 + UInt64(events.eventSubjects.count))
        for (subject, state) in model.states { #expect(events.state(of: subject) == state) }
        for (id, sequences) in model.ids { #expect(events.candidates(id) == sequences) }
        for _ in 0..<2_000 {
            let other = hash(&random, narrow: narrow)
            #expect(events.candidates(other) == model.ids[other] ?? [])
            let subject = SubjectHash(hash: other, check: UInt32.random(in: 0..<4, using: &random))
            #expect(events.state(of: subject) == model.states[subject])
        }
        #expect(events.subjects.map(\.subject) == model.order)
        let ids = model.ids.flatMap { id, sequences in sequences.map { IDEntry(hash: id, sequence: $0) } }
        #expect(events.idEntries == ids.sorted { $0.sequence < $1.sequence })
    }

    @Test func everyEventKnowsItsSubject() {
        let events = RecentEvents(segment: 7, firstSequence: 9)
        let (a, b) = (SubjectHash(hash: 5, check: 1), SubjectHash(hash: 5, check: 2))
        for subject in [a, nil, b, a] { events.add(BatchBuilder.Keys(subject: subject, version: 1)) }
        #expect(events.eventSubjects == [0, .max, 1, 0])
        events.resolve { $0 == a ? 3 : RecentEvents.none }
        #expect(events.subjects.map(\.previousSegment) == [3, RecentEvents.none])
    }
}

/// What opening reads out of lines, against the same by way of parsed events.
@Suite struct ActiveScanTests {
    private static let texts = ["C-1", "客户", "a\"b", "back\\slash", "C-22", String(repeating: "x", count: 200)]

    private func draft(_ number: Int, _ random: inout StorageRandom) -> EventDraft {
        let subject = Int.random(in: 0..<8, using: &random) == 0 ? nil : Self.texts.randomElement(using: &random)
        let id = Bool.random(using: &random) ? nil : "\(Self.texts.randomElement(using: &random) ?? "")-\(number)"
        // Also a source that looks like the log's own, and an id that looks like the log's.
        let source = id == nil ? nil : ["/a", "touchline:/b"].randomElement(using: &random)
        return EventDraft(
            id: id, source: source, type: "type.\(Int.random(in: 0..<5, using: &random))", subject: subject,
            time: Bool.random(using: &random) ? "2026-01-02T03:04:05Z" : nil,
            data: Bool.random(using: &random) ? Array("{\"n\":\(number)}".utf8) : nil)
    }

    @Test(arguments: 0..<6)
    func theScanFindsTheKeysOfEveryLine(seed: UInt64) async throws {
        var random = StorageRandom(seed)
        let log = try StorageLog()
        var requests: [[EventDraft]] = []
        for number in 0..<60 {
            let count = Int.random(in: 1...8, using: &random)
            requests.append((0..<count).map { draft(number * 10 + $0, &random) })
        }
        try await log.append(requests)
        let file = try log.files.open(log.segmentPaths[0], .read)
        let header = try SegmentHeader.read(file, expecting: 0)
        let hash = KeyedHash(logID: header.identity.bytes)
        var scan = ActiveScan(header: header, file: file)
        try scan.run(head: 0, hash: hash)
        let plain = RecentEvents(segment: 0, firstSequence: 0)
        for event in try log.reader().allEvents() {
            let isGiven = ReservedID.sequence(source: event.source, id: event.id) == event.sequence
            plain.add(
                BatchBuilder.Keys(
                    subject: event.subject.map { hash.subject($0) }, version: event.subjectSequence ?? 0,
                    id: isGiven ? nil : hash.id(source: event.source, id: event.id)))
        }
        #expect(scan.damage == nil)
        #expect(scan.events.endSequence == plain.endSequence)
        #expect(scan.events.eventSubjects == plain.eventSubjects)
        #expect(scan.events.idEntries == plain.idEntries)
        #expect(scan.events.subjectEntries == plain.subjectEntries)
    }

    @Test func aReservedIDIsTheSequenceAndNothingElse() {
        for (id, sequence, isGiven) in [
            ("0", 0, true), ("7", 7, true), ("18446744073709551615", UInt64.max, true), ("07", 7, false),
            ("", 0, false), ("8", 7, false), ("1844674407370955161", .max, false), ("x", 7, false), ("17", 7, false),
        ] as [(String, UInt64, Bool)] {
            let id = Array(id.utf8)
            let sources = [Array("touchline:".utf8), Array("touchline:/a".utf8), Array("touchline".utf8), []]
            let answers = sources.map { ReservedID.isGiven(source: $0.span, id: id.span, at: sequence) }
            #expect(answers == [isGiven, isGiven, false, false])
        }
    }
}
