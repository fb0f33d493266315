/// Makes scenarios from seeds.
package struct ScenarioGenerator {
    private var random: SeededRandom
    /// Ids given out so far: new ones come after, repeated ones from among them.
    private var ids = 0
    private let subjects: Int
    private let isCalm: Bool
    private static let stepsMax = 60

    private init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        subjects = random.pick([1, 3, 8, 20])
        // Without faults some laws are checked more sharply.
        isCalm = random.oneIn(8)
    }

    /// The scenario of a seed.
    package static func scenario(seed: UInt64) -> Scenario {
        var generator = ScenarioGenerator(seed: seed)
        return generator.scenario()
    }

    private mutating func scenario() -> Scenario {
        let segmentBytes = random.pick([1_200, 3_000, 6_000, 20_000])
        let spaceBytes = random.pick([0, 64, 700, 3_000])
        var steps = random.oneIn(4) ? [Step(.append([leap()]))] : []
        for _ in 0..<(10 + random.below(Self.stepsMax - 10)) { steps.append(step()) }
        return Scenario(segmentBytes: segmentBytes, spaceBytes: spaceBytes, steps: steps)
    }

    private mutating func step() -> Step {
        var step = Step(action())
        let canBeStruck =
            switch step.action {
            case .append, .maintain, .maintainAround, .reopen, .tail, .look: true
            default: false
            }
        guard canBeStruck else { return step }
        if !isCalm, random.oneIn(4) { step.fault = fault() }
        if random.oneIn(4) { step.noise = random.next() }
        if random.oneIn(2) { step.interleaving = random.next() }
        return step
    }

    private mutating func fault() -> Fault {
        let kind = random.pick([Fault.Kind.kill, .kill, .powerLoss, .powerLoss, .ioError, .noSpace, .failedSync])
        // Early calls and late ones: an append has some five, a repacking some fifty, an opening more.
        let call = random.below(random.pick([3, 10, 40, 150]))
        return Fault(kind: kind, call: kind == .failedSync || kind == .noSpace ? call / 4 : call, seed: random.next())
    }

    private mutating func action() -> Step.Action {
        switch random.below(100) {
        case ..<44: return .append(requests())
        case ..<58: return .maintain
        case ..<62: return .maintainAround(requests())
        case ..<66: return .reopen
        case ..<78: return .tail(reader: random.below(2), batches: 1 + random.below(20))
        case ..<84: return .look(reader: random.below(2), seed: random.next())
        case ..<85: return .endReader(random.below(2))
        case ..<88: return .verify
        case ..<90: return .secondWriter
        case ..<92: return .moveClock(seconds: random.pick([-3_600, -5, 1, 60, 31_536_000]))
        default: return isCalm ? .maintain : accident()
        }
    }

    private mutating func accident() -> Step.Action {
        switch random.below(10) {
        case ..<2: .kill
        case ..<4: .powerLoss(seed: random.next())
        case 4: .evict
        case 5: .loseHead
        case 6: .limitRoom(random.oneIn(2) ? nil : random.below(3_000))
        default: .rot(seed: random.next(), reopens: random.oneIn(2))
        }
    }

    private mutating func requests() -> [Step.Request] {
        (0..<random.pick([1, 1, 1, 2, 5])).map { _ in
            let count = random.pick([1, 1, 2, 4, 12])
            let expectation: Step.Expectation = random.pick([.any, .any, .any, .right, .right, .wrong])
            return Step.Request(events: (0..<count).map { _ in event() }, expectation: expectation)
        }
    }

    /// So many events that the next sequences need a second byte: a torn head word may then be ahead of the log.
    private mutating func leap() -> Step.Request {
        let events = (0..<(225 + random.below(30))).map { _ in
            ids += 1
            return Step.Event(subject: random.below(subjects), id: ids - 1, bytes: 0)
        }
        return Step.Request(events: events, expectation: .any)
    }

    private mutating func event() -> Step.Event {
        let subject = random.oneIn(20) ? nil : random.below(subjects)
        let bytes = random.pick([0, 5, 40, 200, 900])
        if random.oneIn(3) { return Step.Event(subject: subject, id: nil, bytes: bytes) }
        if ids > 0, random.oneIn(5) {
            return Step.Event(subject: subject, id: random.below(ids), isChanged: random.oneIn(5), bytes: bytes)
        }
        ids += 1
        return Step.Event(subject: subject, id: ids - 1, bytes: bytes)
    }
}
