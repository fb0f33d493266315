/// What the open opportunities of a pipeline are likely to bring, and what the same rule would have said earlier.
///
/// The rule: an opportunity's amount times the share that history shows. History is every stay in the same stage that
/// lasted at least as long as the opportunity has been there, of opportunities that were won, lost or moved away by
/// then; the share is how many of these were won. An opportunity that names the day it is expected to close counts
/// wholly in that day's period (if the day is past, in the current one); one that names none counts in each period with
/// the share that was won so much later. Amounts of different currencies are never added.
public struct FunnelForecast: Encodable, Sendable {
    /// One period, one currency.
    public struct Ahead: Encodable, Sendable, Equatable {
        /// The period, as in `2026-03` or `2026-Q1`; `later` = beyond the last one listed.
        public var period: String
        /// ISO 4217; `XXX` for amounts that name none.
        public var currency: String
        /// Open opportunities expected to close in it.
        public var deals: Int
        /// What these are worth.
        public var value: DecimalAmount?
        /// What is likely to be won: of these, and of those that name no day.
        public var forecast: String
        /// The part of those that name no day.
        public var forecastUndated: String

        enum CodingKeys: String, CodingKey {
            case period, currency, deals, value, forecast
            case forecastUndated = "forecast_undated"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(period, forKey: .period)
            try container.encode(currency, forKey: .currency)
            try container.encode(deals, forKey: .deals)
            try container.encode(value, forKey: .value)
            try container.encode(forecast, forKey: .forecast)
            try container.encode(forecastUndated, forKey: .forecastUndated)
        }
    }

    /// An earlier period in one currency, the current one included.
    public struct Earlier: Encodable, Sendable, Equatable {
        /// The period.
        public var period: String
        /// Whether it is over.
        public var isComplete: Bool
        /// ISO 4217; `XXX` for amounts that name none.
        public var currency: String
        /// What the rule would have said at its start.
        public var forecast: String
        /// What was won in it.
        public var won: DecimalAmount?
        /// The part of that which was open at its start: what the rule could know of.
        public var wonOfOpen: DecimalAmount?
        /// `forecast` by `wonOfOpen`, less 1; `nil` while the period runs, and if nothing was won.
        public var error: Double?

        enum CodingKeys: String, CodingKey {
            case period, currency, forecast, won, error
            case isComplete = "is_complete"
            case wonOfOpen = "won_of_open"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(period, forKey: .period)
            try container.encode(isComplete, forKey: .isComplete)
            try container.encode(currency, forKey: .currency)
            try container.encode(forecast, forKey: .forecast)
            try container.encode(won, forKey: .won)
            try container.encode(wonOfOpen, forKey: .wonOfOpen)
            try container.encode(error, forKey: .error)
        }
    }

    /// What history shows of a stage, whatever the age.
    public struct Stage: Encodable, Sendable, Equatable {
        /// The stage.
        public var stage: String
        /// Stays of opportunities that were decided.
        public var stays: Int
        /// Those of opportunities that were won.
        public var won: Int
        /// Their share; `nil` if there is no stay.
        public var share: Double?
        /// Whether there are so few that the share says little.
        public var isSmall: Bool

        enum CodingKeys: String, CodingKey {
            case stage, stays, won, share
            case isSmall = "is_small"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stage, forKey: .stage)
            try container.encode(stays, forKey: .stays)
            try container.encode(won, forKey: .won)
            try container.encode(share, forKey: .share)
            try container.encode(isSmall, forKey: .isSmall)
        }
    }

    /// Months or quarters.
    public var period: ForecastPeriod
    /// The current period and those after it.
    public var ahead: [Ahead]
    /// The periods before, the latest last.
    public var earlier: [Earlier]
    /// What the shares rest on.
    public var stages: [Stage]
    /// Fewer stays than this say little.
    public var comparablesMin = StayShares.comparablesMin
    /// Open opportunities whose share rests on fewer.
    public var smallSampleDeals: Int
    /// Open opportunities that no past stay in their stage lasted as long as: they are in no forecast.
    public var dealsWithoutHistory: Int
    /// What these are worth.
    public var valueWithoutHistory: MoneySums
    /// Open opportunities without an amount: they are in no forecast.
    public var dealsWithoutAmount: Int

    enum CodingKeys: String, CodingKey {
        case period, ahead, earlier, stages
        case comparablesMin = "comparables_min"
        case smallSampleDeals = "small_sample_deals"
        case dealsWithoutHistory = "deals_without_history"
        case valueWithoutHistory = "value_without_history"
        case dealsWithoutAmount = "deals_without_amount"
    }
}
