import Foundation
import Projection
import ReferenceFold

extension ReferenceRows {
    func opportunities() -> [Row] {
        fold.opportunities.flatMap { subject, opportunities in
            opportunities.map { id, opportunity in
                [
                    "subject": .text(subject), "opportunity_id": .text(id), "pipeline": .text(opportunity.pipeline),
                    "stage": .init(opportunity.stage), "state": .text(opportunity.outcome.rawValue),
                    "opened": Self.instant(opportunity.opened), "closed": Self.instant(opportunity.closed),
                    "amount": .init(decimal: opportunity.amount), "currency": .init(opportunity.currency),
                    "owner": .init(opportunity.owner), "closing_owner": .init(opportunity.ownerAtClosing),
                    "lead_id": .init(opportunity.lead), "lost_reason": .init(opportunity.reason),
                ]
            }
        }
    }

    func stays() -> [Row] {
        fold.opportunities.flatMap { subject, opportunities in
            opportunities.flatMap { id, opportunity in
                opportunity.stays.enumerated().map { number, stay in
                    [
                        "subject": .text(subject), "opportunity_id": .text(id), "ordinal": .integer(Int64(number + 1)),
                        "pipeline": .text(stay.pipeline), "stage": .text(stay.stage),
                        "entered": Self.instant(stay.entered), "left": Self.instant(stay.left),
                        "sequence": .init(sequence: stay.sequence),
                    ]
                }
            }
        }
    }

    func leads() -> [Row] {
        fold.leads.flatMap { subject, leads in
            leads.map { id, lead -> Row in
                var row: Row = [
                    "subject": .text(subject), "lead_id": .text(id), "owner": .init(lead.owner),
                    "qualified": Self.instant(lead.qualified),
                ]
                if !lead.isLinked {
                    row["disqualified"] = Self.instant(lead.disqualified)
                    row["reason"] = .init(lead.reason)
                }
                return row
            }
        }
    }

    func cases() -> [Row] {
        fold.cases.flatMap { family, subjects in
            subjects.flatMap { subject, cases in
                cases.map { id, item in
                    [
                        "subject": .text(subject), "family": .text(family), "case_id": .text(id),
                        "is_open": .integer(item.state == .open ? 1 : 0), "opened": Self.instant(item.opened),
                        "first_response": Self.instant(item.firstResponse),
                        "first_resolved": Self.instant(item.firstResolved),
                        "reopened": .integer(Int64(item.reopenings)),
                    ]
                }
            }
        }
    }
}
