import EventLog

/// A complaint or a ticket as its events tell it.
struct ServiceCase: Sendable {
    /// The two kinds of cases; they share every rule.
    enum Family: String, Sendable, CaseIterable { case complaint, ticket }

    /// Where a case stands; it is open unless resolved or closed.
    enum State: String, Sendable {
        case open, assigned, waiting, escalated, resolved, closed

        var isOpen: Bool { self != .resolved && self != .closed }
    }

    /// What an event reports; `contacted` is an outbound interaction that names the case.
    enum Step: String, Sendable {
        case opened, assigned, responded, escalated, waiting, resolved, notified, reopened, closed, contacted
    }

    struct Entry: Sendable {
        var step: Step
        var state: State
        var moment: Moment
        var agent: String?
        var reason: String?
        var isReopening: Bool
    }

    let family: Family
    let id: String
    /// The first event that names it.
    let opened: Moment
    var isImplied: Bool
    var hasOpening: Bool
    private(set) var state = State.open
    private(set) var history: [Entry] = []
    private(set) var firstResponse: Moment?
    private(set) var firstResponder: String?
    /// The first resolution ever, and the ones in force.
    private(set) var firstResolved: Moment?
    private(set) var resolved: Moment?
    private(set) var closed: Moment?
    private(set) var reopenings = 0
    private(set) var escalations = 0
    var lastSequence: UInt64

    var severity: String?
    var category: String?
    var channel: String?
    var agent: String?
    var order: String?

    init(family: Family, id: String, at moment: Moment, hasOpening: Bool) {
        self.family = family
        self.id = id
        self.opened = moment
        self.isImplied = !hasOpening
        self.hasOpening = hasOpening
        self.lastSequence = moment.sequence
    }

    /// Takes what an opening says; later word replaces earlier word, silence replaces nothing.
    mutating func describe(_ data: JSONView) {
        severity = data.field("severity") ?? severity
        category = data.field("category") ?? category
        channel = data.field("channel") ?? channel
        order = data.field("order") ?? order
    }

    /// Applies a step; says what does not fit, as an anomaly's kind.
    mutating func apply(_ step: Step, agent: String?, reason: String?, at moment: Moment) -> String? {
        lastSequence = moment.sequence
        let wasOpen = state.isOpen
        let reopeningsBefore = reopenings
        let oddity = move(by: step, at: moment)
        if !wasOpen, state.isOpen {
            reopenings += 1
            resolved = nil
            closed = nil
        }
        if step == .responded || step == .contacted, firstResponse == nil {
            firstResponse = moment
            firstResponder = agent
        }
        // Who is told to act owns the case; who merely acts owns it only while no one else does.
        if step == .assigned { self.agent = agent ?? self.agent } else { self.agent = self.agent ?? agent }
        history.append(
            Entry(
                step: step, state: state, moment: moment, agent: agent, reason: reason,
                isReopening: reopenings > reopeningsBefore))
        return oddity
    }

    private mutating func move(by step: Step, at moment: Moment) -> String? {
        switch step {
        case .opened, .responded, .notified, .contacted:
            return nil
        case .assigned:
            state = .assigned
        case .waiting:
            state = .waiting
        case .escalated:
            state = .escalated
            escalations += 1
        case .reopened:
            guard state.isOpen else {
                state = .open
                return nil
            }
            // After an assignment that reopened it this is the same reopening told once more.
            if reopenings > 0 { return nil }
            reopenings = 1
            return "not_resolved"
        case .resolved:
            firstResolved = firstResolved ?? moment
            if state == .closed {
                resolved = resolved ?? moment
                return "resolved_after_closing"
            }
            state = .resolved
            resolved = resolved ?? moment
        case .closed:
            guard state != .closed else { return "already_closed" }
            state = .closed
            closed = moment
        }
        return nil
    }
}

/// A survey as its events tell it.
struct ServiceSurvey: Sendable {
    let id: String
    let firstSequence: UInt64
    var lastSequence: UInt64
    var sent: Moment?
    var answered: Moment?
    var answers = 0
    var channel: String?
    var about: String?
    var agent: String?
    var score: String?
    var scaleMin: String?
    var scaleMax: String?

    init(id: String, at moment: Moment) {
        self.id = id
        firstSequence = moment.sequence
        lastSequence = moment.sequence
    }
}
