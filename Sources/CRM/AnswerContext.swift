public import EventLog

/// The moment for which a query answers, on both time axes.
///
/// The rows that a query reads hold exactly the events this describes, unless it cuts them itself; whatever depends on
/// "now" takes it from here, so that the same question asked of the same moment has the same answer for ever.
public struct AnswerContext: Sendable {
    /// How many of the log's events are known: the views hold sequences below it.
    public var at: UInt64
    /// Business time up to which events count; `nil` = all that is known.
    public var asOf: Instant?
    /// Now: `asOf` if given, else the recording of the last known event for a past answer, else the clock, read once.
    public var now: Instant
    /// Whether the rows reach beyond `asOf`, so that the query has to cut them there.
    public var cutsRows = false
    /// The calendar of the folder's zone.
    public var calendar: DayCalendar
    /// The folder's bands of risk.
    public var bands = ChurnBands()

    /// Makes a context.
    public init(at: UInt64, asOf: Instant? = nil, now: Instant, calendar: DayCalendar) {
        self.at = at
        self.asOf = asOf
        self.now = now
        self.calendar = calendar
    }
}
