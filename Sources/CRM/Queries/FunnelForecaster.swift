import EventLog
import Foundation
import GRDB

/// Makes a forecast: the same rule at the start of each earlier period, and now.
struct FunnelForecaster {
    /// How many periods before the current one, and how many after it, are shown.
    static let periodsEarlierMax = 6
    static let periodsAhead = 3

    private let period: ForecastPeriod
    private let context: AnswerContext
    private let pipeline: Int32
    private var reader: FunnelHistoryReader
    private var histories: [String] = []

    /// - Throws: an error of the database.
    init(
        _ period: ForecastPeriod, _ db: Database, _ context: AnswerContext, _ pipelines: FunnelPipelines, _ name: String
    ) throws {
        self.period = period
        self.context = context
        reader = FunnelHistoryReader(pipelines)
        pipeline = reader.number(name)
        histories = try String.fetchAll(
            db, sql: "SELECT history FROM opportunity_histories ORDER BY subject, opportunity_id")
    }

    /// What every history says just before a moment.
    private struct Standing {
        struct Open {
            var row: Int
            var stage: Int32
            var age: Int64
            var amount: DecimalAmount
            var currency: Int32
            /// The number of the period it is expected to close in.
            var due: Int?
        }

        struct Won {
            var row: Int
            var closed: Int64
            var amount: DecimalAmount
            var currency: Int32
        }

        var open: [Open] = []
        var won: [Won] = []
        var shares: [Int32: StayShares] = [:]
        var withoutAmount = 0
        var firstOpened = Int64.max
    }

    private mutating func standing(until bound: Int64, now: Int64) -> Standing {
        var result = Standing()
        var deal = FunnelDealThen()
        for (row, history) in histories.enumerated() {
            let text = history.utf8.span
            guard reader.read(text, until: bound, into: &deal) else { continue }
            guard deal.stays.contains(where: { $0.pipeline == pipeline }) else { continue }
            result.firstOpened = min(result.firstOpened, deal.opened)
            let amount = text.extracting(deal.amount).withUnsafeBufferPointer { DecimalAmount(utf8: $0) }
            if deal.pipeline == pipeline, deal.state == .open {
                add(deal, row, text, amount, now: now, to: &result)
                continue
            }
            let isWon = deal.pipeline == pipeline && deal.state == .won
            for stay in deal.stays where stay.pipeline == pipeline && !stay.isPassing {
                guard stay.left != FunnelDealThen.running else { continue }
                result.shares[stay.stage, default: StayShares()].add(
                    StayShares.Sample(
                        length: stay.left - stay.entered, untilWon: isWon ? deal.closed - stay.entered : nil))
            }
            if isWon, let amount {
                result.won.append(
                    Standing.Won(
                        row: row, closed: deal.closed, amount: amount, currency: reader.number(deal.currency, of: text))
                )
            }
        }
        return result
    }

    private mutating func add(
        _ deal: FunnelDealThen, _ row: Int, _ text: Span<UInt8>, _ amount: DecimalAmount?, now: Int64,
        to result: inout Standing
    ) {
        guard let amount, deal.current >= 0 else {
            result.withoutAmount += 1
            return
        }
        let stay = deal.stays[deal.current]
        let due = FunnelHistoryReader.text(deal.due, of: text).flatMap { DayCalendar.day(of: $0) }
        result.open.append(
            Standing.Open(
                row: row, stage: stay.stage, age: max(0, now - stay.entered), amount: amount,
                currency: reader.number(deal.currency, of: text), due: due.map { period.number(ofDay: $0) }))
    }

    /// Adds up what the rule says at a moment: per period from `first` on (the last one open-ended) and currency.
    private struct Sums {
        struct Key: Hashable {
            var period: Int
            var currency: Int32
        }

        var dated: [Key: Double] = [:]
        var undated: [Key: Double] = [:]
        var deals: [Key: Int] = [:]
        var value: [Key: DecimalAmount?] = [:]
        var smallSamples = 0
        var withoutHistory = 0
        var valueWithoutHistory = MoneyTally()
    }

    private func sums(_ standing: Standing, now: Int64, first: Int, count: Int) -> Sums {
        var sums = Sums()
        // The end of each period but the last, which has none, from now on.
        let horizons =
            (0..<count - 1).map {
                period.start(of: first + $0 + 1, context.calendar).microseconds - 1 - now
            } + [Int64.max]
        for (stage, deals) in Dictionary(grouping: standing.open, by: \.stage).sorted(by: { $0.key < $1.key }) {
            let shares = standing.shares[stage] ?? StayShares()
            let outlooks = shares.outlooks(ages: deals.map(\.age), horizons: horizons)
            for (deal, outlook) in zip(deals, outlooks) {
                let due = deal.due.map { min(max($0, first), first + count - 1) }
                if let due {
                    let key = Sums.Key(period: due, currency: deal.currency)
                    sums.deals[key, default: 0] += 1
                    let known = sums.value[key, default: .zero]
                    sums.value[key] = .some(known.flatMap { $0.adding(deal.amount) })
                }
                guard outlook.comparables > 0 else {
                    sums.withoutHistory += 1
                    sums.valueWithoutHistory.add(deal.amount, deal.currency)
                    continue
                }
                if outlook.comparables < StayShares.comparablesMin { sums.smallSamples += 1 }
                add(deal, due, outlook, first, to: &sums)
            }
        }
        return sums
    }

