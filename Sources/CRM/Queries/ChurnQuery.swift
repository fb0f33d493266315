import BuyTillYouDie
import EventLog
public import GRDB

/// Who is most likely to buy nothing more within the horizon: `touchline churn`.
public struct ChurnQuery: Sendable {
    /// How many customers are listed.
    public var top: Int
    /// The horizon in days; `nil` = the model's own.
    public var horizonDays: Int?
    /// The event of the model to use; `nil` = the last one published.
    public var modelSequence: UInt64?
    /// The bands of risk; `nil` = the folder's.
    public var bands: ChurnBands?

    /// A query for the `top` customers most at risk.
    public init(
        top: Int = 10, horizonDays: Int? = nil, modelSequence: UInt64? = nil, bands: ChurnBands? = nil
    ) {
        self.top = top
        self.horizonDays = horizonDays
        self.modelSequence = modelSequence
        self.bands = bands
    }

    /// Answers from the views.
    ///
    /// Sorted by risk, then by repeat purchases, then by id, so that the same moment has the same list everywhere.
    ///
    /// - Throws: `ChurnError`, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> ChurnAnswer {
        if let horizonDays { try ChurnModel.check(horizonDays: horizonDays) }
        let bands = bands ?? context.bands
        let today = context.calendar.day(of: context.now)
        let scorer = try ChurnScorer.inForce(db, sequence: modelSequence, horizonDays: horizonDays, today: today)
        let scan = try ChurnScan(db, context)
        var scored = 0
        var counts = [0, 0, 0]
        var list = RiskList(top: top)
        try scan.forEach(db, signals: scorer.model.hasWeights) { entry in
            let z = scorer.score(entry.history(asOf: today), entry.signals)
            scored += 1
            counts[bands.index(of: Logit.probability(z))] += 1
            list.offer(entry, z)
        }
        guard scored + scan.contracts.count > 0 else { throw ChurnError.noPurchases(until: today) }
        let listed = try list.sorted().map { risk -> ChurnCustomer in
            let subjects = scan.subjects(of: risk.buyer.customer)
            return ChurnCustomer(
                risk.buyer, z: risk.z, scorer, try ChurnSignals(subjects, db, context), bands: bands,
                spend: try ChurnPopulation.spend(subjects, db, until: today))
        }
        return ChurnAnswer(
            at: context.lastSequence, now: context.now.rfc3339, day: DayCalendar.text(of: today),
            model: ChurnModelAnswer(scorer.model, horizonDays: scorer.horizonDays), scored: scored,
            notScored: ChurnAnswer.NotScored(
                prospect: max(0, try scan.customerCount(db) - scored - scan.contracts.count),
                contract: scan.contracts.count),
            bands: zip(ChurnBands.names, zip(bands.limits, counts)).map {
                ChurnAnswer.Band(band: $0, from: $1.0, customers: $1.1)
            },
            customers: listed,
            contracts: scan.contracts.values.sorted {
                ($0.daysLeft ?? .max, $0.customer) < ($1.daysLeft ?? .max, $1.customer)
            })
    }
}

/// The largest risks of a pass, kept without sorting everyone.
private struct RiskList {
    typealias Risk = (buyer: ChurnBuyer, z: Double)

    private let top: Int
    private var kept: [Risk] = []
    /// What a further one must reach, once enough are kept.
    private var least: (z: Double, days: Int)?

    init(top: Int) {
        self.top = max(0, top)
    }

    mutating func offer(_ entry: ChurnScan.Entry, _ z: Double) {
        guard top > 0 else { return }
        if let least {
            // Among equals the first id wins, and customers come by id, save merged ones.
            guard z > least.z || z == least.z && (entry.days > least.days || entry.days == least.days && entry.isMerged)
            else { return }
        }
        kept.append((entry.buyer, z))
        guard kept.count >= 2 * top + 1_000 else { return }
        kept = sorted()
        least = kept.last.map { ($0.z, $0.buyer.days) }
    }

    /// The list: by risk, then repeat purchases, then id.
    func sorted() -> [Risk] {
        let all = kept.sorted { left, right in
            if left.z != right.z { return left.z > right.z }
            if left.buyer.days != right.buyer.days { return left.buyer.days > right.buyer.days }
            return left.buyer.customer.utf8.lexicographicallyPrecedes(right.buyer.customer.utf8)
        }
        return Array(all.prefix(top))
    }
}

/// A customer under a contract, who is not scored: the contract says until when he stays.
public struct ChurnContract: Encodable, Sendable, Equatable {
    /// The customer, the survivor after merges.
    public var customer: String
    /// The contract that binds him longest.
    public var contract: String
    /// Its last day; `nil` = open-ended.
    public var ends: String?
    /// Days from now to its last day.
    public var daysLeft: Int?
    /// The event that signed or renewed it.
    public var sequence: UInt64

    enum CodingKeys: String, CodingKey {
        case customer, contract, ends, sequence
        case daysLeft = "days_left"
    }

    init?(_ customer: String, _ signals: ChurnSignals) {
        guard let contract = signals.activeContract else { return nil }
        self.customer = customer
        self.contract = contract.key
        ends = contract.value
        daysLeft = contract.value.flatMap { DayCalendar.day(of: $0) }.map { $0 - signals.today }
        sequence = contract.sequence
    }
}

/// The risk list.
public struct ChurnAnswer: Encodable, Sendable {
    /// Who is not scored, and why.
    public struct NotScored: Encodable, Sendable, Equatable {
        /// Customers who never bought.
        public var prospect: Int
        /// Customers under a contract.
        public var contract: Int
    }

    /// How many customers are in a band.
    public struct Band: Encodable, Sendable, Equatable {
        /// high, medium or low.
        public var band: String
        /// The least risk of the band.
        public var from: Double
        /// How many customers.
        public var customers: Int
    }

    /// The last known event's sequence; `nil` for an empty log.
    public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The day on which ages are counted, in the folder's zone.
    public var day: String
    /// Where the scores come from.
    public var model: ChurnModelAnswer
    /// How many customers have a score.
    public var scored: Int
    /// How many have none.
    public var notScored: NotScored
    /// How many are in each band, the highest first.
    public var bands: [Band]
    /// The customers most at risk.
    public var customers: [ChurnCustomer]
    /// The customers under a contract, the one that ends next first.
    public var contracts: [ChurnContract]

    enum CodingKeys: String, CodingKey {
        case at, now, day, model, scored, bands, customers, contracts
        case notScored = "not_scored"
    }
}
