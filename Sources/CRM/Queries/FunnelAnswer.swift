/// The funnel of one pipeline.
///
/// An opportunity that was ever in the pipeline is `open`, `won` or `lost` in it, or has `moved` to another one; these
/// four add up to `opportunities`. For the built-in pipeline `leads` read "lead" wherever it says opportunity.
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
        /// The lengths of the stays that have ended, in seconds.
        public var timeInStage: DurationFigures
        /// How long the open opportunities in it have been here, in seconds up to now.
        public var age: DurationFigures

        enum CodingKeys: String, CodingKey {
            case stage, reached, current, converted, undecided, conversion, value, age
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

    /// The figures of a set of opportunities: of the whole pipeline, or of one owner, origin or product.
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
        /// The worth of the open ones, per currency.
        public var openValue: MoneySums
        /// The worth of the won ones.
        public var wonValue: MoneySums
        /// The worth of the lost ones.
        public var lostValue: MoneySums

        enum CodingKeys: String, CodingKey {
            case stages, opportunities, open, won, lost, moved
            case winRate = "win_rate"
            case lostByReason = "lost_by_reason"
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
            try container.encode(openValue, forKey: .openValue)
            try container.encode(wonValue, forKey: .wonValue)
            try container.encode(lostValue, forKey: .lostValue)
        }
    }

    /// The figures of one owner, origin or product.
    public struct Group: Encodable, Sendable {
        /// The owner, origin or product; `(none)` if the opportunities name none.
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
    /// `owner`, `origin` or `product` if asked for.
    public var by: String?
    /// How the stages were put in order: `defined` or `observed`.
    public var order: String
    /// The whole pipeline.
    public var figures: Figures
    /// The same per owner, origin or product, the largest first; `nil` unless asked for.
    public var groups: [Group]?
    /// Every pipeline there is, the largest first.
    public var pipelines: [Pipeline]

    enum CodingKeys: String, CodingKey { case at, now, pipeline, by, order, groups, pipelines }

    /// Encodes the figures of the pipeline beside the other keys.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(at, forKey: .at)
        try container.encode(now, forKey: .now)
        try container.encode(pipeline, forKey: .pipeline)
        try container.encodeIfPresent(by, forKey: .by)
        try container.encode(order, forKey: .order)
        try container.encodeIfPresent(groups, forKey: .groups)
        try container.encode(pipelines, forKey: .pipelines)
        try figures.encode(to: encoder)
    }
}
