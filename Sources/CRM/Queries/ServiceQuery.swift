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
                    resolution_time, opened, category, agent, severity
                FROM cases
                """)
        while let row = try rows.next() {
            guard let family = ServiceCase.Family(rawValue: row[0]) else { continue }
            tallies[family, default: ServiceFamilyTally()].add(row, now: context.now)
        }
        return ServiceAnswer(
            at: context.lastSequence, now: context.now.rfc3339,
            complaints: tallies[.complaint, default: ServiceFamilyTally()].answer,
            tickets: tallies[.ticket, default: ServiceFamilyTally()].answer, surveys: try surveys(db))
    }

    private func surveys(_ db: Database) throws -> ServiceAnswer.Surveys {
        var scores: [ServiceAnswer.Scores] = []
        var sum = DecimalAmount.zero
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT scale_min, scale_max, score FROM surveys WHERE score IS NOT NULL
                ORDER BY scale_min, scale_max, subject, survey_id
                """)
        while let row = try rows.next() {
            guard let score = DecimalAmount(row[2] as String) else { continue }
            let (least, most): (String?, String?) = (row[0], row[1])
            if scores.last.map({ $0.scaleMin == least && $0.scaleMax == most }) != true {
                scores.append(ServiceAnswer.Scores(scaleMin: least, scaleMax: most, count: 0, mean: 0))
                sum = .zero
            }
            sum = sum.adding(score) ?? sum
            let last = scores.count - 1
            scores[last].count += 1
            scores[last].mean = sum.approximation / Double(scores[last].count)
        }
        let counts = try Row.fetchOne(db, sql: "SELECT count(sent), count(answered) FROM surveys")
        return ServiceAnswer.Surveys(sent: counts?[0] ?? 0, answered: counts?[1] ?? 0, scores: scores)
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

/// Counts cases.
private struct ServiceTally {
    private var counts = (opened: 0, open: 0, resolved: 0, closed: 0, reopened: 0, escalated: 0)
    private var responses: [Int64] = []
    private var resolutions: [Int64] = []
    private var ages: [Int64] = []

    /// Adds a case; the columns are those of the query.
    mutating func add(_ row: Row, now: Instant) {
        let state = ServiceCase.State(rawValue: row[1]) ?? .open
        counts.opened += 1
        if state.isOpen { counts.open += 1 }
        if row[2] as Bool { counts.resolved += 1 }
        if state == .closed { counts.closed += 1 }
        if row[3] as Int > 0 { counts.reopened += 1 }
        if row[4] as Int > 0 { counts.escalated += 1 }
        if row[5] as Bool { return }
        if let response: Int64 = row[6] { responses.append(response) }
        if let resolution: Int64 = row[7] { resolutions.append(resolution) }
        if state.isOpen, let opened = try? Instant(rfc3339: row[8] as String) {
            let age = Moment(time: now, sequence: 0).microseconds(since: Moment(time: opened, sequence: 0))
            ages.append(max(0, age))
        }
    }

    var figures: ServiceAnswer.Figures {
        ServiceAnswer.Figures(
            opened: counts.opened, open: counts.open, resolved: counts.resolved, closed: counts.closed,
            reopened: counts.reopened, escalated: counts.escalated,
            firstResponse: DurationFigures(microseconds: responses),
            resolution: DurationFigures(microseconds: resolutions), openAge: DurationFigures(microseconds: ages))
    }
}
