/// How a log is written.
///
/// Readers need none of it.
public struct LogOptions: Sendable {
    /// The active segment is closed once its lines reach this many bytes.
    ///
    /// 256 MiB.
    public var segmentBytesMax: UInt64 = 256 << 20
    /// Bytes of the largest event that is taken.
    ///
    /// 256 KiB.
    public var eventBytesMax: Int = Limits.eventBytesMax
    /// A group commit takes waiting requests until their lines reach about this many bytes.
    ///
    /// 1 MiB.
    public var batchBytesMax: Int = 1 << 20
    /// Bytes of requests that wait for a batch; who comes then waits until there is room.
    ///
    /// 64 MiB.
    public var waitingBytesMax: Int = 64 << 20
    /// Lines of one frame after repacking.
    ///
    /// 64 KiB.
    public var repackFrameBytes: Int = 64 << 10
    /// The LZ4-HC level of repacking, 3 to 12.
    ///
    /// 4.
    public var repackLevel: Int32 = 4
    /// Closed segments that may wait for repacking before appends wait for it.
    ///
    /// 4.
    public var closedSegmentsMax: Int = 4
    /// Whether closed segments are repacked at all while this writer is open.
    public var repacks = true
    /// Whether events with an id are taken while the ids of some earlier events cannot be told: their batch is damaged,
    /// and the index is gone as well.
    ///
    /// Then a repeated id may be stored twice; so not, unless the damaged file can be restored no more.
    public var acceptsLostIDs = false
    /// Room that is zero-filled ahead of small batches, so that their sync need not grow the file.
    ///
    /// 1 MiB.
    public var spaceBytes: Int = 1 << 20
    /// Batches of at least this many bytes are written past the file's end, without room made for them before.
    ///
    /// 64 KiB.
    public var spaceBatchBytesMax: Int = 64 << 10
    /// The optional features a new log is marked with, as in `LogFeatures`.
    public var optionalFeatures: UInt64 = 0
    /// The id of a new log, 16 bytes; nil = drawn at random.
    ///
    /// For tests that compare bytes.
    public var logID: [UInt8]?

    /// The defaults.
    public init() {}
}
