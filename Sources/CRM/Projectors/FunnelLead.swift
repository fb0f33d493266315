import EventLog

/// The steps of a lead, in order: the stages of the built-in pipeline `leads`.
enum LeadStep: String, Sendable, CaseIterable {
    case captured, qualified, opportunity, won, contract

    /// All of them, first to last.
    static let stages = allCases

    /// Its place: 0 for `captured`.
    var rank: Int {
        switch self {
        case .captured: 0
        case .qualified: 1
        case .opportunity: 2
        case .won: 3
        case .contract: 4
        }
    }
}

/// One lead as its events tell it.
struct FunnelLead: Sendable {
    enum State: String, Sendable { case captured, assigned, qualified, disqualified }

    let id: String
    /// The first event that names it.
    let captured: Moment
    var hasCapture: Bool
    var state = State.captured
    var marks: [LeadMark]
    var lastSequence: UInt64

    var owner: String?
    var origin: String?
    var campaign: String?
    var product: String?
    /// The opportunity it became: as its qualification says, else the first one that names the lead.
    var opportunity: String?
    var qualified: Moment?
    var disqualified: Moment?
    var reason: String?

    init(id: String, at moment: Moment, hasCapture: Bool) {
        self.id = id
        self.captured = moment
        self.hasCapture = hasCapture
        self.lastSequence = moment.sequence
        marks = [LeadMark(step: .captured, moment: moment)]
    }

    /// Takes what a capture says; later word replaces earlier word, silence replaces nothing.
    mutating func describe(_ data: JSONView) {
        origin = data.field("origin") ?? origin
        campaign = data.field("campaign") ?? campaign
        product = data.field("product") ?? product
        owner = data.field("owner") ?? owner
    }

    /// Records that the lead got as far as `step`; what it has reached already is not recorded again, save that it
    /// brings a disqualified lead back.
    mutating func reach(_ step: LeadStep, at moment: Moment) {
        let isDisqualified = marks.last?.step == nil
        guard isDisqualified || !marks.contains(where: { $0.step == step }) else { return }
        if isDisqualified {
            state = .qualified
            disqualified = nil
            reason = nil
        }
        marks.append(LeadMark(step: step, moment: moment, owner: owner))
    }

    mutating func disqualify(at moment: Moment) {
        guard marks.last?.step != nil else { return }
        marks.append(LeadMark(step: nil, moment: moment, owner: owner))
    }
}

/// That a lead got as far as a step, or was disqualified.
struct LeadMark: Sendable, Equatable {
    /// `nil`: disqualified.
    var step: LeadStep?
    var moment: Moment
    var owner: String?

    /// Marks in the order of time.
    ///
    /// Of the marks that one event makes, the earlier step comes first, and the disqualification of a lead that was
    /// never captured after its capture.
    static func inOrder(_ marks: [LeadMark]) -> [LeadMark] {
        marks.sorted { left, right in
            if left.moment != right.moment { return left.moment < right.moment }
            return (left.step?.rank ?? .max) < (right.step?.rank ?? .max)
        }
    }
}

/// A stay of a lead in a stage.
struct LeadStay: Sendable, Equatable {
    /// How a stay ended; `passed` is the stay of no length in a stage that was reported after a further one.
    enum Exit: String, Sendable { case stage, disqualified, passed }

    var from: LeadStep?
    var stage: LeadStep
    var entered: Moment
    var left: Moment?
    var exit: Exit?
    var owner: String?

    /// The stays that follow from the marks of a lead, given in any order.
    ///
    /// A lead stands in the furthest stage it has reached. A disqualification ends the stay; any later mark begins a
    /// new one, in the furthest stage again.
    static func history(_ marks: [LeadMark]) -> [LeadStay] {
        var stays: [LeadStay] = []
        var running: Int?
        var furthest: LeadStep?
        var reached: Set<LeadStep> = []
        for mark in LeadMark.inOrder(marks) {
            guard let step = mark.step else {
                if let stay = running { stays[stay].end(.disqualified, at: mark.moment) }
                running = nil
                continue
            }
            let isFurther = step.rank > (furthest?.rank ?? -1)
            if running == nil || isFurther {
                if let stay = running { stays[stay].end(.stage, at: mark.moment) }
                let stage = isFurther ? step : furthest ?? step
                running = stays.count
                stays.append(LeadStay(from: furthest, stage: stage, entered: mark.moment, owner: mark.owner))
                furthest = stage
                reached.insert(stage)
            }
            if reached.insert(step).inserted {
                var passed = LeadStay(from: furthest, stage: step, entered: mark.moment, owner: mark.owner)
                passed.end(.passed, at: mark.moment)
                stays.append(passed)
            }
        }
        return stays
    }

    private mutating func end(_ exit: Exit, at moment: Moment) {
        left = moment
        self.exit = exit
    }
}
