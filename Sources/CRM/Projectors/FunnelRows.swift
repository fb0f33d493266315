import EventLog
import Projection

/// Writes what the funnel holds of one subject into rows, in the order of the columns in `FunnelTables`.
struct FunnelRows {
    let subject: SQLValue

    func emit(_ state: FunnelState, into rows: inout RowCollector) {
        for deal in state.deals { emit(deal, into: &rows) }
        for lead in state.leads { emit(lead, into: &rows) }
        for contract in state.contracts { emit(contract, into: &rows) }
        for quote in state.quotes { emit(quote, into: &rows) }
    }

    private func emit(_ deal: FunnelDeal, into rows: inout RowCollector) {
        let closing = deal.state == .open ? nil : deal.closings.last
        let id = SQLValue.text(deal.id)
        let stay = deal.stay
        var closedBefore: Int64 = 0
        for past in deal.closings {
            if let ended = past.ended { closedBefore += ended.microseconds(since: past.closed) }
        }
        rows.insert(
            [
                subject, id, SQLValue(deal.name), .text(deal.pipeline), SQLValue(stay?.stage),
                SQLValue(deal.stays.last?.stage), .text(deal.state.rawValue), SQLValue(deal.opened.time),
                SQLValue(stay?.entered.time), SQLValue(closing?.closed.time), SQLValue(deal.amount),
                SQLValue(deal.currency), SQLValue(deal.owner), SQLValue(closing?.owner), SQLValue(deal.origin),
                SQLValue(deal.product), SQLValue(deal.contact), SQLValue(deal.lead), SQLValue(deal.expectedClose),
                SQLValue(deal.state == .lost ? closing?.reason : nil), SQLValue(deal.stays.count),
                SQLValue(deal.closings.count { $0.endedBy == .open }), .integer(closedBefore),
                SQLValue(!deal.hasOpening), SQLValue(sequence: deal.opened.sequence),
                SQLValue(sequence: deal.lastSequence),
            ], table: FunnelTables.opportunitiesIndex)
        rows.insert([subject, id, .text(deal.history.text)], table: FunnelTables.opportunityHistoriesIndex)
        for (number, stay) in deal.stays.enumerated() {
            rows.insert(
                [
                    subject, id, SQLValue(number + 1), .text(stay.pipeline), SQLValue(stay.from), .text(stay.stage),
                    .text(stay.entrance.rawValue), SQLValue(stay.entered.time), SQLValue(stay.left?.time),
                    SQLValue(stay.exit?.rawValue), SQLValue(stay.left.map { $0.microseconds(since: stay.entered) }),
                    SQLValue(stay.amount), SQLValue(stay.currency), SQLValue(stay.owner),
                    SQLValue(sequence: stay.entered.sequence), SQLValue(sequence: stay.left?.sequence),
                ], table: FunnelTables.opportunityStagesIndex)
        }
        for (number, closing) in deal.closings.enumerated() {
            rows.insert(
                [
                    subject, id, SQLValue(number + 1), .text(closing.outcome.rawValue), SQLValue(closing.closed.time),
                    SQLValue(closing.ended?.time), SQLValue(closing.endedBy?.rawValue),
                    SQLValue(closing.ended.map { $0.microseconds(since: closing.closed) }), SQLValue(closing.reason),
                    SQLValue(closing.amount), SQLValue(closing.currency), SQLValue(closing.owner),
                    SQLValue(sequence: closing.closed.sequence), SQLValue(sequence: closing.ended?.sequence),
                ], table: FunnelTables.opportunityClosingsIndex)
        }
    }

    private func emit(_ lead: FunnelLead, into rows: inout RowCollector) {
        let id = SQLValue.text(lead.id)
        let stays = LeadStay.history(lead.marks)
        let furthest = stays.max { $0.stage.rank < $1.stage.rank }
        rows.insert(
            [
                subject, id, .text(lead.state.rawValue), SQLValue(furthest?.stage.rawValue), SQLValue(lead.owner),
                SQLValue(lead.origin), SQLValue(lead.campaign), SQLValue(lead.product), SQLValue(lead.opportunity),
                SQLValue(lead.captured.time), SQLValue(lead.qualified?.time), SQLValue(lead.disqualified?.time),
                SQLValue(lead.reason), SQLValue(!lead.hasCapture), SQLValue(sequence: lead.captured.sequence),
                SQLValue(sequence: lead.lastSequence),
            ], table: FunnelTables.leadsIndex)
        for (number, stay) in stays.enumerated() {
            rows.insert(
                [
                    subject, id, SQLValue(number + 1), SQLValue(stay.from?.rawValue), .text(stay.stage.rawValue),
                    SQLValue(stay.entered.time), SQLValue(stay.left?.time), SQLValue(stay.exit?.rawValue),
                    SQLValue(stay.left.map { $0.microseconds(since: stay.entered) }), SQLValue(stay.owner),
                    SQLValue(sequence: stay.entered.sequence), SQLValue(sequence: stay.left?.sequence),
                ], table: FunnelTables.leadStagesIndex)
        }
    }

    private func emit(_ contract: FunnelContract, into rows: inout RowCollector) {
        rows.insert(
            [
                subject, .text(contract.id), SQLValue(contract.opportunity), SQLValue(contract.amount),
                SQLValue(contract.currency), SQLValue(contract.starts), SQLValue(contract.ends),
                SQLValue(contract.signed?.time), SQLValue(contract.renewals), SQLValue(contract.renewed?.time),
                SQLValue(contract.ended?.time), SQLValue(contract.reason),
                SQLValue(sequence: contract.firstSequence), SQLValue(sequence: contract.lastSequence),
            ], table: FunnelTables.contractsIndex)
    }

    private func emit(_ quote: FunnelQuote, into rows: inout RowCollector) {
        rows.insert(
            [
                subject, .text(quote.id), SQLValue(quote.opportunity), SQLValue(quote.amount), SQLValue(quote.currency),
                SQLValue(quote.validUntil), SQLValue(quote.sent.time), SQLValue(quote.last.time),
                SQLValue(quote.times), SQLValue(sequence: quote.sent.sequence),
                SQLValue(sequence: quote.last.sequence),
            ], table: FunnelTables.quotesIndex)
    }
}