    private func add(
        _ deal: Standing.Open, _ due: Int?, _ outlook: StayShares.Outlook, _ first: Int, to sums: inout Sums
    ) {
        let unit = deal.amount.approximation / Double(outlook.comparables)
        if let due {
            let key = Sums.Key(period: due, currency: deal.currency)
            sums.dated[key, default: 0] += unit * Double(outlook.won.last ?? 0)
            return
        }
        var before = 0
        for (number, won) in outlook.won.enumerated() {
            let key = Sums.Key(period: first + number, currency: deal.currency)
            sums.undated[key, default: 0] += unit * Double(won - before)
            before = won
        }
    }

    /// The forecast.
    mutating func make() -> FunnelForecast {
        let now = context.now.microseconds
        let bound = context.cutsRows ? context.asOf?.microseconds ?? .max : .max
        let standing = standing(until: bound, now: now)
        let current = period.number(of: context.now, context.calendar)
        let sums = sums(standing, now: now, first: current, count: Self.periodsAhead + 2)
        return FunnelForecast(
            period: period, ahead: ahead(sums, current),
            earlier: earlier(standing, current, now: now),
            stages: stages(standing), smallSampleDeals: sums.smallSamples,
            dealsWithoutHistory: sums.withoutHistory,
            valueWithoutHistory: sums.valueWithoutHistory.sums(reader.names),
            dealsWithoutAmount: standing.withoutAmount)
    }

    private func ahead(_ sums: Sums, _ current: Int) -> [FunnelForecast.Ahead] {
        let keys = Set(sums.dated.keys).union(sums.undated.keys).union(sums.deals.keys)
        return keys.map { ($0, currency($0.currency)) }.sorted { ($0.0.period, $0.1) < ($1.0.period, $1.1) }.map {
            key, currency in
            let isLater = key.period == current + Self.periodsAhead + 1
            let undated = sums.undated[key] ?? 0
            return FunnelForecast.Ahead(
                period: isLater ? "later" : period.name(of: key.period), currency: currency,
                deals: sums.deals[key] ?? 0, value: sums.value[key, default: .zero],
                forecast: Self.text((sums.dated[key] ?? 0) + undated), forecastUndated: Self.text(undated))
        }
    }

    /// The rule at the start of each earlier period and of the current one, beside what was won in it.
    private mutating func earlier(_ last: Standing, _ current: Int, now: Int64) -> [FunnelForecast.Earlier] {
        guard last.firstOpened <= now else { return [] }
        let opened = period.number(of: Instant(microseconds: last.firstOpened), context.calendar)
        // What was open before anything was opened is nothing to judge a rule by.
        let first = max(opened + 1, current - Self.periodsEarlierMax)
        guard first <= current else { return [] }
        var result: [FunnelForecast.Earlier] = []
        var start = period.start(of: first, context.calendar).microseconds
        var before = standing(until: start - 1, now: start)
        for number in first...current {
            let next = period.start(of: number + 1, context.calendar).microseconds
            let after = number == current ? last : standing(until: next - 1, now: next)
            let said = sums(before, now: start, first: number, count: 2)
            result += compare(said, before, after, number, from: start, isComplete: number < current)
            before = after
            start = next
        }
        return result
    }

    private func compare(
        _ said: Sums, _ before: Standing, _ after: Standing, _ number: Int, from start: Int64, isComplete: Bool
    ) -> [FunnelForecast.Earlier] {
        var wasOpen = Set<Int>()
        for deal in before.open { wasOpen.insert(deal.row) }
        var won: [Int32: DecimalAmount?] = [:]
        var wonOfOpen: [Int32: DecimalAmount?] = [:]
        for deal in after.won where deal.closed >= start {
            won[deal.currency] = .some(won[deal.currency, default: .zero].flatMap { $0.adding(deal.amount) })
            guard wasOpen.contains(deal.row) else { continue }
            wonOfOpen[deal.currency] = .some(
                wonOfOpen[deal.currency, default: .zero].flatMap { $0.adding(deal.amount) })
        }
        let here = Set(said.dated.keys).union(said.undated.keys).filter { $0.period == number }.map(\.currency)
        let currencies = Set(here).union(won.keys)
        return currencies.map { ($0, currency($0)) }.sorted { $0.1 < $1.1 }.map { currency, name in
            let key = Sums.Key(period: number, currency: currency)
            let forecast = (said.dated[key] ?? 0) + (said.undated[key] ?? 0)
            let actual = wonOfOpen[currency, default: .zero]
            let basis = actual?.approximation ?? 0
            return FunnelForecast.Earlier(
                period: period.name(of: number), isComplete: isComplete, currency: name,
                forecast: Self.text(forecast), won: won[currency, default: .zero], wonOfOpen: actual,
                error: isComplete && basis > 0 ? forecast / basis - 1 : nil)
        }
    }

    private func stages(_ standing: Standing) -> [FunnelForecast.Stage] {
        var stages = Set(standing.shares.keys)
        for deal in standing.open { stages.insert(deal.stage) }
        return stages.map { stage in
            let shares = standing.shares[stage] ?? StayShares()
            let (count, won) = (shares.count, shares.wonCount)
            return FunnelForecast.Stage(
                stage: reader.names.text(stage) ?? FunnelPipelines.noStage, stays: count, won: won,
                share: count > 0 ? Double(won) / Double(count) : nil, isSmall: count < StayShares.comparablesMin)
        }.sorted { $0.stage < $1.stage }
    }

    private func currency(_ number: Int32) -> String { reader.names.text(number) ?? PurchasesLedger.noCurrency }

    /// An estimate as decimal text; two decimals, for no estimate is better than that.
    private static func text(_ estimate: Double) -> String { String(format: "%.2f", estimate) }
}
