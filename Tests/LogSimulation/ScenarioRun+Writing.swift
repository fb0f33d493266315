import EventLog
import SystemPackage

extension ScenarioRun {
    // MARK: Opening

    /// Opens the log for writing unless it is open; returns whether it is now.
    @discardableResult
    func openWriter() throws -> Bool {
        if writer != nil { return true }
        let process = process("writer")
        noteHead()
        arm(process)
        phase = .open
        coverage.passed(.open)
        opening = process
        defer {
            opening = nil
            phase = .read
        }
        do {
            let sequencer = try StepwiseSequencer.open(
                directory, options: options, files: SimulatedFiles(process), clock: { [unowned self] in self.now })
            if process.isDead { return false }
            writer = Writer(process: process, sequencer: sequencer)
        } catch {
            if process.isDead { return false }
            guard mayFail(process) else { throw fail("opening failed: \(error)") }
            process.kill()
            return false
        }
        headIsCurrent = true
        if !isRotten { try compareAll() }
        return true
    }

    private func noteHead() {
        guard let bytes = disk.bytes(of: "/log/head"), bytes.count >= 8 else { return coverage.mark(.headLost) }
        let word = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let next = HeadCode.sequence(word) else { return coverage.mark(.headBroken) }
        if next < model.next { coverage.mark(.headBehind) }
    }

    /// Whether a call of this process may have failed for a reason of the scenario's.
    func mayFail(_ process: SimulatedProcess) -> Bool {
        process.wasStruck || disk.capacity != nil || isRotten
    }

    func reopen() throws {
        retireWriter()
        try openWriter()
    }

    /// The writer lets go of the log.
    func retireWriter() {
        guard let writer else { return }
        phase = .close
        coverage.passed(.close)
        writer.sequencer.close()
        phase = .read
        writer.process.kill()
        self.writer = nil
    }

    func secondWriter() throws {
        guard writer != nil else { return }
        let process = process("second writer")
        do {
            _ = try StepwiseSequencer.open(
                directory, options: options, files: SimulatedFiles(process), clock: { [unowned self] in self.now })
            throw fail("a second writer opened the log")
        } catch let error as LogError {
            guard case .locked = error.code else { throw fail("a second writer was told \(error)") }
            coverage.mark(.secondWriterRefused)
        }
    }

    // MARK: Background

    func maintain() throws {
        guard try openWriter(), let writer, let job = writer.sequencer.nextJob else { return }
        arm(writer.process)
        phase = Coverage.Phase(rawValue: job.rawValue) ?? .read
        coverage.passed(phase)
        writer.sequencer.maintain()
        phase = .read
        noteTrouble()
    }

    /// What went wrong in a writer's life may make it refuse later too.
    private func noteTrouble() {
        if let process = writer?.process, mayFail(process) { writer?.mayRefuse = true }
    }

    // MARK: Appending

    func append(_ plans: [Step.Request]) throws {
        guard try openWriter(), let writer, sightings == nil else { return }
        let requests = plans.map(request)
        guard model.limbo.isEmpty else { return try expectRefusal(requests, writer) }
        if now < model.lastRecorded { coverage.mark(.clockBack) }
        let predicted = model.plan(requests, now: now)
        model.limbo = predicted.batch
        sightings = []
        arm(writer.process)
        phase = .commit
        hasPublished = false
        coverage.passed(.commit)
        var answers = [Result<[Acknowledgement], AppendError>?](repeating: nil, count: requests.count)
        writer.sequencer.commit(requests) { place, result in
            // Nobody hears what a dead process says.
            if !writer.process.isDead { answers[place] = result }
        }
        phase = .read
        defer { now = Instant(microseconds: now.microseconds + 1_000) }
        try settle(requests, answers, writer)
        let seen = sightings ?? []
        sightings = nil
        for event in seen { try observe(event) }
    }

    /// A writer whose last batch is of unknown outcome must take nothing more.
    private func expectRefusal(_ requests: [AppendRequest], _ writer: Writer) throws {
        var accepted = false
        writer.sequencer.commit(requests) { _, result in
            if case .failure(let error) = result, error.code == .closed { return }
            accepted = true
        }
        coverage.mark(.poisoned)
        if accepted { throw fail("a poisoned writer went on") }
    }

