/// What a data folder settles for every projector and query.
public struct CRMConfiguration: Sendable, Equatable {
    /// The IANA zone whose calendar days count, as in `Asia/Shanghai`.
    public var zone: String

    /// A configuration with this zone.
    public init(zone: String = "UTC") {
        self.zone = zone
    }
}
