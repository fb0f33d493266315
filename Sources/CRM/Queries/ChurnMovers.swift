import BuyTillYouDie
import EventLog
public import GRDB

/// Whose risk changed most since a moment: `touchline churn --changed-since T`.
///
/// Both risks are of the same known events and by the same model, the one in force at the moment of the answer; only
/// what had happened differs. So a new model moves nobody, and a change is something that the customer did or did not
/// do.
public struct ChurnMovers: Sendable {
    /// How many are listed on each side.
    public var top: Int
    /// The horizon in days; `nil` = the model's own.
    public var horizonDays: Int?
    /// The event of the model to use; `nil` = the last one published.
    public var modelSequence: UInt64?
    /// The bands of risk; `nil` = the folder's.
    public var bands: ChurnBands?

    /// A query for the `top` customers whose risk rose most, and as many whose risk fell most.
    public init(
        top: Int = 10, horizonDays: Int? = nil, modelSequence: UInt64? = nil, bands: ChurnBands? = nil
    ) {
        self.top = top
        self.horizonDays = horizonDays
        self.modelSequence = modelSequence
        self.bands = bands
    }

    /// Answers from the views of two moments.
    ///
    /// - Parameters:
    ///   - db: the views of the moment of the answer.
    ///   - then: the views as of the earlier moment, among what `db` knows.
    /// - Throws: `ChurnError`, or an error of a database.
    public func run(
        _ db: Database, _ context: AnswerContext, then: Database, _ thenContext: AnswerContext
    ) throws -> ChurnMoversAnswer {
        if let horizonDays { try ChurnModel.check(horizonDays: horizonDays) }
        guard thenContext.now < context.now else {
            throw ChurnError.sinceNotBefore(since: thenContext.now.rfc3339, now: context.now.rfc3339)
        }
        let bands = bands ?? context.bands
        let scorer = try ChurnScorer.inForce(
            db, sequence: modelSequence, horizonDays: horizonDays, today: context.calendar.day(of: context.now))
        guard
            let before = ChurnScorer(
                scorer.model, horizonDays: scorer.horizonDays, today: thenContext.calendar.day(of: thenContext.now))
        else { throw ChurnError.fit(.noMaximum) }
        let (now, nowMembers) = try Self.scores(db, context, scorer)
        let (past, _) = try Self.scores(then, thenContext, before)
        guard !past.isEmpty else { throw ChurnError.noPurchases(until: before.today) }
        var changes: [Change] = []
        for (customer, z) in now {
            // Who was merged since is compared with what the survivor was.
            guard let old = past[customer] else { continue }
            changes.append(Change(customer: customer, then: Logit.probability(old), now: Logit.probability(z)))
        }
        changes.sort {
            let (left, right) = ($0.now - $0.then, $1.now - $1.then)
            return left != right ? left > right : $0.customer.utf8.lexicographicallyPrecedes($1.customer.utf8)
        }
        let risen = changes.prefix { $0.now > $0.then }.prefix(max(0, top))
        let fallen = changes.reversed().prefix { $0.now < $0.then }.prefix(max(0, top))
        func mover(_ change: Change) throws -> ChurnMover {
            let members = nowMembers[change.customer] ?? [change.customer]
            let new = try Self.reasons(change.customer, members, db, context)
            let group = try MergeGroup.of(change.customer, then)
            let old = try Self.reasons(change.customer, group.members, then, thenContext)
            return ChurnMover(change, bands, new: new, old: old)
        }
        return ChurnMoversAnswer(
            at: context.lastSequence, now: context.now.rfc3339, since: thenContext.now.rfc3339,
            model: ChurnModelAnswer(scorer.model, horizonDays: scorer.horizonDays), bands: ChurnBandLimits(bands),
            compared: changes.count, new: now.count - changes.count,
            gone: past.keys.reduce(0) { $0 + (now[$1] == nil ? 1 : 0) },
            moves: Self.moves(changes, bands), risen: try risen.map(mover), fallen: try fallen.map(mover))
    }

    /// One customer's risk at both moments.
    struct Change {
        var customer: String
        var then: Double
        var now: Double
    }

