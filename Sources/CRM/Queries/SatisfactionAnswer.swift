import EventLog
import GRDB

/// What surveys were sent, and what was answered: in all, by agent and over time.
///
/// Scores of different scales are never averaged together. The agent is the one the survey names, else the one of the
/// case it is about; the time is that of the answer.
public struct SatisfactionAnswer: Encodable, Sendable, Equatable {
    /// The answers on one scale.
    public struct Scores: Encodable, Sendable, Equatable {
        /// Least score of the scale, as a decimal; `nil` if none was given.
        public var scaleMin: String?
        /// Best score of the scale.
        public var scaleMax: String?
        /// How many answers.
        public var count: Int
        /// Their mean.
        public var mean: Double

        enum CodingKeys: String, CodingKey {
            case count, mean
            case scaleMin = "scale_min"
            case scaleMax = "scale_max"
        }
    }

    /// The scores of one agent or one month.
    public struct Group: Encodable, Sendable, Equatable {
        /// The agent, `(none)` if none is known; or the month, yyyy-MM in the folder's zone.
        public var name: String
        /// The scores, per scale.
        public var scores: [Scores]
    }

    /// Surveys sent to a customer.
    public var sent: Int
    /// Surveys answered by a customer, also if no sending was told.
    public var answered: Int
    /// Answers whose score lies outside its own scale; they are in no mean.
    public var outsideScale: Int
    /// The scores, per scale.
    public var scores: [Scores]
    /// The same per agent, by name.
    public var byAgent: [Group]
    /// The same per month of the answer, in order.
    public var byMonth: [Group]

    enum CodingKeys: String, CodingKey {
        case sent, answered, scores
        case outsideScale = "outside_scale"
        case byAgent = "by_agent"
        case byMonth = "by_month"
    }

    /// Reads the views.
    init(_ db: Database, _ calendar: DayCalendar) throws {
        let counts = try Row.fetchOne(db, sql: "SELECT count(sent), count(answered) FROM surveys")
        var all = SatisfactionTally()
        var outside = 0
        var agents: [String: SatisfactionTally] = [:]
        var months: [String: SatisfactionTally] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT scale_min, scale_max, score, answered, coalesce(agent, (
                    SELECT cases.agent FROM cases
                    WHERE cases.subject = surveys.subject AND cases.case_id = surveys.about
                    ORDER BY cases.family LIMIT 1))
                FROM surveys WHERE score IS NOT NULL ORDER BY subject, survey_id
                """)
        while let row = try rows.next() {
            guard let score = DecimalAmount(row[2] as String) else { continue }
            let scale = SatisfactionTally.Scale(least: row[0], most: row[1])
            guard scale.holds(score) else {
                outside += 1
                continue
            }
            all.add(score, scale)
            agents[(row[4] as String?) ?? FunnelPipelines.noStage, default: SatisfactionTally()].add(score, scale)
            if let text: String = row[3], let answered = try? Instant(rfc3339: text) {
                let month = String(DayCalendar.text(of: calendar.day(of: answered)).prefix(7))
                months[month, default: SatisfactionTally()].add(score, scale)
            }
        }
        sent = counts?[0] ?? 0
        answered = counts?[1] ?? 0
        outsideScale = outside
        scores = all.scores
        byAgent = Self.groups(agents)
        byMonth = Self.groups(months)
    }

    private static func groups(_ tallies: [String: SatisfactionTally]) -> [Group] {
        tallies.sorted { $0.key < $1.key }.map { Group(name: $0.key, scores: $0.value.scores) }
    }
}

/// Adds up scores, each scale for itself.
private struct SatisfactionTally {
    struct Scale: Hashable {
        var least: String?
        var most: String?

        /// Whether a score lies within; a scale of which an end is not known holds everything beyond the other.
        func holds(_ score: DecimalAmount) -> Bool {
            let (least, most) = (least.flatMap { DecimalAmount($0) }, most.flatMap { DecimalAmount($0) })
            return least.map { $0 <= score } ?? true && most.map { score <= $0 } ?? true
        }
    }

    private var sums: [Scale: (count: Int, sum: DecimalAmount)] = [:]

    mutating func add(_ score: DecimalAmount, _ scale: Scale) {
        var known = sums[scale] ?? (0, .zero)
        // Beyond what 128 bits hold a score counts for nothing; no scale of a survey is near it.
        guard let sum = known.sum.adding(score) else { return }
        known = (known.count + 1, sum)
        sums[scale] = known
    }

    var scores: [SatisfactionAnswer.Scores] {
        sums.sorted { ($0.key.least ?? "", $0.key.most ?? "") < ($1.key.least ?? "", $1.key.most ?? "") }.map {
            SatisfactionAnswer.Scores(
                scaleMin: $0.key.least, scaleMax: $0.key.most, count: $0.value.count,
                mean: $0.value.sum.approximation / Double($0.value.count))
        }
    }
}
