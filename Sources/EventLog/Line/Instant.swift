#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A moment in UTC, in whole microseconds since 1970-01-01T00:00:00Z, years 0001 to 9999.
///
/// RFC 3339 text with more than six fractional digits is accepted; what is finer than a microsecond does not order.
public struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public var microseconds: Int64

    /// The moment this many microseconds after 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// 0001-01-01T00:00:00.000000Z, the first moment that text can say.
    public static let earliest = Instant(microseconds: -62_135_596_800_000_000)
    /// 9999-12-31T23:59:59.999999Z, the last moment that text can say.
    public static let latest = Instant(microseconds: 253_402_300_799_999_999)
    /// Microseconds of a day of 24 hours.
    public static let microsecondsPerDay: Int64 = 86_400_000_000

    /// The machine's clock.
    ///
    /// Only a composition root reads it: everything below is given its moments.
    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Whether the left moment is before the right one.
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The moment a duration later, in whole microseconds; the ends of `Int64` hold it.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let delta = Instant.wholeMicroseconds(duration)
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(delta)
        return Instant(microseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }

    /// The moment a duration earlier, in whole microseconds; the ends of `Int64` hold it.
    public static func - (instant: Instant, duration: Duration) -> Instant {
        let delta = Instant.wholeMicroseconds(duration)
        let (difference, overflow) = instant.microseconds.subtractingReportingOverflow(delta)
        return Instant(microseconds: overflow ? (delta < 0 ? .max : .min) : difference)
    }

    /// How much later the left moment is than the right one; negative if it is earlier.
    public static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds) - .microseconds(right.microseconds)
    }

    /// How many microseconds later this moment is than `other`; the ends of `Int64` hold it.
    public func microseconds(since other: Instant) -> Int64 {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(other.microseconds)
        return overflow ? (microseconds < other.microseconds ? .min : .max) : difference
    }

    /// Days since 1970-01-01 in UTC, rounded down.
    public var dayInUTC: Int {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: Instant.microsecondsPerDay)
        return Int(remainder < 0 ? quotient - 1 : quotient)
    }

    private static func wholeMicroseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, over) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return over ? (seconds < 0 ? .min : .max) : sum
    }
}