    /// The score of everyone, and who is made of whom.
    private static func scores(
        _ db: Database, _ context: AnswerContext, _ scorer: ChurnScorer
    ) throws -> ([String: Double], [String: [String]]) {
        let scan = try ChurnScan(db, context)
        var scores: [String: Double] = [:]
        try scan.forEach(db, signals: scorer.model.hasWeights) { entry in
            scores[entry.buyer.customer] = scorer.score(entry.history(asOf: scorer.today), entry.signals)
        }
        return (scores, scan.members)
    }

    private static func reasons(
        _ customer: String, _ members: [String], _ db: Database, _ context: AnswerContext
    ) throws -> [ChurnReason] {
        let today = context.calendar.day(of: context.now)
        guard let buyer = try ChurnPopulation.buyer(customer, members, db, until: today) else { return [] }
        return ChurnReason.reasons(buyer, try ChurnSignals(members, db, context))
    }

    /// How many customers went from one band to another, by the names' order.
    private static func moves(_ changes: [Change], _ bands: ChurnBands) -> [ChurnMoversAnswer.Move] {
        var counts = Array(repeating: Array(repeating: 0, count: 3), count: 3)
        for change in changes { counts[bands.index(of: change.then)][bands.index(of: change.now)] += 1 }
        var moves: [ChurnMoversAnswer.Move] = []
        for (from, row) in counts.enumerated() {
            for (to, count) in row.enumerated() where from != to {
                moves.append(
                    ChurnMoversAnswer.Move(from: ChurnBands.names[from], to: ChurnBands.names[to], customers: count))
            }
        }
        return moves
    }
}

/// One customer whose risk changed.
public struct ChurnMover: Encodable, Sendable {
    /// The customer, the survivor after merges.
    public var customer: String
    /// The risk at the earlier moment.
    public var riskThen: Double
    /// The risk now.
    public var risk: Double
    /// The difference.
    public var change: Double
    /// The band at the earlier moment.
    public var bandThen: String
    /// The band now.
    public var band: String
    /// Reasons that were not there then, or rest on other events now.
    public var reasons: [ChurnReason]
    /// Reasons that were there then and are no more, or rested on other events.
    public var reasonsGone: [ChurnReason]

    enum CodingKeys: String, CodingKey {
        case customer, risk, change, band, reasons
        case riskThen = "risk_then"
        case bandThen = "band_then"
        case reasonsGone = "reasons_gone"
    }

    init(_ change: ChurnMovers.Change, _ bands: ChurnBands, new: [ChurnReason], old: [ChurnReason]) {
        customer = change.customer
        riskThen = change.then
        risk = change.now
        self.change = change.now - change.then
        bandThen = bands.name(of: change.then)
        band = bands.name(of: change.now)
        func isIn(_ reasons: [ChurnReason]) -> (ChurnReason) -> Bool {
            { reason in reasons.contains { $0.code == reason.code && $0.sequences == reason.sequences } }
        }
        let (wasThere, isThere) = (isIn(old), isIn(new))
        reasons = new.filter { !wasThere($0) }
        reasonsGone = old.filter { !isThere($0) }
    }
}

/// Whose risk changed.
public struct ChurnMoversAnswer: Encodable, Sendable {
    /// Customers who went from one band to another.
    public struct Move: Encodable, Sendable, Equatable {
        /// The band then.
        public var from: String
        /// The band now.
        public var to: String
        /// How many.
        public var customers: Int
    }

    /// The last known event's sequence; `nil` for an empty log.
    public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The earlier moment, an instant in UTC.
    public var since: String
    /// Where both scores come from.
    public var model: ChurnModelAnswer
    /// The limits of the bands.
    public var bands: ChurnBandLimits
    /// How many customers have a score at both moments.
    public var compared: Int
    /// How many have one now only: they bought for the first time, or a contract ended.
    public var new: Int
    /// How many had one then only: they signed a contract, were merged, or what they bought was undone.
    public var gone: Int
    /// From band to band.
    public var moves: [Move]
    /// Whose risk rose most, the largest change first.
    public var risen: [ChurnMover]
    /// Whose risk fell most, the largest change first.
    public var fallen: [ChurnMover]
}
