import EventLog
import SystemPackage

/// One run of a scenario: the engine on a simulated disk beside the model, compared after every step.
package final class ScenarioRun: @unchecked Sendable {
    let scenario: Scenario
    let options: LogOptions
    let disk = SimulatedDisk()
    let directory: FilePath = "/log"
    var model = LogModel()
    /// What was met.
    package internal(set) var coverage = Coverage()
    var stepNumber = 0
    var now = Instant(microseconds: 1_767_225_600_000_000)

    /// The process that has the log open for writing, if one has.
    var writer: Writer?
    private var processes = 0
    var readers: [Reader]
    /// What the writer is about, for the table.
    var phase = Coverage.Phase.read
    /// Others that run between the calls of the process whose turn it is.
    private var interleaving: SeededRandom?
    var isNested = false
    /// The requests to commit in the middle of background work.
    var nested: [Step.Request]?
    /// What readers saw past the model while a commit was under way.
    var sightings: [StoredEvent]?
    /// Whether the head word was stored by the last writer, with no power loss since.
    var headIsCurrent = true
    /// Whether the head word was removed since the last power loss.
    private var headWasRemoved = false
    /// Whether some pages count as clean that never reached the disk.
    var cacheLies = false
    /// The file in which a bit is turned over just now.
    var rotten: String?
    /// What was found wrong in a place that cannot throw.
    var violation: Violation?

    struct Writer {
        var process: SimulatedProcess
        var sequencer: StepwiseSequencer
        /// Whether something went wrong in its life, so that it may refuse.
        var mayRefuse = false
    }

    /// Prepares a run: a new log on a new disk.
    package init(_ scenario: Scenario) throws {
        self.scenario = scenario
        var options = LogOptions()
        options.segmentBytesMax = UInt64(scenario.segmentBytes)
        options.spaceBytes = scenario.spaceBytes
        options.spaceBatchBytesMax = 600
        options.repackFrameBytes = 700
        options.closedSegmentsMax = 3
        options.logID = (0..<16).map { UInt8($0 &* 17) }
        self.options = options
        readers = [Reader("reader 0", disk), Reader("reader 1", disk)]
        let maker = SimulatedFiles(SimulatedProcess("maker", on: disk))
        _ = try EventLog.create(at: directory, options: options, files: maker)
        disk.onCall = { [unowned self] process, call in onCall(process, call) }
        disk.onStrike = { [unowned self] _, call, kind in coverage.struck(kind, call, in: phase) }
    }

    /// Runs all steps, then opens the log once more and compares everything.
    ///
    /// - Throws: `Violation` at the first promise that was not kept.
    package func run() throws {
        defer { disk.onCall = { _, _ in } }
        for (number, step) in scenario.steps.enumerated() {
            stepNumber = number
            try perform(step)
        }
        stepNumber = scenario.steps.count
        disk.capacity = nil
        retireWriter()
        try openWriter()
        if let fresh = try verifyNow(), !fresh.isEmpty { throw fail("verify found \(fresh[0]) at the end") }
        for reader in readers.indices { try tail(reader, batches: .max) }
        for reader in readers where reader.position != model.next {
            throw fail("\(reader.name) ends at \(reader.position), and the log at \(model.next)")
        }
        try look(0, seed: 1)
    }

    func fail(_ message: String) -> Violation { Violation(message: message, step: stepNumber) }

    func process(_ name: String) -> SimulatedProcess {
        processes += 1
        return SimulatedProcess("\(name) \(processes)", on: disk)
    }

    // MARK: Steps

    private func perform(_ step: Step) throws {
        interleaving = step.interleaving.map { SeededRandom(seed: $0) }
        armed = step
        if step.noise != nil { coverage.mark(.noise) }
        try act(step.action)
        interleaving = nil
        armed = nil
        disarm()
        if let violation { throw violation }
        if disk.isDown { afterPowerLoss(seed: step.fault?.seed ?? 0) }
        if writer?.process.isDead ?? false { writer = nil }
        for reader in readers where reader.process.isDead { reader.end() }
    }

    /// The step whose fault and noise strike the process that is armed next.
    private var armed: Step?

    /// Lets the step's fault and noise strike this process; only one in a step.
    func arm(_ process: SimulatedProcess) {
        guard let step = armed else { return }
        process.arm(step.fault)
        process.makeNoise(seed: step.noise)
        armed = nil
    }

    private func disarm() {
        for process in [writer?.process].compactMap({ $0 }) + readers.map(\.process) {
            process.arm(nil)
            process.makeNoise(seed: nil)
        }
        for reader in readers { reader.process.recover() }
    }

    private func act(_ action: Step.Action) throws {
        switch action {
        case .append(let requests): try append(requests)
        case .maintain: try maintain()
        case .maintainAround(let requests):
            nested = requests
            try maintain()
            nested = nil
        case .reopen: try reopen()
        case .kill:
            writer?.process.kill()
            writer = nil
        case .powerLoss(let seed):
            disk.cutPower()
            afterPowerLoss(seed: seed)
        case .tail(let reader, let batches): try tail(reader, batches: batches)
        case .look(let reader, let seed): try look(reader, seed: seed)
        case .endReader(let reader): readers[reader].end()
        case .verify: try verify()
        case .secondWriter: try secondWriter()
        case .moveClock(let seconds):
            now = Instant(microseconds: now.microseconds + seconds * 1_000_000)
            if seconds > 1_000_000 { coverage.mark(.clockAhead) }
        case .limitRoom(let bytes): disk.capacity = bytes.map { $0 + disk.usedBytes }
        case .evict:
            if cacheLies { coverage.mark(.lyingCacheDropped) }
            cacheLies = false
            disk.evict()
        case .loseHead: loseHead()
        case .rot(let seed, let reopens): try rot(seed: seed, reopens: reopens)
        }
    }

    private func afterPowerLoss(seed: UInt64) {
        disk.restart(seed: seed)
        writer = nil
        headIsCurrent = false
        headWasRemoved = false
        cacheLies = false
        for reader in readers { reader.end() }
    }

    private func loseHead() {
        guard writer == nil else { return }
        disk.remove("/log/head")
        headIsCurrent = false
        headWasRemoved = true
        for reader in readers { reader.end() }
    }

    /// Without the head word nobody can tell what was written from what was synced: the documented limit of readers.
    ///
    /// A power loss ends it, since what is there after one is on the disk; so does a writer, who writes the head word.
    var mayShowUnsynced: Bool { headWasRemoved && disk.bytes(of: "/log/head") == nil }

    // MARK: Other processes between calls

    private func onCall(_ process: SimulatedProcess, _ call: FileCall) {
        calls += 1
        if calls > Self.callsMax {
            violation = violation ?? fail("it does not end")
            disk.cutPower()
        }
        guard process === writer?.process || process === opening else { return }
        observe(call)
        guard !isNested else { return }
        isNested = true
        defer { isNested = false }
        do {
            try interrupt()
        } catch {
            violation = violation ?? (error as? Violation) ?? fail("\(error)")
        }
    }

    private var calls = 0
    /// A scenario has some thousands.
    private static let callsMax = 3_000_000

    /// The process that opens the log just now.
    var opening: SimulatedProcess?

    private func interrupt() throws {
        guard var random = interleaving else { return }
        defer { interleaving = random }
        if random.oneIn(6) {
            coverage.interleaved(in: phase)
            try tail(random.below(readers.count), batches: 1 + random.below(6))
        }
        if let requests = nested, phase == .index || phase == .merge || phase == .repack, random.oneIn(8) {
            nested = nil
            coverage.mark(.nestedCommit)
            let background = phase
            try append(requests)
            phase = background
        }
    }

    /// Learns from the writer's calls what it is about.
    private func observe(_ call: FileCall) {
        switch (phase, call.operation) {
        case (.open, .truncate): coverage.mark(.tornTailCut)
        case (.open, .write) where call.path.hasSuffix(".lz4"): coverage.mark(.tailRewritten)
        case (.open, .create) where call.path.hasSuffix(".lz4.new"): coverage.mark(.closedCompleted)
        case (.commit, _) where hasPublished:
            phase = .roll
            coverage.passed(.roll)
        case (.commit, .storeHead): hasPublished = true
        default: break
        }
    }

    /// Whether the commit under way has stored the head: what it does then is closing a segment.
    var hasPublished = false
}
