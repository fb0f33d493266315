import EventLog
import Projection

/// One event of the funnel on its way into the state of its subject: opportunities.
struct FunnelFold {
    let event: StoredEvent
    let data: JSONView

    var moment: Moment { Moment(event) }

    /// The id under `key`; its absence is reported.
    func id(_ key: String, _ anomalies: inout AnomalyCollector) -> String? {
        if let id = data.field(key) { return id }
        anomalies.report(event, "missing_field", "\(event.type) names no \"\(key)\"")
        return nil
    }

    func opened(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let pipeline = pipelineNamed(&anomalies)
        let stated = StatedAmount.read(data, event, &anomalies)
        let index: Int
        if let known = state.dealIndex[id] {
            index = known
            let kind = state.deals[index].hasOpening ? "opened_twice" : "opened_late"
            anomalies.report(event, kind, "opportunity \(id) exists since event \(state.deals[index].opened.sequence)")
            state.deals[index].hasOpening = true
            state.deals[index].describe(data, at: moment)
            state.deals[index].take(stated, at: moment)
            state.deals[index].change(to: data.field("stage"), pipeline: pipeline, at: moment)
        } else {
            let pipeline = pipeline ?? FunnelPipelines.defaultName
            var deal = FunnelDeal(id: id, at: moment, pipeline: pipeline, hasOpening: true)
            deal.describe(data, at: moment)
            deal.take(stated, at: moment)
            deal.start(stage: data.field("stage") ?? FunnelPipelines.startStage(of: pipeline), at: moment)
            index = state.add(deal)
        }
        checkCurrency(state.deals[index], stated, &anomalies)
        state.deals[index].lastSequence = event.sequence
        state.linkDeal(index, at: moment)
        state.advanceLeads(of: id, at: moment)
    }

    func stageChanged(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let stage = data.field("to")
        let pipeline = pipelineNamed(&anomalies)
        if stage == nil { anomalies.report(event, "missing_field", "\(event.type) names no \"to\"") }
        guard let index = state.dealIndex[id] else {
            _ = imply(id, stage: stage, pipeline: pipeline, &state, &anomalies)
            return
        }
        if let from = data.field("from"), let last = state.deals[index].stays.last, last.stage != from {
            anomalies.report(
                event, "stage_differs", "opportunity \(id) was in \(last.stage), the event says \(from)")
        }
        state.deals[index].change(to: stage, pipeline: pipeline, at: moment)
        state.deals[index].lastSequence = event.sequence
    }

    func amountChanged(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let stated = StatedAmount.read(data, event, &anomalies)
        let index = state.dealIndex[id] ?? imply(id, &state, &anomalies)
        state.deals[index].take(stated, at: moment)
        state.deals[index].lastSequence = event.sequence
        checkCurrency(state.deals[index], stated, &anomalies)
    }

    func assigned(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let index = state.dealIndex[id] ?? imply(id, &state, &anomalies)
        if let owner = data.field("owner") {
            state.deals[index].assign(owner, at: moment)
        } else {
            anomalies.report(event, "missing_field", "\(event.type) names no \"owner\"")
        }
        state.deals[index].lastSequence = event.sequence
    }

    func closed(_ outcome: FunnelDeal.State, _ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let stated = outcome == .won ? StatedAmount.read(data, event, &anomalies) : nil
        let index = state.dealIndex[id] ?? imply(id, &state, &anomalies)
        let before = state.deals[index].state
        state.deals[index].take(stated, at: moment)
        let isNews = state.deals[index].close(outcome, reason: data.field("reason"), at: moment)
        state.deals[index].lastSequence = event.sequence
        checkCurrency(state.deals[index], stated, &anomalies)
        if !isNews {
            anomalies.report(event, "already_closed", "opportunity \(id) is \(outcome.rawValue) already")
        } else if before != .open {
            anomalies.report(
                event, "closed_again", "opportunity \(id) was \(before.rawValue) and is \(outcome.rawValue) now")
        }
        if outcome == .won { state.advanceLeads(of: id, at: moment) }
    }

    func reopened(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("opportunity", &anomalies) else { return }
        let stage = data.field("stage")
        guard let index = state.dealIndex[id] else {
            _ = imply(id, stage: stage, pipeline: nil, &state, &anomalies)
            return
        }
        if state.deals[index].state == .open {
            anomalies.report(event, "not_closed", "opportunity \(id) is reopened, but open already")
            state.deals[index].change(to: stage, pipeline: nil, at: moment)
        } else {
            state.deals[index].reopen(stage: stage, at: moment)
        }
        state.deals[index].lastSequence = event.sequence
    }

    /// An opportunity that was never opened exists from the first event that names it.
    private func imply(
        _ id: String, stage: String? = nil, pipeline: String? = nil, _ state: inout FunnelState,
        _ anomalies: inout AnomalyCollector
    ) -> Int {
        anomalies.report(event, "not_opened", "opportunity \(id) is named by \(event.type) before it was opened")
        let pipeline = pipeline ?? FunnelPipelines.defaultName
        var deal = FunnelDeal(id: id, at: moment, pipeline: pipeline, hasOpening: false)
        deal.start(stage: stage ?? FunnelPipelines.startStage(of: pipeline), at: moment)
        let index = state.add(deal)
        state.advanceLeads(of: id, at: moment)
        return index
    }

    private func pipelineNamed(_ anomalies: inout AnomalyCollector) -> String? {
        let pipeline = data.field("pipeline")
        if pipeline == FunnelPipelines.leadsName {
            anomalies.report(
                event, "reserved_pipeline", "an opportunity is in \"leads\", which is the pipeline of leads")
        }
        return pipeline
    }

    private func checkCurrency(_ deal: FunnelDeal, _ stated: StatedAmount?, _ anomalies: inout AnomalyCollector) {
        guard stated != nil, deal.currency == nil else { return }
        anomalies.report(event, "no_currency", "opportunity \(deal.id) has an amount without a currency")
    }
}
