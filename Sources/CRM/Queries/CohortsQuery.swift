import EventLog
public import GRDB

/// Who came back, by when they came first: `touchline cohorts`.
///
/// A cohort is everyone whose first purchase day lies in one calendar period of the folder's zone. Customers that were
/// merged are one, with the union of their days.
public struct CohortsQuery: Sendable {
    /// The calendar periods.
    public var by: CohortPeriod
    /// How many periods after the first are listed at most.
    public var periods: Int

    /// A query by periods.
    public init(by: CohortPeriod = .month, periods: Int = 12) {
        self.by = by
        self.periods = periods
    }

    /// What is counted of one cohort.
    private struct Count {
        var size = 0
        var returned = 0
        /// Customers per period after the first.
        var active: [Int: Int] = [:]
        var spend: [Int: MoneySums] = [:]
        var total = MoneySums()

        mutating func add(_ record: PurchaseRecord, from first: Int, by period: CohortPeriod) {
            size += 1
            let days = record.days
            if days.count > 1 { returned += 1 }
            for offset in Set(days.map { period.index(of: $0) - first }) { active[offset, default: 0] += 1 }
            for line in record.lines {
                spend[period.index(of: line.day) - first, default: MoneySums()].add(line.spend, line.currency)
                total.add(line.spend, line.currency)
            }
        }
    }

    /// Answers from the views.
    ///
    /// - Throws: `ChurnError.noPurchases` if nobody had bought, or an error of the database.
    public func run(_ db: Database, _ context: AnswerContext) throws -> CohortsAnswer {
        let today = context.calendar.day(of: context.now)
        let book = try PurchaseBook(db, until: today)
        guard !book.records.isEmpty else { throw ChurnError.noPurchases(until: today) }
        var counts: [Int: Count] = [:]
        for record in book.records {
            let first = by.index(of: record.lines[0].day)
            counts[first, default: Count()].add(record, from: first, by: by)
        }
        let current = by.index(of: today)
        let cohorts = counts.sorted { $0.key < $1.key }.map { first, count in
            CohortsAnswer.Cohort(
                cohort: by.name(of: first), from: DayCalendar.text(of: by.firstDay(of: first)), size: count.size,
                returned: count.returned, returnedShare: Double(count.returned) / Double(count.size),
                spend: count.total,
                periods: (0...min(max(0, periods), max(0, current - first))).map { offset in
                    let customers = count.active[offset] ?? 0
                    let end = context.calendar.end(of: by.firstDay(of: first + offset + 1) - 1)
                    return CohortsAnswer.Period(
                        period: offset, from: DayCalendar.text(of: by.firstDay(of: first + offset)),
                        customers: customers, share: Double(customers) / Double(count.size),
                        isComplete: end <= context.now, spend: count.spend[offset] ?? MoneySums())
                })
        }
        return CohortsAnswer(
            at: context.lastSequence, now: context.now.rfc3339, day: DayCalendar.text(of: today), by: by.rawValue,
            customers: book.records.count, cohorts: cohorts, all: CohortsAnswer.all(cohorts))
    }
}

/// Retention by cohort.
public struct CohortsAnswer: Encodable, Sendable {
    /// One period of a cohort's life.
    public struct Period: Encodable, Sendable, Equatable {
        /// 0 = the period of the first purchase, 1 = the next one, and so on.
        public var period: Int
        /// The period's first day.
        public var from: String
        /// Customers of the cohort who bought in it.
        public var customers: Int
        /// Their share of the cohort.
        public var share: Double
        /// Whether the period is over; until then more may come.
        public var isComplete: Bool
        /// What the cohort spent in it.
        public var spend: MoneySums

        enum CodingKeys: String, CodingKey {
            case period, from, customers, share, spend
            case isComplete = "complete"
        }
    }

    /// Everyone whose first purchase lies in one period.
    public struct Cohort: Encodable, Sendable, Equatable {
        /// The period, as in `2026-03`, `2026-Q1` or `2026-W09`.
        public var cohort: String
        /// Its first day.
        public var from: String
        /// How many customers.
        public var size: Int
        /// Those of them with a second purchase day, whenever.
        public var returned: Int
        /// Their share.
        public var returnedShare: Double
        /// What the cohort spent until now.
        public var spend: MoneySums
        /// The first periods of its life that have begun.
        public var periods: [Period]

        enum CodingKeys: String, CodingKey {
            case cohort, from, size, returned, spend, periods
            case returnedShare = "returned_share"
        }
    }

    /// One period after the first, over all cohorts for which it is complete.
    public struct Overall: Encodable, Sendable, Equatable {
        /// 1 = the period after the first purchase's, and so on.
        public var period: Int
        /// Customers of these cohorts.
        public var size: Int
        /// Those who bought in the period.
        public var customers: Int
        /// Their share.
        public var share: Double
    }

    /// The last known event's sequence; `nil` for an empty log.
    @OrNull public var at: UInt64?
    /// Now, an instant in UTC.
    public var now: String
    /// The day of the answer, in the folder's zone.
    public var day: String
    /// `month`, `quarter` or `week`.
    public var by: String
    /// Customers of all cohorts.
    public var customers: Int
    /// The cohorts, the oldest first.
    public var cohorts: [Cohort]
    /// Retention over all cohorts.
    public var all: [Overall]

    static func all(_ cohorts: [Cohort]) -> [Overall] {
        let last = cohorts.flatMap(\.periods).filter(\.isComplete).map(\.period).max() ?? 0
        guard last > 0 else { return [] }
        return (1...last).map { period in
            let complete = cohorts.compactMap { cohort -> (Int, Int)? in
                guard cohort.periods.count > period, cohort.periods[period].isComplete else { return nil }
                return (cohort.size, cohort.periods[period].customers)
            }
            let size = complete.reduce(0) { $0 + $1.0 }
            let customers = complete.reduce(0) { $0 + $1.1 }
            return Overall(
                period: period, size: size, customers: customers,
                share: size == 0 ? 0 : Double(customers) / Double(size))
        }
    }
}
