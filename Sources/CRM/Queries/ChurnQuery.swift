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
    /// The bands of risk.
    public var bands: ChurnBands

    /// A query for the `top` customers most at risk.
    public init(
        top: Int = 10, horizonDays: Int? = nil, modelSequence: UInt64? = nil, bands: ChurnBands = ChurnBands()
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
        let today = context.calendar.day(of: context.now)
        let population = try ChurnPopulation(db, until: today)
        guard !population.buyers.isEmpty else { throw ChurnError.noPurchases(until: today) }
        let model =
            try ChurnModel.published(db, sequence: modelSequence)
            ?? .fit(
                .mbg, to: population.buyers, until: today,
                horizonDays: horizonDays ?? ChurnModel.horizonDaysDefault)
        let horizon = try model.horizon(asked: horizonDays)
        guard let scorer = ChurnScorer(model, horizonDays: horizon, today: today) else {
            throw ChurnError.fit(.noMaximum)
        }
        let contracts = try Self.contracts(db, context, population)
        var scored: [(buyer: ChurnBuyer, z: Double)] = []
        for buyer in population.buyers where contracts[buyer.customer] == nil {
            let z = try scorer.score(buyer) {
                try ChurnSignals(population.subjects(of: buyer.customer), db, context)
            }
            scored.append((buyer, z))
        }
        // Buyers come by id; the sort is by all three keys, so no tie is left to chance.
        let order = scored.indices.sorted {
            (-scored[$0].z, -scored[$0].buyer.days, $0) < (-scored[$1].z, -scored[$1].buyer.days, $1)
        }
        let listed = try order.prefix(max(0, top)).map { index -> ChurnCustomer in
            let (buyer, z) = scored[index]
            let subjects = population.subjects(of: buyer.customer)
            return ChurnCustomer(
                buyer, z: z, scorer, try ChurnSignals(subjects, db, context), bands: bands,
                spend: try ChurnPopulation.spend(subjects, db, until: today))
        }
        let bound = Set(population.buyers.map(\.customer)).union(contracts.keys)
        return ChurnAnswer(
            at: context.lastSequence, now: context.now.rfc3339, day: DayCalendar.text(of: today),
            model: ChurnModelAnswer(model, horizonDays: horizon), scored: scored.count,
            notScored: ChurnAnswer.NotScored(
                prospect: max(0, try population.customerCount(db) - bound.count), contract: contracts.count),
            bands: ChurnAnswer.count(scored.map(\.z), bands),
            customers: listed,
            contracts: contracts.values.sorted {
                ($0.daysLeft ?? .max, $0.customer) < ($1.daysLeft ?? .max, $1.customer)
            })
    }

    /// Customers under a contract today.
    private static func contracts(
        _ db: Database, _ context: AnswerContext, _ population: ChurnPopulation
    ) throws -> [String: ChurnContract] {
        var contracts: [String: ChurnContract] = [:]
        let subjects = try String.fetchAll(
            db, sql: "SELECT DISTINCT subject FROM churn_signals WHERE signal = 'contract' ORDER BY subject")
        for subject in subjects {
            let customer = population.survivors[subject] ?? subject
            guard contracts[customer] == nil else { continue }
            let signals = try ChurnSignals(population.subjects(of: customer), db, context)
            contracts[customer] = ChurnContract(customer, signals)
        }
        return contracts
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

    static func count(_ scores: [Double], _ bands: ChurnBands) -> [Band] {
        var counts: [String: Int] = [:]
        for z in scores { counts[bands.name(of: Logit.probability(z)), default: 0] += 1 }
        return zip(ChurnBands.names, [bands.high, bands.medium, 0]).map {
            Band(band: $0, from: $1, customers: counts[$0] ?? 0)
        }
    }
}
