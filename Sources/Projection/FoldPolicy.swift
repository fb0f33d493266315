public import EventLog

/// The name of an event for ever: its sender and the sender's id.
public struct EventKey: Hashable, Sendable {
    /// The CloudEvents source.
    public var source: String
    /// The CloudEvents id.
    public var id: String

    /// Makes a key.
    public init(source: String, id: String) {
        self.source = source
        self.id = id
    }

    /// Whether source and id are the same bytes.
    public static func == (left: EventKey, right: EventKey) -> Bool {
        ByteText(left.id) == ByteText(right.id) && ByteText(left.source) == ByteText(right.source)
    }

    /// Hashes the bytes of source and id.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ByteText(source))
        hasher.combine(ByteText(id))
    }

    /// The key of a stored event.
    public init(_ event: StoredEvent) {
        let json = event.json
        self.init(source: json["source"]?.string ?? "", id: json["id"]?.string ?? "")
    }
}

/// What the engine itself must know of the events' meaning: which of them take others back, and which ones hold
/// from the moment they were known rather than from their business time.
public struct FoldPolicy: Sendable {
    /// The type whose events retract another event of the same subject.
    public var retractionType: String
    /// The event that a retraction names; `nil` if it names none.
    public var retractionTarget: @Sendable (StoredEvent) -> EventKey?
    /// Types that an "as of" bound on business time never leaves out.
    public var typesHeldByKnowledge: Set<String>
    /// The types that may come without a subject, as patterns; only these are looked through for system events.
    public var systemTypes: [String]

    /// Makes a policy.
    public init(
        retractionType: String, typesHeldByKnowledge: Set<String> = [], systemTypes: [String] = ["*"],
        retractionTarget: @escaping @Sendable (StoredEvent) -> EventKey?
    ) {
        self.retractionType = retractionType
        self.retractionTarget = retractionTarget
        self.systemTypes = systemTypes
        self.typesHeldByKnowledge = typesHeldByKnowledge.union([retractionType])
    }

    /// The types of system events.
    var systemFilter: TypeFilter { TypeFilter(systemTypes + [retractionType]) }

    /// Whether an event counts when only business time up to `asOf` does.
    public func counts(_ event: StoredEvent, asOf: Instant?) -> Bool {
        guard let asOf else { return true }
        return event.time <= asOf || typesHeldByKnowledge.contains(event.type)
    }
}
