import EventLog
import SystemPackage

/// A process that reads: it has a cursor, which it keeps over its ends and restarts.
final class Reader {
    let name: String
    private let disk: SimulatedDisk
    private(set) var process: SimulatedProcess
    private var log: LogReader?
    var position: UInt64 = 0
    var isBusy = false

    init(_ name: String, _ disk: SimulatedDisk) {
        self.name = name
        self.disk = disk
        process = SimulatedProcess(name, on: disk)
    }

    func open(_ directory: FilePath) throws -> LogReader {
        if let log { return log }
        let opened = try LogReader.open(directory, files: SimulatedFiles(process))
        log = opened
        return opened
    }

    /// Forgets what was shown to it and is not in the log, as a cursor does that is told of another history.
    func goBack(to sequence: UInt64) {
        guard position > sequence else { return }
        position = sequence
        end()
    }

    func end() {
        process.kill()
        process = SimulatedProcess(name, on: disk)
        log = nil
    }
}

extension ScenarioRun {
    /// Compares one event as read with the model; one that was of unknown outcome is known to be stored by this.
    func observe(_ event: StoredEvent) throws {
        if event.sequence >= model.next {
            if sightings != nil {
                sightings?.append(event)
                return
            }
            guard event.sequence - model.next < UInt64(model.limbo.count) else {
                throw fail("event \(event.sequence) was read, and nobody sent it: \(text(event))")
            }
            if mayShowUnsynced {
                // A batch that was read so may be gone after a power loss; what is read must be what was sent.
                let place = Int(event.sequence - model.next)
                if let difference = model.limbo[place].difference(from: event) {
                    throw fail("event \(event.sequence): \(difference)")
                }
                return coverage.mark(.limboShownWithoutHead)
            }
            coverage.mark(.limboStored)
            model.settleLimbo()
        }
        let place = Int(event.sequence)
        if let difference = model.events[place].difference(from: event) {
            throw fail("event \(place): \(difference)")
        }
        model.remember(line: Array(event.line), at: place)
    }

    private func text(_ event: StoredEvent) -> String { String(decoding: event.line, as: UTF8.self) }

    /// Reads the whole log as a new process, and compares it: nothing is missing, nothing is there twice.
    func compareAll() throws {
        let reader = try LogReader.open(directory, files: SimulatedFiles(process("auditor")))
        var cursor = reader.cursor(from: 0)
        var next: UInt64 = 0
        while let batch = try cursor.nextBatch() {
            for event in batch {
                guard event.sequence == next else { throw fail("event \(event.sequence) was read, not \(next)") }
                try observe(event)
                next += 1
            }
        }
        guard next >= model.next else { throw fail("events \(next) to \(model.next - 1) are lost") }
        if !model.limbo.isEmpty, !isRotten, next == model.next {
            coverage.mark(.limboGone)
            model.limbo = []
            for reader in readers { reader.goBack(to: model.next) }
        }
    }

    /// Lets a reader go on from its cursor.
    func tail(_ number: Int, batches: Int) throws {
        let reader = readers[number]
        guard !reader.isBusy else { return }
        reader.isBusy = true
        defer { reader.isBusy = false }
        if !isNested { arm(reader.process) }
        let process = reader.process
        do {
            var cursor = try reader.open(directory).cursor(from: reader.position)
            var count = 0
            while count < batches, let batch = try cursor.nextBatch() {
                for event in batch {
                    if process.isDead { return }
                    guard event.sequence == reader.position else {
                        throw fail("\(reader.name) was given event \(event.sequence), not \(reader.position)")
                    }
                    try observe(event)
                    reader.position += 1
                }
                count += 1
            }
        } catch let error as LogError {
            if process.isDead { return }
            guard process.wasStruck || isRotten else { throw fail("\(reader.name) cannot read on: \(error)") }
        }
    }

    /// Lets a reader look up this and that.
    func look(_ number: Int, seed: UInt64) throws {
        let reader = readers[number]
        arm(reader.process)
        let process = reader.process
        do {
            try look(reader.open(directory), seed: seed)
            coverage.mark(.looked)
        } catch let error as LogError {
            if process.isDead { return }
            guard process.wasStruck || isRotten else { throw fail("\(reader.name) cannot look up: \(error)") }
        } catch let violation as Violation {
            // What a dead process reads, nobody sees.
            if !process.isDead { throw violation }
        }
    }

    func look(_ log: LogReader, seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        // After a power loss the head may be behind until a writer has opened the log.
        let head = min(log.head, model.next)
        if headIsCurrent, !isRotten, head < model.next { throw fail("the head is \(head), not \(model.next)") }
        guard head > 0 else { return }
        for _ in 0..<4 {
            try observe(log.event(at: UInt64(random.below(Int(head)))))
        }
        for _ in 0..<3 where !model.subjects.isEmpty {
            let subject = random.pick(model.subjects)
            let found = try log.history(of: subject, before: head)
            let wanted = model.history(of: subject).filter { $0 < head }
            guard found.map(\.sequence) == wanted else {
                throw fail("the history of \(subject) is \(found.map(\.sequence)), not \(wanted)")
            }
            for event in found { try observe(event) }
        }
        for _ in 0..<3 where !model.knownIDs.isEmpty {
            let id = random.pick(model.knownIDs)
            let wanted = model.sequence(id: id).flatMap { $0 < head ? $0 : nil }
            let found = try log.sequence(source: "/simulation", id: id).flatMap { $0 < head ? $0 : nil }
            guard found == wanted else { throw fail("id \(id) is found at \(found ?? 0), not \(wanted ?? 0)") }
        }
        guard try log.sequence(source: "/simulation", id: "never") == nil else {
            throw fail("an id is found that was never sent")
        }
        try lookByTypeAndTime(log, head, &random)
    }

    private func lookByTypeAndTime(_ log: LogReader, _ head: UInt64, _ random: inout SeededRandom) throws {
        let type = random.pick(["call.made", "order.placed", "mail.sent"])
        var cursor = log.cursor(from: 0, to: head, types: TypeFilter([type]))
        var found: [UInt64] = []
        while let batch = try cursor.nextBatch() { found += batch.map(\.sequence) }
        let wanted = model.events[..<Int(head)].indices.filter { model.events[$0].draft.type == type }.map(UInt64.init)
        guard found == wanted else { throw fail("events of type \(type) are \(found), not \(wanted)") }
        let moment = model.events[random.below(Int(head))].recordedTime
        let count = try log.count(recordedBy: moment)
        let expected = model.events.prefix(Int(log.head)).filter { $0.recordedTime <= moment }.count
        guard min(count, head) == min(UInt64(expected), head) else {
            throw fail("\(count) events were recorded by \(moment.rfc3339), not \(expected)")
        }
    }

    // MARK: Verifying

    func verify() throws {
        guard let findings = try verifyNow() else { return }
        coverage.mark(.verified)
        // A word that is behind, torn or gone is named until a writer sets it right.
        if let finding = findings.first(where: { $0.structure != .head || headIsCurrent }) {
            throw fail("verify found \(finding)")
        }
    }

    func verifyNow() throws -> [Finding]? {
        let reader = try LogReader.open(directory, files: SimulatedFiles(process("verifier")))
        return try reader.verify(deep: true)
    }
}
