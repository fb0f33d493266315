import EventLog
public import GRDB

/// Complaints, tickets and surveys: `touchline service`.
///
/// A case whose first event is no opening counts, but its times are unsure and stay out of the figures over times.
public struct ServiceQuery: Sendable {
    /// The query.
    public init() {}

    /// Answers from the views.
    public func run(_ db: Database, _ context: AnswerContext) throws -> ServiceAnswer {
        var tallies: [ServiceCase.Family: ServiceFamilyTally] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT family, state, first_resolved IS NOT NULL, reopened, escalated, implied, first_response_time,
                    resolution_time, opened, category, agent, severity,
                    first_resolved IS NOT NULL OR closed IS NOT NULL OR reopened > 0 AND EXISTS (
                        SELECT 1 FROM case_history AS h
                        WHERE h.subject = cases.subject AND h.family = cases.family AND h.case_id = cases.case_id
                            AND h.step = 'closed')
                FROM cases
                """)
        while let row = try rows.next() {
            guard let family = ServiceCase.Family(rawValue: row[0]) else { continue }
            tallies[family, default: ServiceFamilyTally()].add(row, now: context.now)
        }
        return ServiceAnswer(
            at: context.lastSequence, now: context.now.rfc3339,
            complaints: tallies[.complaint, default: ServiceFamilyTally()].answer,
            tickets: tallies[.ticket, default: ServiceFamilyTally()].answer,
            surveys: try SatisfactionAnswer(db, context.calendar))
    }

    /// What the service view holds of one merge group.
    public static func customer(_ db: Database, _ context: AnswerContext, _ group: MergeGroup) throws -> CustomerService
    {
        var answer = CustomerService(complaints: .init(), tickets: .init(), cases: [], surveys: [])
        let members = "subject IN (SELECT value FROM json_each(?))"
        let cases = try Row.fetchCursor(
            db,
            sql: """
                SELECT family, case_id, subject, state, severity, category, agent, opened, first_response, resolved,
                    reopened, is_open, first_resolved IS NOT NULL
                FROM cases WHERE \(members) ORDER BY is_open DESC, opened DESC, first_sequence DESC
                """, arguments: [group.json])
        while let row = try cases.next() {
            let item = CustomerService.Case(
                family: row[0], id: row[1], subject: row[2], state: row[3], severity: row[4], category: row[5],
                agent: row[6], opened: row[7], firstResponse: row[8], resolved: row[9], reopened: row[10])
            answer.cases.append(item)
            let path =
                item.family == ServiceCase.Family.complaint.rawValue
                ? \CustomerService.complaints : \CustomerService.tickets
            answer[keyPath: path].opened += 1
            answer[keyPath: path].open += row[11] as Int
            answer[keyPath: path].resolved += row[12] as Int
            answer[keyPath: path].reopened += item.reopened > 0 ? 1 : 0
        }
        answer.surveys = try Row.fetchAll(
            db,
            sql: """
                SELECT survey_id, answered, score, scale_min, scale_max, about FROM surveys
                WHERE \(members) AND answered IS NOT NULL ORDER BY answered DESC, last_sequence DESC
                """, arguments: [group.json]
        ).map {
            CustomerService.Answer(
                survey: $0[0], answered: $0[1], score: $0[2], scaleMin: $0[3], scaleMax: $0[4], about: $0[5])
        }
        return answer
    }
}

/// Counts the cases of one family.
private struct ServiceFamilyTally {
    private var all = ServiceTally()
    private var categories: [String: ServiceTally] = [:]
    private var agents: [String: ServiceTally] = [:]
    private var severities: [String: ServiceTally] = [:]

    mutating func add(_ row: Row, now: Instant) {
        all.add(row, now: now)
        let none = FunnelPipelines.noStage
        categories[(row[9] as String?) ?? none, default: ServiceTally()].add(row, now: now)
        agents[(row[10] as String?) ?? none, default: ServiceTally()].add(row, now: now)
        severities[(row[11] as String?) ?? none, default: ServiceTally()].add(row, now: now)
    }

    var answer: ServiceAnswer.Family {
        ServiceAnswer.Family(
            figures: all.figures, byCategory: groups(categories), byAgent: groups(agents),
            bySeverity: groups(severities))
    }

    private func groups(_ tallies: [String: ServiceTally]) -> [ServiceAnswer.Group] {
        tallies.map { ServiceAnswer.Group(name: $0.key, figures: $0.value.figures) }
            .sorted { ($1.figures.opened, $0.name) < ($0.figures.opened, $1.name) }
    }
}
