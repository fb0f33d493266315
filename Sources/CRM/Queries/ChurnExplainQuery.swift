import BuyTillYouDie
import EventLog
public import GRDB

/// Why one customer has the score he has: `touchline churn explain ID`.
public struct ChurnExplainQuery: Sendable {
    /// The customer that is asked for.
    public var subject: String
    /// The horizon in days; `nil` = the model's own.
    public var horizonDays: Int?
    /// The event of the model to use; `nil` = the last one published.
    public var modelSequence: UInt64?
    /// The bands of risk; `nil` = the folder's.
    public var bands: ChurnBands?

    /// A query for one customer.
    public init(
        subject: String, horizonDays: Int? = nil, modelSequence: UInt64? = nil, bands: ChurnBands? = nil
    ) {
        self.subject = subject
        self.horizonDays = horizonDays
        self.modelSequence = modelSequence
        self.bands = bands
    }

    /// Answers from the views.
    ///
    /// Without a published model one is fitted to all customers, which needs all of them in
    /// the tables, and the answer says so.
    ///
    /// - Throws: `NotFound` with near matches, `ChurnError`, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> ChurnExplainAnswer {
        if let horizonDays { try ChurnModel.check(horizonDays: horizonDays) }
        let today = context.calendar.day(of: context.now)
        let group = try MergeGroup.of(subject, db)
        try Self.checkExistence(group, subject, db)
        let signals = try ChurnSignals(group.members, db, context)
        var answer = ChurnExplainAnswer(
            subject: group.survivor, asked: subject == group.survivor ? nil : subject, at: context.lastSequence,
            now: context.now.rfc3339, day: DayCalendar.text(of: today))
        if let contract = ChurnContract(group.survivor, signals) {
            answer.notScored = "contract"
            answer.contract = contract
            return answer
        }
        guard let buyer = try ChurnPopulation.buyer(group.survivor, group.members, db, until: today) else {
            answer.notScored = "prospect"
            return answer
        }
        let scorer = try ChurnScorer.inForce(db, sequence: modelSequence, horizonDays: horizonDays, today: today)
        let bands = bands ?? context.bands
        answer.model = ChurnModelAnswer(scorer.model, horizonDays: scorer.horizonDays)
        answer.bands = ChurnBandLimits(bands)
        answer.terms = scorer.terms(buyer, signals)
        answer.score = ChurnCustomer(
            buyer, z: answer.terms.reduce(0) { $0 + $1.contribution }, scorer, signals, bands: bands,
            spend: try ChurnPopulation.spend(group.members, db, until: today))
        return answer
    }

    private static func checkExistence(_ group: MergeGroup, _ subject: String, _ db: Database) throws {
        let table = try db.tableExists("customers") ? "customers" : "churn_customers"
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM \"\(table)\" WHERE subject = ?")
        for member in group.members where try Int.fetchOne(statement, arguments: [member]) != nil { return }
        throw NotFound(
            kind: "customer", name: subject, nearMatches: try NearMatches.subjects(db, near: subject, table: table))
    }
}

/// A score, taken apart.
public struct ChurnExplainAnswer: Encodable, Sendable {
    /// The customer, the survivor after merges.
    public var subject: String
    /// The customer asked for, if he was merged into another.
    public var asked: String?
    /// The last known event's sequence; `nil` for an empty log.
    public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The day on which ages are counted, in the folder's zone.
    public var day: String
    /// `prospect` or `contract` where there is no score.
    public var notScored: String?
    /// The contract that binds the customer.
    public var contract: ChurnContract?
    /// Where the score comes from.
    public var model: ChurnModelAnswer?
    /// The limits of the bands of risk.
    public var bands: ChurnBandLimits?
    /// The terms that add up to z.
    public var terms: [ChurnTerm] = []
    /// The score and its reasons.
    public var score: ChurnCustomer?

    enum CodingKeys: String, CodingKey {
        case subject, asked, at, now, day, contract, model, bands, terms, score
        case notScored = "not_scored"
    }
}
