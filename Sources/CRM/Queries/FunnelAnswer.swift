/// The funnel of one pipeline.
///
/// An opportunity that ever stayed in the pipeline is `open`, `won` or `lost` in it, or has `moved` to another one;
/// these four add up to `opportunities`. One that was told to be in a stage of it only after it was closed elsewhere
/// counts in `reached` alone. For the built-in pipeline `leads` read "lead" wherever it says opportunity.
public struct FunnelAnswer: Encodable, Sendable {
    /// A stage of the pipeline.
    public struct Stage: Encodable, Sendable, Equatable {
        /// The stage.
        public var stage: String
        /// Opportunities that ever entered it.
        public var reached: Int
        /// Open opportunities that are in it.
        public var current: Int
        /// Of those that reached it: later entered a later stage, or are won.
        public var converted: Int
        /// Of those that reached it: still open in this pipeline, and not converted so far.
        public var undecided: Int
        /// `converted` as a share of those that reached it and are not undecided; `nil` if there is none.
        public var conversion: Double?
        /// The worth of the open opportunities in it, per currency.
        public var value: MoneySums
        /// The share of these that is expected to be won, as the pipeline's definition says.
        public var probability: Double?
        /// `value` times `probability`; `nil` where none is defined.
        public var weightedValue: MoneySums?
        /// Days after which an opportunity has been in it too long, as the pipeline's definition says.
        public var limitDays: Double?
        /// Open opportunities that have been in it longer.
        public var overLimit: Int
        /// The lengths of the stays that have ended, in seconds.
        public var timeInStage: DurationFigures
        /// How long the open opportunities in it have been here, in seconds up to now.
        public var age: DurationFigures

