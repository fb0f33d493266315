import EventLog
import Projection

// One event of the funnel on its way into the state of its subject: leads, quotes and contracts.
extension FunnelFold {
    func leadCaptured(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("lead", &anomalies) else { return }
        if let index = state.leadIndex[id] {
            let kind = state.leads[index].hasCapture ? "captured_twice" : "captured_late"
            anomalies.report(event, kind, "lead \(id) exists since event \(state.leads[index].captured.sequence)")
            state.leads[index].hasCapture = true
            state.leads[index].describe(data)
            state.leads[index].lastSequence = event.sequence
        } else {
            var lead = FunnelLead(id: id, at: moment, hasCapture: true)
            lead.describe(data)
            state.catchUpLead(state.add(lead), at: moment)
        }
    }

    func leadAssigned(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("lead", &anomalies) else { return }
        let index = state.leadIndex[id] ?? implyLead(id, &state)
        if let owner = data.field("owner") {
            state.leads[index].owner = owner
            if state.leads[index].state == .captured { state.leads[index].state = .assigned }
        } else {
            anomalies.report(event, "missing_field", "\(event.type) names no \"owner\"")
        }
        state.leads[index].lastSequence = event.sequence
    }

    func leadQualified(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("lead", &anomalies) else { return }
        let index = state.leadIndex[id] ?? implyLead(id, &state)
        if state.leads[index].state == .qualified {
            anomalies.report(event, "already_qualified", "lead \(id) is qualified already")
        }
        state.leads[index].state = .qualified
        state.leads[index].qualified = state.leads[index].qualified ?? moment
        state.leads[index].disqualified = nil
        state.leads[index].reason = nil
        state.leads[index].lastSequence = event.sequence
        state.leads[index].reach(.qualified, at: moment)
        if let opportunity = data.field("opportunity") {
            state.leads[index].opportunity = opportunity
            state.linkLead(index, to: opportunity, at: moment)
        }
    }

    func leadDisqualified(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("lead", &anomalies) else { return }
        let index = state.leadIndex[id] ?? implyLead(id, &state)
        if state.leads[index].state == .disqualified {
            anomalies.report(event, "already_disqualified", "lead \(id) is disqualified already")
        }
        state.leads[index].state = .disqualified
        state.leads[index].disqualified = state.leads[index].disqualified ?? moment
        state.leads[index].reason = data.field("reason") ?? state.leads[index].reason
        state.leads[index].lastSequence = event.sequence
        state.leads[index].disqualify(at: moment)
    }

    private func implyLead(_ id: String, _ state: inout FunnelState) -> Int {
        // Whether another subject of the customer captured it shows only across subjects: a cross-check lists it.
        let index = state.add(FunnelLead(id: id, at: moment, hasCapture: false))
        state.catchUpLead(index, at: moment)
        return index
    }

    func quoteSent(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("quote", &anomalies) else { return }
        let index: Int
        if let known = state.quoteIndex[id] {
            index = known
            state.quotes[index].times += 1
            state.quotes[index].last = moment
        } else {
            index = state.add(FunnelQuote(id: id, at: moment))
        }
        state.quotes[index].opportunity = data.field("opportunity") ?? state.quotes[index].opportunity
        state.quotes[index].validUntil = data.field("valid_until") ?? state.quotes[index].validUntil
        if let stated = StatedAmount.read(data, event, &anomalies) {
            state.quotes[index].amount = stated.amount
            state.quotes[index].currency =
                stated.currency ?? state.quotes[index].currency ?? currency(of: state.quotes[index].opportunity, state)
            if state.quotes[index].currency == nil {
                anomalies.report(event, "no_currency", "quote \(id) has an amount without a currency")
            }
        }
    }

    func contractSigned(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("contract", &anomalies) else { return }
        let known = state.contractIndex[id]
        let index = known ?? state.add(FunnelContract(id: id, at: moment))
        if known != nil {
            let kind = state.contracts[index].signed == nil ? "signed_late" : "signed_twice"
            anomalies.report(
                event, kind, "contract \(id) exists since event \(state.contracts[index].firstSequence)")
        }
        state.contracts[index].signed = state.contracts[index].signed ?? moment
        describeContract(index, &state, &anomalies)
        if let opportunity = state.contracts[index].opportunity { state.sign(opportunity: opportunity, at: moment) }
    }

    func contractRenewed(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("contract", &anomalies) else { return }
        let index = state.contractIndex[id] ?? implyContract(id, &state, &anomalies)
        state.contracts[index].renewals += 1
        state.contracts[index].renewed = moment
        describeContract(index, &state, &anomalies)
    }

    func contractEnded(_ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        guard let id = id("contract", &anomalies) else { return }
        let index = state.contractIndex[id] ?? implyContract(id, &state, &anomalies)
        if state.contracts[index].ended == nil {
            state.contracts[index].ended = moment
        } else {
            anomalies.report(event, "already_ended", "contract \(id) has ended already")
        }
        state.contracts[index].reason = data.field("reason") ?? state.contracts[index].reason
        state.contracts[index].lastSequence = event.sequence
    }

    private func implyContract(_ id: String, _ state: inout FunnelState, _ anomalies: inout AnomalyCollector) -> Int {
        anomalies.report(event, "not_signed", "contract \(id) is named by \(event.type) before it was signed")
        return state.add(FunnelContract(id: id, at: moment))
    }

    /// What a signature and a renewal have in common; both bring an ended contract back to life.
    private func describeContract(_ index: Int, _ state: inout FunnelState, _ anomalies: inout AnomalyCollector) {
        let stated = StatedAmount.read(data, event, &anomalies)
        state.contracts[index].describe(data, stated)
        if state.contracts[index].currency == nil {
            state.contracts[index].currency = currency(of: state.contracts[index].opportunity, state)
        }
        state.contracts[index].ended = nil
        state.contracts[index].reason = nil
        state.contracts[index].lastSequence = event.sequence
        if stated != nil, state.contracts[index].currency == nil {
            let id = state.contracts[index].id
            anomalies.report(event, "no_currency", "contract \(id) has an amount without a currency")
        }
    }

    private func currency(of opportunity: String?, _ state: FunnelState) -> String? {
        guard let opportunity, let index = state.dealIndex[opportunity] else { return nil }
        return state.deals[index].currency
    }
}
