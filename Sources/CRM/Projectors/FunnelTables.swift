import Projection

/// The tables of the funnel, in the order in which `FunnelRows` fills them.
enum FunnelTables {
    static let opportunitiesIndex = 0
    static let opportunityStagesIndex = 1
    static let opportunityClosingsIndex = 2
    static let leadsIndex = 3
    static let leadStagesIndex = 4
    static let contractsIndex = 5
    static let quotesIndex = 6
    static let opportunityHistoriesIndex = 7

    static let all = [
        opportunities, opportunityStages, opportunityClosings, leads, leadStages, contracts, quotes,
        opportunityHistories,
    ]

    static let opportunities = TableDefinition(
        "opportunities", "An opportunity as it stands.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("opportunity_id", .text, "The opportunity; unique within its subject."),
            ColumnDefinition("name", .text, "What it is called."),
            ColumnDefinition("pipeline", .text, "The pipeline it is in, or was in when it was closed."),
            ColumnDefinition("stage", .text, "The stage it is in; of a closed one the stage before closing."),
            ColumnDefinition("last_stage", .text, "The last stage in its history, also if entered while closed."),
            ColumnDefinition("state", .text, "open, won or lost."),
            ColumnDefinition("opened", .text, "The first event that names it, as an instant in UTC."),
            ColumnDefinition("entered", .text, "When it entered `stage`."),
            ColumnDefinition("closed", .text, "When it was won or lost; NULL while open."),
            ColumnDefinition("amount", .text, "Decimal amount."),
            ColumnDefinition("currency", .text, "ISO 4217 currency of the amount."),
            ColumnDefinition("owner", .text, "Whose it is now."),
            ColumnDefinition("closing_owner", .text, "Whose it was when it was closed; NULL while open."),
            ColumnDefinition("origin", .text, "Where it came from."),
            ColumnDefinition("product", .text, "What it is about."),
            ColumnDefinition("contact", .text, "The person on the customer's side."),
            ColumnDefinition("lead_id", .text, "The lead it came from, as its opening says."),
            ColumnDefinition("expected_close", .text, "The day it is expected to close, yyyy-MM-dd."),
            ColumnDefinition("lost_reason", .text, "Why it was lost; NULL unless lost."),
            ColumnDefinition("stages", .integer, "How many stays its history has."),
            ColumnDefinition("reopened", .integer, "How often it was reopened."),
            ColumnDefinition(
                "closed_before", .integer, "Microseconds it was closed before the closing in force, if any."),
            ColumnDefinition("implied", .integer, "1 if no event opened it: it exists from the first that names it."),
            ColumnDefinition("first_sequence", .integer, "The first event that names it."),
            ColumnDefinition("last_sequence", .integer, "The last event that names it."),
        ],
        primaryKey: ["subject", "opportunity_id"])

    static let opportunityStages = TableDefinition(
        "opportunity_stages", "A stay of an opportunity in a stage, in the order of its life.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("opportunity_id", .text, "The opportunity."),
            ColumnDefinition("ordinal", .integer, "1, 2, 3 … within the opportunity."),
            ColumnDefinition("pipeline", .text, "The pipeline."),
            ColumnDefinition("from_stage", .text, "The stage of the stay before; NULL for the first."),
            ColumnDefinition("stage", .text, "The stage."),
            ColumnDefinition(
                "entered_by", .text,
                "How it got here: opened, stage, moved (from another pipeline), reopened, or closed (entered while "
                    + "closed)."),
            ColumnDefinition("entered", .text, "When, as an instant in UTC."),
            ColumnDefinition("left", .text, "When it left; NULL while it is here."),
            ColumnDefinition(
                "left_by", .text,
                "How it left: stage, moved (to another pipeline), won, lost, or closed (entered while closed, so a stay "
                    + "of no length); NULL while it is here."),
            ColumnDefinition("duration", .integer, "Microseconds from entering to leaving; NULL while it is here."),
            ColumnDefinition("amount", .text, "Decimal amount when it entered."),
            ColumnDefinition("currency", .text, "ISO 4217 currency of the amount."),
            ColumnDefinition("owner", .text, "Whose it was when it entered."),
            ColumnDefinition("sequence", .integer, "The event by which it entered."),
            ColumnDefinition("left_sequence", .integer, "The event by which it left; NULL while it is here."),
        ],
        primaryKey: ["subject", "opportunity_id", "ordinal"])

    static let opportunityClosings = TableDefinition(
        "opportunity_closings", "A time for which an opportunity was won or lost.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("opportunity_id", .text, "The opportunity."),
            ColumnDefinition("ordinal", .integer, "1, 2, 3 … within the opportunity."),
            ColumnDefinition("outcome", .text, "won or lost."),
            ColumnDefinition("closed", .text, "When, as an instant in UTC."),
            ColumnDefinition("ended", .text, "When it was reopened or closed otherwise; NULL while in force."),
            ColumnDefinition("ended_by", .text, "open (reopened), won or lost; NULL while in force."),
            ColumnDefinition("duration", .integer, "Microseconds it was closed so; NULL while in force."),
            ColumnDefinition("reason", .text, "Why."),
            ColumnDefinition("amount", .text, "Decimal amount at closing."),
            ColumnDefinition("currency", .text, "ISO 4217 currency of the amount."),
            ColumnDefinition("owner", .text, "Whose it was at closing."),
            ColumnDefinition("sequence", .integer, "The event that closed it."),
            ColumnDefinition("ended_sequence", .integer, "The event that ended this; NULL while in force."),
        ],
        primaryKey: ["subject", "opportunity_id", "ordinal"])

    static let leads = TableDefinition(
        "leads", "A lead as it stands.",
        columns: [
            ColumnDefinition("subject", .text, "The prospect, as sent."),
            ColumnDefinition("lead_id", .text, "The lead; unique within its subject."),
            ColumnDefinition("state", .text, "captured, assigned, qualified or disqualified."),
            ColumnDefinition(
                "stage", .text,
                "The furthest of captured, qualified, opportunity, won and contract, by this subject's events."),
            ColumnDefinition("owner", .text, "Whose it is."),
            ColumnDefinition("origin", .text, "Where it came from."),
            ColumnDefinition("campaign", .text, "The campaign that brought it."),
            ColumnDefinition("product", .text, "What it is about."),
            ColumnDefinition(
                "opportunity_id", .text,
                "What it became: as its qualification says, else the first opportunity of this subject that names it."),
            ColumnDefinition("captured", .text, "The first event that names it, as an instant in UTC."),
            ColumnDefinition("qualified", .text, "When it was first qualified."),
            ColumnDefinition("disqualified", .text, "When it was disqualified; NULL unless it is."),
            ColumnDefinition("reason", .text, "Why it was disqualified."),
            ColumnDefinition("implied", .integer, "1 if no event captured it: it exists from the first that names it."),
            ColumnDefinition("first_sequence", .integer, "The first event that names it."),
            ColumnDefinition("last_sequence", .integer, "The last event that names it."),
        ],
        primaryKey: ["subject", "lead_id"])

    static let leadStages = TableDefinition(
        "lead_stages", "A stay of a lead in a stage of the pipeline `leads`, as far as its own subject's events tell.",
        columns: [
            ColumnDefinition("subject", .text, "The prospect, as sent."),
            ColumnDefinition("lead_id", .text, "The lead."),
            ColumnDefinition("ordinal", .integer, "1, 2, 3 … within the lead."),
            ColumnDefinition("from_stage", .text, "The furthest stage before; NULL for the first."),
            ColumnDefinition("stage", .text, "captured, qualified, opportunity, won or contract."),
            ColumnDefinition("entered", .text, "When, as an instant in UTC."),
            ColumnDefinition("left", .text, "When it left; NULL while it is here."),
            ColumnDefinition(
                "left_by", .text,
                "How it left: stage, disqualified, or passed (reported after a further stage, so a stay of no length); "
                    + "NULL while it is here."),
            ColumnDefinition("duration", .integer, "Microseconds from entering to leaving; NULL while it is here."),
            ColumnDefinition("owner", .text, "Whose it was when it entered."),
            ColumnDefinition("sequence", .integer, "The event by which it entered."),
            ColumnDefinition("left_sequence", .integer, "The event by which it left; NULL while it is here."),
        ],
        primaryKey: ["subject", "lead_id", "ordinal"])

    static let contracts = TableDefinition(
        "contracts", "A contract as it stands.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("contract_id", .text, "The contract; unique within its subject."),
            ColumnDefinition("opportunity_id", .text, "The opportunity it came from."),
            ColumnDefinition("amount", .text, "Decimal amount, as last signed or renewed."),
            ColumnDefinition("currency", .text, "ISO 4217 currency, its own or its opportunity's."),
            ColumnDefinition("starts", .text, "First day, yyyy-MM-dd."),
            ColumnDefinition("ends", .text, "Last day, yyyy-MM-dd."),
            ColumnDefinition("signed", .text, "When it was first signed, as an instant in UTC; NULL if never told."),
            ColumnDefinition("renewals", .integer, "How often it was renewed."),
            ColumnDefinition("renewed", .text, "When it was last renewed."),
            ColumnDefinition("ended", .text, "When it ended; NULL unless it has."),
            ColumnDefinition("reason", .text, "Why it ended."),
            ColumnDefinition("first_sequence", .integer, "The first event that names it."),
            ColumnDefinition("last_sequence", .integer, "The last event that names it."),
        ],
        primaryKey: ["subject", "contract_id"])

    static let quotes = TableDefinition(
        "quotes", "A quote as last sent.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("quote_id", .text, "The quote; unique within its subject."),
            ColumnDefinition("opportunity_id", .text, "The opportunity it belongs to."),
            ColumnDefinition("amount", .text, "Decimal amount."),
            ColumnDefinition("currency", .text, "ISO 4217 currency, its own or its opportunity's."),
            ColumnDefinition("valid_until", .text, "Last day, yyyy-MM-dd."),
            ColumnDefinition("sent", .text, "When it was first sent, as an instant in UTC."),
            ColumnDefinition("last_sent", .text, "When it was last sent."),
            ColumnDefinition("times_sent", .integer, "How often it was sent."),
            ColumnDefinition("first_sequence", .integer, "The first event that sent it."),
            ColumnDefinition("last_sequence", .integer, "The last event that sent it."),
        ],
        primaryKey: ["subject", "quote_id"])

    static let opportunityHistories = TableDefinition(
        "opportunity_histories",
        "The life of an opportunity in one piece, from which the funnel of any moment is worked out without a replay.",
        columns: [
            ColumnDefinition("subject", .text, "The paying party, as sent."),
            ColumnDefinition("opportunity_id", .text, "The opportunity."),
            ColumnDefinition(
                "history", .text,
                "JSON list of [microseconds since the one before (the first: since 1970), word, text, …]; words: in and "
                    + "at (stage, pipeline if another; at = reported while closed), won and lost (reason), reason, "
                    + "value (amount, currency), owner, from (origin), product, due (expected close)."),
        ],
        primaryKey: ["subject", "opportunity_id"], isDerived: true)

    static let crossChecks = [
        sharedIdCheck(kind: "opportunity_under_two_subjects", table: "opportunities", id: "opportunity_id"),
        sharedIdCheck(kind: "contract_under_two_subjects", table: "contracts", id: "contract_id"),
        sharedIdCheck(kind: "quote_under_two_subjects", table: "quotes", id: "quote_id"),
        CrossCheck(
            kind: "lead_under_two_subjects",
            // One lead may well be told of under `lead:<id>` and, after the merge, under the customer.
            select: """
                WITH t AS (SELECT customer, subject, lead_id, first_sequence FROM leads_by_customer),
                d AS (SELECT lead_id FROM t GROUP BY lead_id HAVING count(DISTINCT customer) > 1)
                SELECT t.subject, t.first_sequence,
                    'lead ' || t.lead_id || ' is also under '
                        || (SELECT min(o.subject) FROM t AS o WHERE o.lead_id = t.lead_id AND o.customer <> t.customer)
                FROM t JOIN d ON d.lead_id = t.lead_id ORDER BY t.lead_id, t.subject
                """),
        CrossCheck(
            kind: "not_captured",
            // Captured as `lead:<id>` or under a prospect, it may be qualified under whom that was merged into.
            select: """
                WITH t AS (SELECT customer, subject, lead_id, implied, first_sequence FROM leads_by_customer)
                SELECT t.subject, t.first_sequence, 'lead ' || t.lead_id || ' is named, and no event captured it'
                FROM t WHERE t.implied = 1 AND NOT EXISTS (
                    SELECT 1 FROM t AS o
                    WHERE o.lead_id = t.lead_id AND o.customer = t.customer AND o.implied = 0)
                ORDER BY t.lead_id, t.subject
                """),
    ]

    /// Lists every thing whose id is also used under another subject.
    static func sharedIdCheck(kind: String, table: String, id: String) -> CrossCheck {
        let noun = kind.prefix { $0 != "_" }
        return CrossCheck(
            kind: kind,
            select: """
                WITH d AS (
                    SELECT \(id), min(subject) AS least, max(subject) AS most FROM \(table)
                    GROUP BY \(id) HAVING count(DISTINCT subject) > 1)
                SELECT t.subject, t.first_sequence,
                    '\(noun) ' || t.\(id) || ' is also under '
                        || CASE WHEN t.subject = d.least THEN d.most ELSE d.least END
                FROM \(table) AS t JOIN d ON d.\(id) = t.\(id) ORDER BY t.\(id), t.subject
                """)
    }
}
