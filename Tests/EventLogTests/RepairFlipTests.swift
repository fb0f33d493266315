import RotTable
import SystemPackage
import Testing

@testable import EventLog

/// Single flipped bits, structure by structure, and what a repair makes of them.
@Suite struct RepairFlipTests {
    private static let now = Instant(microseconds: 1_800_000_000_000_000)

    private func lines(_ files: MemoryFiles) throws -> [UInt64: [UInt8]] {
        var lines: [UInt64: [UInt8]] = [:]
        var cursor = try LogReader.open(SampleLog.directory, files: files).cursor(from: 0)
        while true {
            do {
                guard let batch = try cursor.nextBatch() else { return lines }
                for event in batch { lines[event.sequence] = Array(event.line) }
            } catch let error as LogError where error.sequences != nil {
                continue
            }
        }
    }

    private func repair(_ log: SampleLog, _ files: MemoryFiles) -> LogRepair {
        LogRepair(SampleLog.directory, options: log.options, files: files)
    }

    /// A few bits of every stretch of each structure.
    private func flips(_ log: SampleLog) -> [(stretch: Stretch, bit: Int)] {
        var random = StorageRandom(11)
        let rows = Dictionary(grouping: Structures(of: log).stretches, by: \.row)
        return rows.keys.sorted().flatMap { row in
            (0..<4).compactMap { _ in
                rows[row]?.randomElement(using: &random).map { stretch in
                    let bits = stretch.bytes.lowerBound * 8..<stretch.bytes.upperBound * 8
                    return (stretch, Int.random(in: bits, using: &random))
                }
            }
        }
    }

    @Test func whatCanBeDerivedIsMendedAndTheRestIsNamed() async throws {
        let log = try await SampleLog.make(.small)
        let sound = try lines(log.files)
        for (stretch, bit) in flips(log) {
            let files = log.files.copy()
            files.flip(stretch.path, bit: bit)
            let before = files.copy()
            let planned = try repair(log, files).plan()
            #expect(files.paths.allSatisfy { files.bytes($0) == before.bytes($0) }, "a plan changes nothing")
            let done = try repair(log, files).run(now: Self.now)
            let place = Comment(rawValue: "\(stretch.row) \(stretch.path) bit \(bit)")
            #expect(done.steps == planned.steps && done.unmendable == planned.unmendable, place)
            #expect(done.left == [], place)
            let findings = try LogReader.open(SampleLog.directory, files: files).verify(deep: true)
            if stretch.structure == .frame {
                #expect(done.unmendable.compactMap(\.sequences) == [try #require(stretch.events)], place)
                #expect(findings.compactMap(\.sequences) == [stretch.events], place)
                try await expectAccepted(try #require(stretch.events), log, files, sound, place)
            } else {
                #expect(findings == [], place)
                #expect(done.unmendable == [], place)
                #expect(try lines(files) == sound, place)
                #expect(done.steps.isEmpty == (stretch.structure == nil), place)
            }
            // What was replaced is still there, byte for byte.
            for path in done.aside {
                let name = try #require(FilePath(path).lastComponent?.string)
                let original =
                    SampleLog.directory.string + (name.contains(".run") ? "/index/" : "/")
                    + name.split(separator: ".").dropLast().joined(separator: ".")
                #expect(files.bytes(path) == before.bytes(original), place)
            }
        }
    }

    private func expectAccepted(
        _ gap: Range<UInt64>, _ log: SampleLog, _ files: MemoryFiles, _ sound: [UInt64: [UInt8]], _ place: Comment
    ) async throws {
        let wrong = gap.lowerBound..<(gap.upperBound + 1)
        #expect(throws: LogError.self, place) { try repair(log, files).run(accepting: wrong, now: Self.now) }
        let done = try repair(log, files).run(accepting: gap, now: Self.now)
        #expect(done.unmendable == [] && done.left == [], place)
        let reader = try LogReader.open(SampleLog.directory, files: files)
        #expect(try reader.verify(deep: true) == [], place)
        #expect(try reader.acceptedGaps().map(\.sequences) == [gap], place)
        #expect(try reader.acceptedGaps().map(\.accepted) == [Self.now], place)
        #expect(try lines(files) == sound.filter { !gap.contains($0.key) }, place)
        for sequence in gap {
            let error = await caught(LogError.self) { _ = try reader.event(at: sequence) }
            #expect(error?.code == .gap && error?.sequences == gap, place)
        }
        let isActive = place.rawValue.hasPrefix("active")
        let lost = gap.map { String(decoding: sound[$0] ?? [], as: UTF8.self) }
        // Appends go on, and what is behind the gap is known again.
        let sequencer = try StepwiseSequencer.open(SampleLog.directory, options: log.options, files: files) {
            Self.now
        }
        var answers: [Result<[Acknowledgement], AppendError>] = []
        sequencer.commit([AppendRequest(events: [draft("C-1", id: "fresh", source: "/sender")])]) { answers.append($1) }
        #expect(try answers.map { try $0.get().map(\.sequence) } == [[UInt64(sound.count)]], place)
        for draft in log.sent {
            sequencer.commit([AppendRequest(events: [draft])]) { _, answer in
                switch answer {
                case .success(let known):
                    // Ids of the active segment stand in its lines only: what was given up there is not known again.
                    let isLost = isActive && lost.contains { $0.contains("\"id\":\"\(draft.id ?? "")\"") }
                    #expect(known[0].isDuplicate != isLost, place)
                case .failure(let error):
                    guard case .idConflict(let sequence) = error.code else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(gap.contains(sequence), place)
                }
            }
        }
        sequencer.close()
        #expect(try LogReader.open(SampleLog.directory, files: files).verify(deep: true) == [], place)
    }
}
