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

    /// Whether the left moment is before the right one.
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }
}
