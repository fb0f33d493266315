import EventLog
import Projection

/// The tables of the service view, in the order in which `ServiceRows` fills them.
enum ServiceTables {
    static let casesIndex = 0
    static let caseHistoryIndex = 1
    static let surveysIndex = 2

    static let all = [cases, caseHistory, surveys]

    static let cases = TableDefinition(
        "cases", "A complaint or a ticket as it stands.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("family", .text, "complaint or ticket."),
            ColumnDefinition("case_id", .text, "The case; unique within its subject and family."),
            ColumnDefinition("state", .text, "open, assigned, waiting, escalated, resolved or closed."),
            ColumnDefinition("is_open", .integer, "1 unless resolved or closed."),
            ColumnDefinition("severity", .text, "low, normal, high or critical."),
            ColumnDefinition("category", .text, "What it is about."),
            ColumnDefinition("channel", .text, "How it came in."),
            ColumnDefinition("agent", .text, "Whose it is: the last one assigned, else the first who acted."),
            ColumnDefinition("order_id", .text, "The order it is about."),
            ColumnDefinition("opened", .text, "The first event that names it, as an instant in UTC."),
            ColumnDefinition("first_response", .text, "The earliest response; NULL if there is none."),
            ColumnDefinition("first_response_agent", .text, "Who gave it."),
            ColumnDefinition("first_response_time", .integer, "Microseconds from opening to the first response."),
            ColumnDefinition("first_resolved", .text, "When it was first resolved, whatever came later."),
            ColumnDefinition("resolved", .text, "When the resolution in force was reported; NULL while open."),
            ColumnDefinition("resolution_time", .integer, "Microseconds from opening to `resolved`; NULL while open."),
            ColumnDefinition("closed", .text, "When it was closed; NULL unless it is."),
            ColumnDefinition("reopened", .integer, "How often it was opened again."),
            ColumnDefinition("escalated", .integer, "How often it was escalated."),
            ColumnDefinition("implied", .integer, "1 if its first event is no opening, so that its times are unsure."),
            ColumnDefinition("first_sequence", .integer, "The first event that names it."),
            ColumnDefinition("first_response_sequence", .integer, "The event that is the first response."),
            ColumnDefinition("last_sequence", .integer, "The last event that names it."),
        ],
        primaryKey: ["subject", "family", "case_id"])

    static let caseHistory = TableDefinition(
        "case_history", "What happened to a complaint or a ticket, in order.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("family", .text, "complaint or ticket."),
            ColumnDefinition("case_id", .text, "The case."),
            ColumnDefinition("ordinal", .integer, "1, 2, 3 … within the case."),
            ColumnDefinition(
                "step", .text,
                "opened, assigned, responded, escalated, waiting, resolved, notified, reopened, closed, or contacted (an "
                    + "outbound interaction that names the case)."),
            ColumnDefinition("state", .text, "The case's state after it."),
            ColumnDefinition("reopens", .integer, "1 if this opened the case again."),
            ColumnDefinition("time", .text, "When, as an instant in UTC."),
            ColumnDefinition("agent", .text, "Who."),
            ColumnDefinition("reason", .text, "Why."),
            ColumnDefinition("sequence", .integer, "The event."),
        ],
        primaryKey: ["subject", "family", "case_id", "ordinal"])

    static let surveys = TableDefinition(
        "surveys", "A survey sent to or answered by a customer.",
        columns: [
            ColumnDefinition("subject", .text, "The customer, as sent."),
            ColumnDefinition("survey_id", .text, "The survey; unique within its subject."),
            ColumnDefinition("channel", .text, "How it was sent."),
            ColumnDefinition("about", .text, "What it is about."),
            ColumnDefinition("agent", .text, "Whose work it judges."),
            ColumnDefinition("sent", .text, "When it was first sent, as an instant in UTC; NULL if never told."),
            ColumnDefinition("answered", .text, "When it was last answered; NULL if it was not."),
            ColumnDefinition("answers", .integer, "How often it was answered; the last answer counts."),
            ColumnDefinition("score", .text, "Decimal score."),
            ColumnDefinition("scale_min", .text, "Least score of the scale, as a decimal."),
            ColumnDefinition("scale_max", .text, "Best score of the scale, as a decimal."),
            ColumnDefinition("first_sequence", .integer, "The first event that names it."),
            ColumnDefinition("last_sequence", .integer, "The last event that names it."),
        ],
        primaryKey: ["subject", "survey_id"])

    static let crossChecks = [
        CrossCheck(
            kind: "case_under_two_subjects",
            select: """
                WITH d AS (
                    SELECT family, case_id, min(subject) AS least, max(subject) AS most FROM cases
                    GROUP BY family, case_id HAVING count(DISTINCT subject) > 1)
                SELECT t.subject, t.first_sequence,
                    t.family || ' ' || t.case_id || ' is also under '
                        || CASE WHEN t.subject = d.least THEN d.most ELSE d.least END
                FROM cases AS t JOIN d ON d.family = t.family AND d.case_id = t.case_id
                ORDER BY t.family, t.case_id, t.subject
                """)
    ]
}

/// Writes what the service view holds of one subject into rows, in the order of the columns in `ServiceTables`.
struct ServiceRows {
    let subject: SQLValue

    func emit(_ state: ServiceState, into rows: inout RowCollector) {
        for serviceCase in state.cases { emit(serviceCase, into: &rows) }
        for survey in state.surveys { emit(survey, into: &rows) }
    }

    private func emit(_ item: ServiceCase, into rows: inout RowCollector) {
        let family = SQLValue.text(item.family.rawValue)
        let id = SQLValue.text(item.id)
        rows.insert(
            [
                subject, family, id, .text(item.state.rawValue), SQLValue(item.state.isOpen), SQLValue(item.severity),
                SQLValue(item.category), SQLValue(item.channel), SQLValue(item.agent), SQLValue(item.order),
                SQLValue(item.opened.time), SQLValue(item.firstResponse?.time), SQLValue(item.firstResponder),
                SQLValue(item.firstResponse.map { $0.microseconds(since: item.opened) }),
                SQLValue(item.firstResolved?.time), SQLValue(item.resolved?.time),
                SQLValue(item.resolved.map { $0.microseconds(since: item.opened) }), SQLValue(item.closed?.time),
                SQLValue(item.reopenings), SQLValue(item.escalations), SQLValue(item.isImplied),
                SQLValue(sequence: item.opened.sequence), SQLValue(sequence: item.firstResponse?.sequence),
                SQLValue(sequence: item.lastSequence),
            ], table: ServiceTables.casesIndex)
        for (number, entry) in item.history.enumerated() {
            rows.insert(
                [
                    subject, family, id, SQLValue(number + 1), .text(entry.step.rawValue),
                    .text(entry.state.rawValue), SQLValue(entry.isReopening), SQLValue(entry.moment.time),
                    SQLValue(entry.agent), SQLValue(entry.reason), SQLValue(sequence: entry.moment.sequence),
                ], table: ServiceTables.caseHistoryIndex)
        }
    }

    private func emit(_ survey: ServiceSurvey, into rows: inout RowCollector) {
        rows.insert(
            [
                subject, .text(survey.id), SQLValue(survey.channel), SQLValue(survey.about), SQLValue(survey.agent),
                SQLValue(survey.sent?.time), SQLValue(survey.answered?.time), SQLValue(survey.answers),
                SQLValue(survey.score), SQLValue(survey.scaleMin), SQLValue(survey.scaleMax),
                SQLValue(sequence: survey.firstSequence), SQLValue(sequence: survey.lastSequence),
            ], table: ServiceTables.surveysIndex)
    }
}
