/// How often each fault class and each path of the engine was met.
package struct Coverage: Sendable {
    /// What the writer is about.
    package enum Phase: String, Sendable, CaseIterable {
        case open, commit, roll, index, merge, repack, close, read
    }

    /// What happened, apart from faults.
    package enum Mark: String, Sendable, CaseIterable {
        case acknowledged = "request acknowledged"
        case duplicate = "repeated event answered with the first's sequence"
        case idConflict = "id conflict"
        case versionConflict = "version conflict"
        case refusedNoRoom = "request refused: no room"
        case outcomeUnknown = "outcome unknown, writer poisoned"
        case poisoned = "request refused by a poisoned writer"
        case tornTailCut = "opening cut a torn tail or room made ahead"
        case tailRewritten = "opening wrote a tail past the head again"
        case closedCompleted = "opening made the segment after a closed one"
        case limboStored = "unknown outcome: found stored"
        case limboShownWithoutHead = "unknown outcome: shown without the head word"
        case limboGone = "unknown outcome: found not stored"
        case headBehind = "head word behind at opening"
        case headBroken = "head word torn at opening"
        case headLost = "head word gone at opening"
        case secondWriterRefused = "second writer refused"
        case nestedCommit = "commit in the middle of background work"
        case noise = "step with short and interrupted calls"
        case clockBack = "clock behind the last event"
        case clockAhead = "clock a year ahead"
        case lyingCacheDropped = "pages dropped after a failed sync"
        case verified = "verified deeply, live"
        case looked = "looked up by subject, id, type, time, place"
        case rotFound = "bit rot found by verify"
        case rotRead = "bit rot stopped a read"
        case rotHarmless = "bit rot harmless"
        case rotRefused = "append refused because of rot"
        case rotReopened = "writer opened over rot"
    }

    /// Faults that struck, by phase.
    package private(set) var faults: [Fault.Kind: [Phase: Int]] = [:]
    /// The calls that were struck.
    package private(set) var calls: [FileCall.Operation: Int] = [:]
    /// Reads of other processes in the middle of a phase.
    package private(set) var interleaved: [Phase: Int] = [:]
    /// How often a phase was gone through.
    package private(set) var phases: [Phase: Int] = [:]
    /// What else happened.
    package private(set) var marks: [Mark: Int] = [:]

    /// Nothing met yet.
    package init() {}

    mutating func struck(_ kind: Fault.Kind, _ call: FileCall, in phase: Phase) {
        faults[kind, default: [:]][phase, default: 0] += 1
        calls[call.operation, default: 0] += 1
    }
    mutating func interleaved(in phase: Phase) { interleaved[phase, default: 0] += 1 }
    mutating func passed(_ phase: Phase) { phases[phase, default: 0] += 1 }
    mutating func mark(_ mark: Mark) { marks[mark, default: 0] += 1 }

    /// How many faults struck.
    package var struckCount: Int { faults.values.reduce(0) { $0 + $1.values.reduce(0, +) } }

    /// Adds what another run met.
    package mutating func add(_ other: Coverage) {
        for (kind, counts) in other.faults {
            faults[kind, default: [:]].merge(counts, uniquingKeysWith: +)
        }
        calls.merge(other.calls, uniquingKeysWith: +)
        interleaved.merge(other.interleaved, uniquingKeysWith: +)
        phases.merge(other.phases, uniquingKeysWith: +)
        marks.merge(other.marks, uniquingKeysWith: +)
    }

    /// Phases in which each kind of fault can strike.
    private static func phases(of kind: Fault.Kind) -> [Phase] {
        switch kind {
        case .kill, .powerLoss, .ioError: [.open, .commit, .roll, .index, .merge, .repack, .read]
        case .noSpace: [.open, .commit, .roll, .index, .merge, .repack]
        case .failedSync: [.open, .commit, .roll, .index, .merge, .repack]
        }
    }

    /// What never happened, and should have in a run of many seeds.
    package var missing: [String] {
        var missing: [String] = []
        for kind in Fault.Kind.allCases {
            for phase in Self.phases(of: kind) where faults[kind]?[phase] ?? 0 == 0 {
                missing.append("\(kind.rawValue) in \(phase.rawValue)")
            }
        }
        for phase in Phase.allCases where phase != .close && phase != .read {
            if interleaved[phase] ?? 0 == 0 { missing.append("a read of another process in \(phase.rawValue)") }
        }
        // Nearly every bit of a log matters: that one does not is not sought.
        missing += Mark.allCases.filter { $0 != .rotHarmless && marks[$0] ?? 0 == 0 }.map(\.rawValue)
        return missing
    }

    /// The table, a line each.
    package var table: [String] {
        func row(_ name: String, _ cells: [String]) -> String {
            cells.reduce(name.padded(24)) { $0 + $1.leftPadded(9) }
        }
        var lines = [row("struck in the middle of", Phase.allCases.map(\.rawValue))]
        for kind in Fault.Kind.allCases {
            lines.append(row("  " + kind.rawValue, Phase.allCases.map { "\(faults[kind]?[$0] ?? 0)" }))
        }
        lines.append(row("  reads of others", Phase.allCases.map { "\(interleaved[$0] ?? 0)" }))
        lines.append(row("gone through", Phase.allCases.map { "\(phases[$0] ?? 0)" }))
        lines.append("")
        lines += Mark.allCases.map { "\(marks[$0] ?? 0)".leftPadded(12) + "  " + $0.rawValue }
        return lines
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
