package import Foundation

/// One opportunity's life.
package struct ReferenceOpportunity: Sendable {
    /// A stay in a stage.
    package struct Stay: Sendable, Equatable {
        package var pipeline: String
        package var stage: String
        package var entered: Int64
        /// nil: still there.
        package var left: Int64?
        /// The event that began it.
        package var sequence: UInt64
        /// Entered when the opportunity was closed already: history, but no time is spent in it.
        package var isAfterClosing: Bool
    }

    /// How it stands.
    package enum Outcome: String, Sendable { case open, won, lost }

    package var pipeline = "default"
    package var stays: [Stay] = []
    package var outcome = Outcome.open
    package var reason: String?
    package var opened: Int64
    package var closed: Int64?
    package var amount: Decimal?
    package var currency: String?
    package var owner: String?
    package var ownerAtClosing: String?
    package var lead: String?

    /// The stage it is in; when closed, the stage it was closed from.
    package var stage: String? { stays.last { !$0.isAfterClosing }?.stage }
    /// Every stage of this pipeline that it ever entered.
    package func reached(in pipeline: String) -> Set<String> {
        Set(stays.filter { $0.pipeline == pipeline }.map(\.stage))
    }

    /// The opportunities of one subject, by id.
    package static func all(_ events: [ReferenceEvent]) -> [String: ReferenceOpportunity] {
        var all: [String: ReferenceOpportunity] = [:]
        for event in events where event.family == "opportunity" {
            guard let id = event.text("opportunity") else { continue }
            if all[id] != nil {
                all[id]?.apply(event)
            } else {
                var new = ReferenceOpportunity(opened: event.time)
                new.begin(event)
                all[id] = new
            }
        }
        return all
    }

    /// The first event of an opportunity opens it, whatever it says.
    mutating func begin(_ event: ReferenceEvent) {
        pipeline = event.text("pipeline") ?? "default"
        takeFields(event)
        let stage: String?
        switch event.type {
        case "opportunity.opened", "opportunity.reopened": stage = event.text("stage")
        case "opportunity.stage_changed": stage = event.text("to")
        default: stage = nil
        }
        enter(stage ?? "(none)", event)
        if event.type == "opportunity.won" || event.type == "opportunity.lost" { apply(event) }
    }

    mutating func takeFields(_ event: ReferenceEvent) {
        amount = event.decimal("amount") ?? amount
        currency = event.text("currency") ?? currency
        owner = event.text("owner") ?? owner
        lead = event.text("lead") ?? lead
    }

    mutating func enter(_ stage: String, _ event: ReferenceEvent) {
        stays.append(
            Stay(
                pipeline: pipeline, stage: stage, entered: event.time, left: nil, sequence: event.sequence,
                isAfterClosing: false))
    }

    mutating func leave(_ time: Int64) {
        if let last = stays.indices.last(where: { stays[$0].left == nil }) { stays[last].left = time }
    }

    mutating func apply(_ event: ReferenceEvent) {
        switch event.type {
        case "opportunity.opened":
            takeFields(event)
            change(event, to: event.text("stage"))
        case "opportunity.amount_changed", "opportunity.assigned":
            takeFields(event)
        case "opportunity.stage_changed":
            change(event, to: event.text("to"))
        case "opportunity.won", "opportunity.lost":
            takeFields(event)
            close(event, event.type == "opportunity.won" ? .won : .lost)
        case "opportunity.reopened":
            guard outcome != .open else { return change(event, to: event.text("stage")) }
            let before = stays.last { !$0.isAfterClosing }
            outcome = .open
            reason = nil
            closed = nil
            ownerAtClosing = nil
            pipeline = before?.pipeline ?? pipeline
            enter(event.text("stage") ?? before?.stage ?? "(none)", event)
        default:
            break
        }
    }

    /// The latest word on the outcome holds, from when it was first said.
    mutating func close(_ event: ReferenceEvent, _ new: Outcome) {
        if outcome == .open { leave(event.time) }
        if outcome != new {
            closed = event.time
            ownerAtClosing = owner
            reason = nil
        }
        outcome = new
        if new == .lost { reason = event.text("reason") ?? reason }
    }

    mutating func change(_ event: ReferenceEvent, to stage: String?) {
        let target = event.text("pipeline") ?? pipeline
        if outcome != .open {
            guard let to = stage ?? (target == stays.last?.pipeline ? nil : "(none)") else { return }
            if target == stays.last?.pipeline, to == stays.last?.stage { return }
            stays.append(
                Stay(
                    pipeline: target, stage: to, entered: event.time, left: event.time, sequence: event.sequence,
                    isAfterClosing: true))
            return
        }
        guard let to = stage ?? (target == pipeline ? nil : "(none)") else { return }
        if target == pipeline, to == self.stage { return }
        leave(event.time)
        pipeline = target
        enter(to, event)
    }

    /// Whether the opportunity stayed in this pipeline and is elsewhere now.
    package func isMoved(from other: String) -> Bool {
        other != pipeline && stays.contains { $0.pipeline == other && !$0.isAfterClosing }
    }
}

