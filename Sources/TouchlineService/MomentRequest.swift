public import CRM
public import EventLog

/// The moment a question is asked of, as a user words it.
public struct MomentRequest: Sendable, Equatable {
    /// The log's first `at` + 1 events.
    public var at: UInt64?
    /// What had happened by then: RFC 3339, or a date, which is the end of that day in the folder's zone.
    public var asOf: String?
    /// What was recorded by then, worded likewise.
    public var knownAt: String?

    /// Makes a request; without any bound it asks of the present.
    public init(at: UInt64? = nil, asOf: String? = nil, knownAt: String? = nil) {
        self.at = at
        self.asOf = asOf
        self.knownAt = knownAt
    }

    /// Whether it asks of the present.
    public var isPresent: Bool { at == nil && asOf == nil && knownAt == nil }

    /// Whether it asks of all that is known, but only up to a moment of business time.
    public var isAsOfOnly: Bool { asOf != nil && at == nil && knownAt == nil }

    /// Settles the request against a log.
    ///
    /// - Throws: `ServiceError` if a bound lies outside the log or is no time.
    public func resolve(in reader: LogReader, calendar: DayCalendar) throws -> AnswerContext {
        let head = reader.head
        var known = head
        if let at {
            guard at < head else {
                throw ServiceError(
                    .badInput,
                    head == 0
                        ? "--at \(at): the log is empty"
                        : "--at \(at): the log ends at \(head - 1); give 0 to \(head - 1)")
            }
            guard at >= reader.firstSequence else {
                throw ServiceError(
                    .badInput,
                    "--at \(at): events before \(reader.firstSequence) are archived; bring those segments back")
            }
            known = min(known, at + 1)
        }
        var bounds: [Instant] = []
        if let knownAt {
            let bound = try Self.instant(knownAt, "--known-at", calendar)
            bounds.append(bound)
            known = min(known, try reader.count(recordedBy: bound))
        }
        let bound = try asOf.map { try Self.instant($0, "--as-of", calendar) }
        return AnswerContext(
            at: known, asOf: bound,
            now: try bound ?? recording(before: known, in: reader) ?? bounds.first ?? .now(), calendar: calendar)
    }

    /// The instant that a user's text names: RFC 3339, or a date (the end of that day).
    public static func instant(_ text: String, _ option: String, _ calendar: DayCalendar) throws -> Instant {
        if text.utf8.count == 10, let day = DayCalendar.day(of: text) { return calendar.end(of: day) }
        do {
            return try Instant(rfc3339: text)
        } catch {
            throw ServiceError(
                .usage,
                "\(option) \(text): \(error); give a date such as 2026-03-01 or a time such as 2026-03-01T08:30:00Z")
        }
    }

    /// When the last known event was recorded; `nil` if none is known.
    private func recording(before known: UInt64, in reader: LogReader) throws -> Instant? {
        known <= reader.firstSequence ? nil : try reader.event(at: known - 1).recordedTime
    }
}

extension MomentRequest {
    /// The start of the day that a user's text names.
    public static func startOfDay(_ text: String, _ option: String, _ calendar: DayCalendar) throws -> Instant {
        guard let day = DayCalendar.day(of: text) else {
            throw ServiceError(.usage, "\(option) \(text): no such day; give a date such as 2026-03-01")
        }
        return calendar.start(of: day)
    }
}
