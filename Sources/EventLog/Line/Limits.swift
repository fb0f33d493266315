/// What the log accepts at most.
///
/// Every limit is named here once.
public enum Limits {
    /// Bytes of one event as sent, and of its normalised form.
    public static let eventBytesMax = 256 << 10
    /// Bytes that a stored line may have beyond its event.
    ///
    /// They are the attributes that the log adds, an id and a reserved source where none were sent, and the
    /// backslashes that quotes in attributes may need.
    public static let lineOverheadBytesMax = 1_536
    /// Events of one request.
    public static let requestEventsMax = 10_000
    /// Bytes of all events of one request.
    public static let requestBytesMax = 8 << 20
    /// Bytes (UTF-8) of `id`, `source`, `type`, `subject` and `time`.
    public static let attributeBytesMax = 256
    /// Letters of an extension attribute's name.
    public static let extensionNameBytesMax = 20
    /// How deep objects and arrays nest, the event itself being the first level.
    public static let depthMax = 64
    /// The start of sources that only Touchline itself writes.
    public static let reservedSourcePrefix = "touchline:"
}