/// What the funnel of one pipeline says.
package struct ReferenceFunnel: Sendable, Equatable {
    package var reached: [String: Int] = [:]
    package var current: [String: Int] = [:]
    package var won = 0
    package var lost = 0
    package var lostByReason: [String: Int] = [:]
    package var open = 0
    package var moved = 0

    /// Counts the opportunities of a pipeline.
    package init(_ pipeline: String, _ opportunities: [ReferenceOpportunity]) {
        for opportunity in opportunities {
            for stage in opportunity.reached(in: pipeline) { reached[stage, default: 0] += 1 }
            if opportunity.isMoved(from: pipeline) { moved += 1 }
            guard opportunity.pipeline == pipeline else { continue }
            switch opportunity.outcome {
            case .won: won += 1
            case .lost:
                lost += 1
                lostByReason[opportunity.reason ?? "", default: 0] += 1
            case .open:
                open += 1
                if let stage = opportunity.stage { current[stage, default: 0] += 1 }
            }
        }
    }

    /// Of the opportunities that reached `stage`: how many later entered a later one of `order` or were won, and how
    /// many are still open without having done so.
    package static func conversion(
        of stage: String, order: [String], pipeline: String, _ opportunities: [ReferenceOpportunity]
    ) -> (converted: Int, open: Int) {
        let later = Set(order.drop { $0 != stage }.dropFirst())
        var converted = 0
        var open = 0
        for opportunity in opportunities {
            guard let first = opportunity.stays.firstIndex(where: { $0.pipeline == pipeline && $0.stage == stage })
            else {
                continue
            }
            let went = opportunity.stays[first...].contains { $0.pipeline == pipeline && later.contains($0.stage) }
            if went || (opportunity.pipeline == pipeline && opportunity.outcome == .won) {
                converted += 1
            } else if opportunity.pipeline == pipeline, opportunity.outcome == .open {
                open += 1
            }
        }
        return (converted, open)
    }
}

/// A lead, as far as its own subject's events tell.
package struct ReferenceLead: Sendable {
    package var captured: Int64?
    package var qualified: Int64?
    package var disqualified: Int64?
    package var reason: String?
    package var owner: String?
    package var opportunity: String?
    /// Whether an opportunity names it or is named by its qualification: later word on that one brings it back.
    package var isLinked = false

    /// The leads of one subject, by id.
    package static func all(_ events: [ReferenceEvent]) -> [String: ReferenceLead] {
        var all: [String: ReferenceLead] = [:]
        for event in events {
            guard let id = event.text("lead") else { continue }
            guard event.family == "lead" else { continue }
            var lead = all[id] ?? ReferenceLead()
            switch event.type {
            case "lead.captured": lead.captured = lead.captured ?? event.time
            case "lead.assigned": lead.owner = event.text("owner")
            case "lead.qualified":
                lead.qualified = lead.qualified ?? event.time
                lead.opportunity = event.text("opportunity") ?? lead.opportunity
                lead.disqualified = nil
                lead.reason = nil
            case "lead.disqualified":
                lead.disqualified = lead.disqualified ?? event.time
                lead.reason = event.text("reason") ?? lead.reason
            default: break
            }
            all[id] = lead
        }
        for event in events where event.type == "opportunity.opened" {
            if let id = event.text("lead") { all[id]?.isLinked = true }
        }
        for id in all.keys where all[id]?.opportunity != nil { all[id]?.isLinked = true }
        return all
    }
}