    private func request(_ plan: Step.Request) -> AppendRequest {
        let drafts = plan.events.map(draft)
        var expected: UInt64?
        if let subject = drafts.first?.subject, drafts.allSatisfy({ $0.subject == subject }) {
            switch plan.expectation {
            case .any: break
            case .right: expected = model.version(of: subject)
            case .wrong: expected = model.version(of: subject) + 1
            }
        }
        return AppendRequest(events: drafts, expectedVersion: expected)
    }

    private func draft(_ plan: Step.Event) -> EventDraft {
        // What an id stands for is always the same, so that its repetition is one.
        let number = plan.id ?? 0
        let subject = plan.id.map { $0 % 23 == 7 ? nil : "C-\($0 % 9)" } ?? plan.subject.map { "C-\($0)" }
        let text = String(repeating: "abcdefgh ", count: (plan.id.map { $0 * 37 % 400 } ?? plan.bytes) / 9 + 1)
        let data = "{\"text\":\"\(text)\",\"n\":\(plan.isChanged ? number + 1 : number)}"
        return EventDraft(
            id: plan.id.map { "e\($0)" }, source: plan.id == nil ? nil : "/simulation",
            type: ["call.made", "order.placed", "mail.sent"][(plan.id ?? plan.bytes) % 3], subject: subject,
            data: Array(data.utf8))
    }

    /// Compares the answers with what the model says, and takes over what was stored.
    private func settle(
        _ requests: [AppendRequest], _ answers: [Result<[Acknowledgement], AppendError>?], _ writer: Writer
    ) throws {
        if writer.process.isDead, !answers.contains(where: { if case .success? = $0 { true } else { false } }) {
            // Nobody was told anything; `limbo` stays.
            return
        }
        // Requests that a fault kept out of the batch.
        var kept: [Int] = []
        var isUnknown = false
        for (place, answer) in answers.enumerated() {
            guard case .failure(let error)? = answer else {
                kept.append(place)
                continue
            }
            switch error.code {
            case .idConflict, .versionConflict: kept.append(place)
            case .outcomeUnknown:
                kept.append(place)
                isUnknown = true
                coverage.mark(.outcomeUnknown)
            case .noSpace, .damaged, .closed:
                guard mayFail(writer.process) || writer.mayRefuse else { throw fail("an append was refused: \(error)") }
                coverage.mark(error.code == .noSpace ? .refusedNoRoom : error.code == .closed ? .poisoned : .rotRefused)
            default: throw fail("an append was refused: \(error)")
            }
        }
        noteTrouble()
        if isUnknown, !mayFail(writer.process) { throw fail("an outcome is unknown for no reason") }
        let plan = model.plan(kept.map { requests[$0] }, now: now)
        for (place, expected) in zip(kept, plan.answers) { try compare(answers[place], expected, place) }
        if isUnknown {
            cacheLies = true
            model.limbo = plan.batch
        } else {
            model.limbo = []
            model.store(plan.batch)
        }
    }

    private func compare(
        _ answer: Result<[Acknowledgement], AppendError>?, _ expected: LogModel.Answer, _ place: Int
    ) throws {
        switch (answer, expected) {
        case (nil, _): return
        case (.success(let got)?, .acknowledged(let wanted)) where got == wanted:
            coverage.mark(.acknowledged)
            if got.contains(where: \.isDuplicate) { coverage.mark(.duplicate) }
        case (.failure(let error)?, .idConflict(let sequence)) where error.code == .idConflict(sequence: sequence):
            coverage.mark(.idConflict)
        case (.failure(let error)?, .versionConflict(let expected, let actual))
        where error.code == .versionConflict(expected: expected, actual: actual):
            coverage.mark(.versionConflict)
        case (.failure(let error)?, _) where error.code == .outcomeUnknown: return
        default: throw fail("request \(place) was answered \(String(describing: answer)), not \(expected)")
        }
    }
}
