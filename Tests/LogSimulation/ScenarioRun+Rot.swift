import EventLog
import SystemPackage

extension ScenarioRun {
    /// Whether a bit is turned over just now.
    var isRotten: Bool { rotten != nil }

    /// Turns one bit over, checks that nobody is given anything wrong, and turns it back.
    ///
    /// Reads give what is right or an error, and what can no longer be read is named; nothing is cut; appends are
    /// answered rightly or refused.
    func rot(seed: UInt64, reopens: Bool) throws {
        // What is past the head may be cut, so all that is published must be known to be before it.
        if !model.limbo.isEmpty { retireWriter() }
        guard try openWriter(), model.limbo.isEmpty else { return }
        var random = SeededRandom(seed: seed)
        if random.oneIn(2) { retireWriter() }
        let files = disk.files.filter {
            $0.path.hasSuffix(".lz4") || $0.path.contains("/index/") || $0.path == "/log/head"
        }
        let file = random.pick(files)
        guard let mend = disk.flip(file.path, bit: random.below(file.bytes * 8)) else { return }
        rotten = file.path
        for reader in readers { reader.end() }
        let isNamed = try verifyRotten()
        let stopped = try readRotten(random.next())
        if !isNamed, stopped { throw fail("a read of \(file.path) stopped, and verify finds nothing") }
        coverage.mark(isNamed ? .rotFound : .rotHarmless)
        if stopped { coverage.mark(.rotRead) }
        try writeRotten(reopens: reopens)
        mend()
        rotten = nil
        for reader in readers { reader.end() }
        retireWriter()
        try openWriter()
    }

    private func verifyRotten() throws -> Bool {
        do {
            return try !(verifyNow() ?? []).isEmpty
        } catch is LogError {
            // The log cannot even be opened, and that is said.
            return true
        }
    }

    /// Reads everything; returns whether anything could not be read.
    private func readRotten(_ seed: UInt64) throws -> Bool {
        var stopped = false
        let reader: LogReader
        do {
            reader = try LogReader.open(directory, files: SimulatedFiles(process("auditor")))
        } catch {
            return true
        }
        var cursor = reader.cursor(from: 0)
        var next: UInt64 = 0
        while next < cursor.end {
            do {
                guard let batch = try cursor.nextBatch() else { break }
                for event in batch {
                    guard event.sequence == next else { throw fail("event \(event.sequence) was read, not \(next)") }
                    try observe(event)
                    next += 1
                }
            } catch let error as LogError {
                stopped = true
                guard let lost = error.sequences, lost.contains(next) else {
                    throw fail("reading stopped at \(next) without saying what cannot be read: \(error)")
                }
                next = lost.upperBound
            }
        }
        if next < model.next { throw fail("events \(next) to \(model.next - 1) are missing, and nobody says so") }
        do {
            try look(reader, seed: seed)
        } catch is LogError {
            stopped = true
        }
        return stopped
    }

    /// Appends with the bit turned over, by the writer that is there or by one that opens the log now.
    private func writeRotten(reopens: Bool) throws {
        if reopens { retireWriter() }
        guard try openWriter() else { return }
        if reopens { coverage.mark(.rotReopened) }
        let known = model.events.last { $0.draft.id != nil }?.draft.id.flatMap { Int($0.dropFirst()) }
        let repeated = known.map { [Step.Event(subject: 1, id: $0, bytes: 20)] } ?? []
        let request = Step.Request(events: repeated + [Step.Event(subject: 1, id: nil, bytes: 20)], expectation: .any)
        try append([request, request])
    }
}
