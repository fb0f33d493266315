/// How to rebuild.
public struct RebuildOptions: Sendable {
    /// The projectors to rebuild; `nil` = all.
    ///
    /// The others are copied at their cursor.
    public var names: [String]?
    /// Threads that fold.
    public var workers: Int
    /// Bytes of events held at a time, for all workers together.
    public var memoryBytes: Int
    /// Check the finished file and the log's directories before the switch.
    public var verifies: Bool

    /// Makes options.
    public init(names: [String]? = nil, workers: Int = 2, memoryBytes: Int = 1 << 30, verifies: Bool = false) {
        self.names = names
        self.workers = max(1, min(workers, 64))
        self.memoryBytes = max(memoryBytes, 16 << 20)
        self.verifies = verifies
    }
}

/// What a rebuild will do.
public struct RebuildPlan: Sendable, Encodable, Equatable {
    /// The projectors it makes anew.
    public var projectors: [String]
    /// The projectors whose rows it copies.
    public var copied: [String]
    /// The sequence it folds up to before it catches up.
    public var target: UInt64
    /// Hash partitions of the subjects; each is committed by itself.
    public var partitions: Int
    /// Partitions that an interrupted rebuild has finished already.
    public var partitions_done: Int
    /// Passes over the log.
    public var passes: Int
    /// Threads that fold.
    public var workers: Int
    /// The file it writes, beside the one in use.
    public var file: String
}

/// Where a rebuild stands.
public struct RebuildProgress: Sendable {
    /// What it is doing.
    public enum Phase: String, Sendable { case fold, index, copy, verify, catchUp = "catch up", swap = "switch" }
    /// What it is doing.
    public var phase: Phase
    /// Events folded of this rebuild's partitions.
    public var events: UInt64
    /// Events to fold in all.
    public var eventsTotal: UInt64
    /// Partitions committed.
    public var partitions: Int
    /// Partitions in all.
    public var partitionsTotal: Int
}

/// What a rebuild did.
public struct RebuildSummary: Sendable, Encodable {
    /// What it set out to do.
    public var plan: RebuildPlan
    /// Events folded, system events included.
    public var events: UInt64
    /// The cursor of the views now in use.
    public var cursor: UInt64
    /// Events that came in meanwhile and were caught up with.
    public var caught_up: UInt64
    /// The file now in use.
    public var file: String
}
