import EventLog

/// One log with what it answers while it is whole, and the judgement of a flip by that.
struct Trial {
    private let log: SampleLog
    /// What is answered while the log is whole, by share of the lookups.
    private let sound: [Reads]
    private let end: UInt64
    /// Every so many flips a writer opens the log too, and is sent what is there already.
    private static let writerEvery = 16
    /// So many of the newest events are sent again, and as many of the oldest.
    private static let sentAgain = 12

    /// - Throws: if the log is not sound to begin with.
    init(_ log: SampleLog) throws {
        self.log = log
        let files = log.files.copy()
        let reader = try LogReader.open(SampleLog.directory, files: files)
        end = reader.head
        var sound: [Reads] = []
        for part in 0..<log.lookupShares {
            sound.append(Reads(of: log, files, end: end, share: (part, log.lookupShares)))
        }
        self.sound = sound
        let findings = try reader.verify(deep: true)
        guard findings.isEmpty, sound.allSatisfy(\.unreadable.isEmpty) else { throw NotSound(findings: findings) }
    }

    private struct NotSound: Error { var findings: [Finding] }

    /// Turns one bit and judges.
    func flip(_ stretch: Stretch, bit: Int, number: Int) async throws -> (Row, miss: String?) {
        let files = log.files.copy()
        files.flip(stretch.path, bit: bit)
        let part = number % log.lookupShares
        let reads = Reads(of: log, files, end: end, share: (part, log.lookupShares))
        let (failures, wrong) = reads.compare(with: sound[part])
        var complaints = wrong.prefix(3).map { "wrong without an error: \($0)" }
        let findings = Self.verify(files)
        if let findings {
            if !findings.isEmpty {
                complaints += complaint(about: findings, stretch, unreadable: reads.unreadable)
            } else if failures > 0 {
                complaints.append("reads fail, and verify says nothing")
            }
        } else {
            complaints.append("verify cannot begin")
        }
        if number % Self.writerEvery == 0 { complaints += try await write(stretch, files) }
        var row = Row(flips: 1)
        row.failedReads = failures > 0 ? 1 : 0
        if !complaints.isEmpty {
            row.missed = 1
        } else if findings?.isEmpty ?? false {
            row.harmless = 1
        } else {
            row.found = 1
        }
        let place = "\(stretch.row), \(stretch.path) byte \(bit / 8) bit \(bit % 8)"
        return (row, complaints.isEmpty ? nil : place + ": " + complaints.joined(separator: "; "))
    }

    /// What `verify` says; nil if it cannot begin.
    private static func verify(_ files: MemoryFiles) -> [Finding]? {
        try? LogReader.open(SampleLog.directory, files: files).verify(deep: false)
    }

    /// What is wrong with findings that should name this stretch.
    private func complaint(about findings: [Finding], _ stretch: Stretch, unreadable: Set<UInt64>) -> [String] {
        let said = findings.map(\.description).joined(separator: " / ")
        guard let finding = findings.first(where: { $0.path == stretch.path && $0.structure == stretch.structure })
        else { return ["verify names something else: \(said)"] }
        var complaints: [String] = []
        if stretch.structure != .head, !finding.offset.map({ stretch.places.contains(Int($0)) }).orFalse {
            complaints.append("verify names another place: \(said)")
        }
        if let events = stretch.events, finding.sequences.map({ events.clamped(to: $0) != events }) ?? true {
            complaints.append("verify does not name the events \(events): \(said)")
        }
        let named = findings.compactMap(\.sequences)
        if let other = unreadable.first(where: { sequence in !named.contains { $0.contains(sequence) } }) {
            complaints.append("event \(other) cannot be read, and verify does not name it: \(said)")
        }
        return complaints
    }

    // MARK: Writing

    /// A writer must know again what it is sent a second time, or refuse; and go on wherever the active segment is
    /// whole.
    private func write(_ stretch: Stretch, _ files: MemoryFiles) async throws -> [String] {
        let sequencer: LocalSequencer
        do {
            sequencer = try LocalSequencer.open(SampleLog.directory, options: log.options, files: files) {
                Instant(microseconds: 1_800_000_000_000_000)
            }
        } catch {
            return stretch.row.hasPrefix("active: segment header") ? [] : ["a writer cannot open the log: \(error)"]
        }
        var complaints: [String] = []
        for draft in log.sent.prefix(Self.sentAgain) + log.sent.suffix(Self.sentAgain) {
            let known = try? await sequencer.append(AppendRequest(events: [draft]))
            if let known, !(known.first?.isDuplicate ?? false) {
                complaints.append("\(draft.id ?? "") was stored twice")
                break
            }
        }
        let isActive = stretch.row.hasPrefix("active") && stretch.structure != nil
        do {
            let fresh = EventDraft(id: "fresh", source: "/sender", type: "note.added", subject: log.subjects[0])
            let answer = try await sequencer.append(AppendRequest(events: [fresh]))
            if isActive { complaints.append("appended behind rot") }
            if !isActive, answer.first?.sequence != end { complaints.append("appended at another place") }
        } catch {
            if !isActive { complaints.append("rot elsewhere stops appends: \(error)") }
        }
        await sequencer.close()
        return complaints
    }
}

extension Bool? {
    /// False for nil.
    fileprivate var orFalse: Bool { self ?? false }
}
