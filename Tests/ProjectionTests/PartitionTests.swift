import EventLog
import Synchronization
import Testing

@testable import Projection

/// How a rebuild divides the subjects and reads their events.
@Suite struct PartitionTests {
    @Test func boundsDivideTheSubjectsInOrder() {
        let bounds = PartitionBounds(starts: ["b", "b", "d", "\u{E9}"].map { ByteText($0) })
        let expected = [
            ("", 0), ("a", 0), ("b", 2), ("b1", 2), ("c", 2), ("d", 3), ("e\u{301}", 3), ("\u{E9}", 4),
            ("\u{10FFFD}", 4),
        ]
        for (subject, partition) in expected {
            #expect(bounds.partition(of: ByteText(subject)) == partition, "\(subject)")
            for first in 0..<5 {
                for end in (first + 1)...5 {
                    let isInside = bounds.subjects(of: first..<end).contains(ByteText(subject))
                    #expect(isInside == (first..<end).contains(partition), "\(subject) in \(first)..<\(end)")
                }
            }
        }
    }

    @Test func textsAreOrderedByTheirBytes() {
        let texts = ["", "A", "a", "aa", "b", "e\u{301}", "z", "\u{E9}", "\u{4E2D}", "\u{1F600}"]
        for (left, text) in texts.enumerated() {
            for (right, other) in texts.enumerated() {
                #expect((ByteText(text) < ByteText(other)) == (left < right))
                #expect((ByteText(text) == ByteText(other)) == (left == right))
            }
        }
    }

    @Test("The estimate parts evenly, whatever the log's batches", arguments: [0, 1, 37, 5_000])
    func estimate(_ count: Int) async throws {
        let fixture = try Fixture()
        let subjects = (0..<count).map { "C-\($0 * 7_919 % 10_000)" }
        try await fixture.append(
            subjects.enumerated().map { number, subject in
                EventDraft(id: "\(number)", source: "/t", type: "note.1", subject: subject, data: Array("{}".utf8))
            })
        let reader = try fixture.reader()
        let bounds = try PartitionBounds.estimate(from: reader, before: reader.head, partitions: 16)
        #expect(bounds.starts == bounds.starts.sorted())
        #expect(bounds.starts.count == (count == 0 ? 0 : 15))
        guard count == 5_000 else { return }
        let sizes = Dictionary(grouping: subjects) { bounds.partition(of: ByteText($0)) }.mapValues(\.count)
        #expect(sizes.count == 16 && sizes.values.allSatisfy { (200...430).contains($0) }, "\(sizes)")
    }

    @Test("Every event is in one partition, under its subject", arguments: [1, 2, 5], [16, 4, 1])
    func passes(workers: Int, size: Int) async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 71, count: 900))
        let reader = try fixture.reader()
        let bounds = try PartitionBounds.estimate(from: reader, before: 800, partitions: 16)
        let monitor = RebuildMonitor(partitions: 16, total: 800) { _ in true }
        var subjects: [ByteText] = []
        var found: [UInt64: String] = [:]
        for first in stride(from: 0, to: 16, by: size) {
            let events = try PassEvents(
                of: first..<(first + size), bounds: bounds, for: fixture.set, from: reader, before: 800,
                workers: Workers(count: workers), monitor: monitor)
            for partition in first..<(first + size) {
                events.forEachSubject(of: partition) { subject in
                    subjects.append(ByteText(subject.name))
                    for event in subject.known {
                        #expect(event.subject == subject.name)
                        #expect(found.updateValue(subject.name, forKey: event.sequence) == nil)
                    }
                }
            }
        }
        var expected: [UInt64: String] = [:]
        var cursor = reader.cursor(from: 0, to: 800)
        while let batch = try cursor.nextBatch() {
            for event in batch { expected[event.sequence] = event.subject }
        }
        #expect(found == expected)
        #expect(subjects == Set(subjects).sorted())
    }

    @Test("A rebuild in many passes gives the same rows", arguments: [1, 3])
    func manyPasses(_ workers: Int) async throws {
        let fixture = try Fixture()
        try await fixture.append(randomHistory(seed: 72, count: 700))
        try fixture.catchUp()
        let before = try fixture.digest()
        var options = RebuildOptions(workers: workers)
        options.memoryBytes = 30_000
        let summary = try fixture.rebuild(options)
        #expect(summary.plan.passes > 3)
        #expect(summary.events == 700)
        #expect(try fixture.digest() == before)
    }

    @Test func turnsAreTakenInOrderUntilOneFails() throws {
        struct Failure: Error {}
        let turns = Turns(count: 40)
        let taken = Mutex<[Int]>([])
        #expect(throws: Failure.self) {
            try Workers(count: 4).run(Array(0..<40)) {
            } body: { _, index in
                try turns.take(index) {
                    taken.withLock { $0.append(index) }
                    if index == 20 { throw Failure() }
                }
            }
        }
        #expect(taken.withLock { $0 } == Array(0...20))
    }
}
