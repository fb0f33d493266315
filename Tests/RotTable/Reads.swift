import EventLog

/// Every answer that the readers of a log give: what a flipped bit must leave as it is, or turn into an error.
struct Reads {
    /// What one question was answered.
    enum Answer: Equatable {
        /// A hash of all that was said, the same within one process.
        case said(Int)
        /// An error, with the events it names.
        case failed(Range<UInt64>?)

        var isFailure: Bool { if case .failed = self { true } else { false } }
    }

    /// A question, without the cost of putting it into words.
    enum Question {
        case head
        case event(UInt64)
        case cursor(String, UInt64)
        case history(String)
        case id(String)
        case hash(UInt64)
        case count(Instant)
    }

    /// Question by question, always in the same order.
    private(set) var answers: [Answer] = []
    /// What was asked, for messages.
    private(set) var questions: [Question] = []
    /// The events that could not be read one by one.
    private(set) var unreadable: Set<UInt64> = []
    private let end: UInt64

    /// Asks everything of the log in these files.
    ///
    /// - Parameters:
    ///   - end: how many events the whole log has.
    ///   - share: of the lookups only every so many are asked, from this one on.
    init(of log: SampleLog, _ files: MemoryFiles, end: UInt64, share: (part: Int, of: Int)) {
        self.end = end
        let reader: LogReader
        do {
            reader = try LogReader.open(SampleLog.directory, files: files)
        } catch {
            // Nothing at all is answered: as right as an error on every question.
            unreadable = Set(0..<end)
            return
        }
        ask(.head) { Self.said { $0.combine(reader.head) } }
        cursor(reader, types: nil)
        for type in ["purchase.completed", "note.added", "*.changed"] { cursor(reader, types: type) }
        for sequence in 0..<end {
            ask(.event(sequence)) { try Self.said { Self.hash(try reader.event(at: sequence), &$0) } }
            if answers.last?.isFailure ?? false { unreadable.insert(sequence) }
        }
        for (number, subject) in log.subjects.enumerated() where number % share.of == share.part {
            ask(.history(subject)) {
                try Self.said { for event in try reader.history(of: subject) { Self.hash(event, &$0) } }
            }
        }
        for (number, id) in log.ids.enumerated() where number % share.of == share.part {
            ask(.id(id)) { try Self.said { $0.combine(try reader.sequence(source: "/sender", id: id)) } }
        }
        for sequence in stride(from: 0, through: end, by: 5) {
            ask(.hash(sequence)) { try Self.said { $0.combine(try reader.lineHash(before: sequence)) } }
        }
        for second in stride(from: Int64(0), to: 60, by: 7) {
            let instant = Instant(microseconds: (1_772_353_801 + second) * 1_000_000)
            ask(.count(instant)) { try Self.said { $0.combine(try reader.count(recordedBy: instant)) } }
        }
    }

    private mutating func ask(_ question: Question, _ answer: () throws -> Answer) {
        questions.append(question)
        do {
            answers.append(try answer())
        } catch {
            answers.append(.failed((error as? LogError)?.sequences))
        }
    }

    /// All that a cursor gives, event by event; it must go on behind what it calls damaged.
    private mutating func cursor(_ reader: LogReader, types: String?) {
        var lines = [Answer](repeating: .said(0), count: Int(end))
        var cursor = reader.cursor(from: 0, types: types.map { TypeFilter([$0]) })
        var errors = 0
        while errors <= Int(end) {
            do {
                guard let batch = try cursor.nextBatch() else { break }
                for event in batch where event.sequence < end {
                    lines[Int(event.sequence)] = Self.said { Self.hash(event, &$0) }
                }
            } catch {
                errors += 1
                guard let sequences = (error as? LogError)?.sequences else {
                    lines = lines.map { _ in .failed(nil) }
                    break
                }
                for sequence in sequences.clamped(to: 0..<end) { lines[Int(sequence)] = .failed(sequences) }
            }
        }
        // One that never comes to an end is wrong, whatever it gives.
        if errors > Int(end) { lines = lines.map { _ in .said(1) } }
        answers += lines
        questions += (0..<end).map { .cursor(types ?? "all", $0) }
    }

    private static func said(_ body: (inout Hasher) throws -> Void) rethrows -> Answer {
        var hasher = Hasher()
        try body(&hasher)
        return .said(hasher.finalize())
    }

    private static func hash(_ event: StoredEvent, _ hasher: inout Hasher) {
        hasher.combine(event.sequence)
        hasher.combine(event.type)
        hasher.combine(event.subject)
        hasher.combine(event.time.microseconds)
        hasher.combine(event.recordedTime.microseconds)
        hasher.combine(event.dataStart.map { $0 - event.line.startIndex })
        event.line.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// How the answers differ from those of the log as it was.
    func compare(with sound: Reads) -> (failures: Int, wrong: [String]) {
        guard !answers.isEmpty else { return (1, []) }
        var failures = 0
        var wrong: [String] = []
        for (index, answer) in answers.enumerated() where answer != sound.answers[index] {
            if answer.isFailure { failures += 1 } else { wrong.append("\(questions[index])") }
        }
        return (failures, wrong)
    }
}