        enum CodingKeys: String, CodingKey {
            case stage, reached, current, converted, undecided, conversion, value, probability, age
            case weightedValue = "weighted_value"
            case limitDays = "limit_days"
            case overLimit = "over_limit"
            case timeInStage = "time_in_stage"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stage, forKey: .stage)
            try container.encode(reached, forKey: .reached)
            try container.encode(current, forKey: .current)
            try container.encode(converted, forKey: .converted)
            try container.encode(undecided, forKey: .undecided)
            try container.encode(conversion, forKey: .conversion)
            try container.encode(value, forKey: .value)
            try container.encode(probability, forKey: .probability)
            try container.encode(weightedValue, forKey: .weightedValue)
            try container.encode(limitDays, forKey: .limitDays)
            try container.encode(overLimit, forKey: .overLimit)
            try container.encode(timeInStage, forKey: .timeInStage)
            try container.encode(age, forKey: .age)
        }
    }

    /// Lost opportunities with one reason.
    public struct Reason: Encodable, Sendable, Equatable {
        /// The reason as sent; `(none)` if none was given.
        public var reason: String
        /// How many.
        public var count: Int
    }

    /// The figures of a set of opportunities: of the whole pipeline, or of one owner, origin, product or quarter.
    public struct Figures: Encodable, Sendable, Equatable {
        /// The stages, in their order.
        public var stages: [Stage]
        /// All that were ever in the pipeline.
        public var opportunities: Int
        /// Open in it.
        public var open: Int
        /// Won in it.
        public var won: Int
        /// Lost in it.
        public var lost: Int
        /// Now in another pipeline.
        public var moved: Int
        /// `won` as a share of `won` and `lost`; `nil` if there is none.
        public var winRate: Double?
        /// Why they were lost, the most frequent first.
        public var lostByReason: [Reason]
        /// Open ones that have been in their stage longer than its limit.
        public var overLimit: Int
        /// From opening to winning, in seconds, without the time for which one was closed before.
        public var cycleWon: DurationFigures
        /// From opening to losing, likewise.
        public var cycleLost: DurationFigures
        /// The worth of the open ones, per currency.
        public var openValue: MoneySums
        /// The same, every stage's times its probability; `nil` if no stage has one.
        public var weightedValue: MoneySums?
        /// The worth of the won ones.
        public var wonValue: MoneySums
        /// The worth of the lost ones.
        public var lostValue: MoneySums

        enum CodingKeys: String, CodingKey {
            case stages, opportunities, open, won, lost, moved
            case winRate = "win_rate"
            case lostByReason = "lost_by_reason"
            case overLimit = "over_limit"
            case cycleWon = "cycle_won"
            case cycleLost = "cycle_lost"
            case weightedValue = "weighted_value"
            case openValue = "open_value"
            case wonValue = "won_value"
            case lostValue = "lost_value"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stages, forKey: .stages)
            try container.encode(opportunities, forKey: .opportunities)
            try container.encode(open, forKey: .open)
            try container.encode(won, forKey: .won)
            try container.encode(lost, forKey: .lost)
            try container.encode(moved, forKey: .moved)
            try container.encode(winRate, forKey: .winRate)
            try container.encode(lostByReason, forKey: .lostByReason)
            try container.encode(overLimit, forKey: .overLimit)
            try container.encode(cycleWon, forKey: .cycleWon)
            try container.encode(cycleLost, forKey: .cycleLost)
            try container.encode(openValue, forKey: .openValue)
            try container.encode(weightedValue, forKey: .weightedValue)
            try container.encode(wonValue, forKey: .wonValue)
            try container.encode(lostValue, forKey: .lostValue)
        }
    }

    /// The figures of one owner, origin, product or quarter.
    public struct Group: Encodable, Sendable {
        /// The owner, origin, product or quarter; `(none)` if the opportunities name none.
        public var name: String
        /// The figures.
        public var figures: Figures

        enum CodingKeys: String, CodingKey { case name }

        /// Encodes the figures beside the name.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try figures.encode(to: encoder)
        }
    }

    /// An open opportunity that has been in its stage longer than the stage's limit.
    public struct Over: Encodable, Sendable, Equatable {
        /// The paying party, as sent.
        public var subject: String
        /// The opportunity.
        public var opportunity: String
        /// The stage it is in.
        public var stage: String
        /// Whose it is.
        public var owner: String?
        /// How long it has been in the stage.
        public var ageSeconds: Double
        /// How long it may be.
        public var limitSeconds: Double
        /// Decimal amount.
        public var amount: String?
        /// ISO 4217 currency of the amount.
        public var currency: String?

        enum CodingKeys: String, CodingKey {
            case subject, opportunity, stage, owner, amount, currency
            case ageSeconds = "age_seconds"
            case limitSeconds = "limit_seconds"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(subject, forKey: .subject)
            try container.encode(opportunity, forKey: .opportunity)
            try container.encode(stage, forKey: .stage)
            try container.encode(owner, forKey: .owner)
            try container.encode(ageSeconds, forKey: .ageSeconds)
            try container.encode(limitSeconds, forKey: .limitSeconds)
            try container.encode(amount, forKey: .amount)
            try container.encode(currency, forKey: .currency)
        }
    }

    /// A pipeline that there is.
    public struct Pipeline: Encodable, Sendable, Equatable {
        /// Its name.
        public var pipeline: String
        /// How many opportunities were ever in it; of `leads`, how many leads.
        public var opportunities: Int
    }

    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// The pipeline.
    public var pipeline: String
    /// `owner`, `origin`, `product` or `quarter` if asked for.
    public var by: String?
    /// How the stages were put in order: `defined` or `observed`.
    public var order: String
    /// The definition of pipelines in force.
    public var definition: DefinitionAnswer
    /// The whole pipeline.
    public var figures: Figures
    /// The same per owner, origin, product or quarter, the largest first; `nil` unless asked for.
    public var groups: [Group]?
    /// The open opportunities that have been in their stage longer than its limit, the oldest first; `nil` unless
    /// asked for.
    public var over: [Over]?
    /// What the open ones are likely to bring; `nil` unless asked for.
    public var forecast: FunnelForecast?
    /// How many contacts it took until customers bought, whatever the pipeline; `nil` unless asked for.
    public var contacts: ContactFigures?
    /// Every pipeline there is, the largest first.
    public var pipelines: [Pipeline]

    enum CodingKeys: String, CodingKey {
        case at, now, pipeline, by, order, definition, groups, over, forecast, contacts, pipelines
    }

    /// Encodes the figures of the pipeline beside the other keys.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(at, forKey: .at)
        try container.encode(now, forKey: .now)
        try container.encode(pipeline, forKey: .pipeline)
        try container.encodeIfPresent(by, forKey: .by)
        try container.encode(order, forKey: .order)
        try container.encode(definition, forKey: .definition)
        try container.encodeIfPresent(groups, forKey: .groups)
        try container.encodeIfPresent(over, forKey: .over)
        try container.encodeIfPresent(forecast, forKey: .forecast)
        try container.encodeIfPresent(contacts, forKey: .contacts)
        try container.encode(pipelines, forKey: .pipelines)
        try figures.encode(to: encoder)
    }
}
