import EventLog
import Projection

/// The tables of the campaigns view, and how a state fills them.
enum CampaignsTables {
    static let campaignsIndex = 0
    static let touchesIndex = 1

    static let all = [campaigns, touches]

    static let campaigns = TableDefinition(
        "campaigns", "A campaign as last defined.",
        columns: [
            ColumnDefinition("campaign", .text, "The campaign."),
            ColumnDefinition("name", .text, "What it is called."),
            ColumnDefinition("starts", .text, "When it starts, as sent."),
            ColumnDefinition("ends", .text, "When it ends, as sent."),
            ColumnDefinition("cost", .text, "Decimal amount it costs."),
            ColumnDefinition("currency", .text, "ISO 4217 currency of the cost."),
            ColumnDefinition("defined", .text, "When it was last defined, as an instant in UTC."),
            ColumnDefinition("sequence", .integer, "The event that last defined it."),
        ],
        primaryKey: ["campaign"])

    static let touches = TableDefinition(
        "campaign_touches", "What a customer got of a campaign's variant over a channel, and did.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("campaign", .text, "The campaign."),
            ColumnDefinition("variant", .text, "Its variant; empty if none was named."),
            ColumnDefinition("channel", .text, "The channel; empty if none was named."),
            ColumnDefinition("offer", .text, "The last offer named."),
        ]
            + CampaignTouchKind.allCases.flatMap { kind in
                [
                    ColumnDefinition(kind.name, .integer, "How often it was \(kind.name)."),
                    ColumnDefinition("first_\(kind.name)", .text, "When first, as an instant in UTC."),
                    ColumnDefinition("last_\(kind.name)", .text, "When last, as an instant in UTC."),
                    ColumnDefinition("first_\(kind.name)_sequence", .integer, "The first such event."),
                    ColumnDefinition("last_\(kind.name)_sequence", .integer, "The last such event."),
                ]
            }
            + [
                ColumnDefinition(
                    "orders", .text,
                    "The orders it was redeemed with, as a JSON list of [order, redeeming event]; NULL if none."),
                ColumnDefinition(
                    "in_between", .text,
                    "What was neither first nor last of its kind, as a JSON list of [kind, time, sequence]; NULL if "
                        + "there is none."),
            ],
        primaryKey: ["subject", "campaign", "variant", "channel"])

    static func emit(_ state: CampaignsState, into rows: inout RowCollector) {
        guard let subject = state.subject else {
            for (campaign, definition) in state.definitions.sorted(by: { $0.key < $1.key }) {
                rows.insert(
                    [
                        .text(campaign), SQLValue(definition.name), SQLValue(definition.starts),
                        SQLValue(definition.ends), SQLValue(definition.cost), SQLValue(definition.currency),
                        SQLValue(definition.defined.time), SQLValue(sequence: definition.defined.sequence),
                    ], table: campaignsIndex)
            }
            return
        }
        var row: [SQLValue] = []
        row.reserveCapacity(CampaignsTables.touches.columns.count)
        for touches in state.touches {
            row.removeAll(keepingCapacity: true)
            row.append(.text(subject))
            row.append(.text(touches.key.campaign))
            row.append(.text(touches.key.variant))
            row.append(.text(touches.key.channel))
            row.append(SQLValue(touches.offer))
            for kind in touches.tallies.indices {
                guard let tally = touches.tallies[kind] else {
                    row.append(.integer(0))
                    for _ in 0..<4 { row.append(.null) }
                    continue
                }
                row.append(.integer(Int64(tally.count)))
                row.append(SQLValue(tally.first.time))
                row.append(SQLValue(tally.last.time))
                row.append(SQLValue(sequence: tally.first.sequence))
                row.append(SQLValue(sequence: tally.last.sequence))
            }
            row.append(SQLValue(orders(touches)))
            row.append(SQLValue(between(touches)))
            rows.insert(row: row.span, table: touchesIndex)
        }
    }

    /// The moments that the columns of first and last do not tell.
    private static func between(_ touches: CampaignsState.Touches) -> String? {
        var entries: [String] = []
        for kind in CampaignTouchKind.allCases {
            for moment in touches.tallies[kind.rawValue]?.between ?? [] {
                entries.append("[\"\(kind.name)\",\"\(moment.time.rfc3339)\",\(moment.sequence)]")
            }
        }
        return entries.isEmpty ? nil : "[" + entries.joined(separator: ",") + "]"
    }

    private static func orders(_ touches: CampaignsState.Touches) -> String? {
        guard !touches.redemptions.isEmpty else { return nil }
        let entries = touches.redemptions.map { redemption in
            "[\(String(decoding: JSONText.string(redemption.order), as: UTF8.self)),\(redemption.sequence)]"
        }
        return "[" + entries.joined(separator: ",") + "]"
    }
}
