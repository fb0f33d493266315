public import EventLog

/// The projectors that run together, and which of them wants which type.
public struct ProjectorSet: Sendable {
    /// The projectors, in catalogue order.
    public let projectors: [any Projector]
    /// What the engine must know of the events' meaning.
    public let policy: FoldPolicy

    private let consumed: [TypeFilter]

    /// A set of these projectors, at most 64.
    public init(_ projectors: [any Projector], policy: FoldPolicy) {
        precondition(projectors.count <= 64, "a set of projectors is a 64-bit mask")
        self.projectors = projectors
        self.policy = policy
        self.consumed = projectors.map { TypeFilter($0.consumes) }
    }

    /// The set without the projectors that fail the test.
    public func filter(_ isIncluded: (any Projector) -> Bool) -> ProjectorSet {
        ProjectorSet(projectors.filter(isIncluded), policy: policy)
    }

    /// The types that any of them wants, with the retractions, as a filter for a log cursor.
    public var types: TypeFilter {
        TypeFilter(projectors.flatMap(\.consumes) + Array(policy.typesHeldByKnowledge))
    }

    /// Whether any of them may consume events without a subject.
    var wantsSystemEvents: Bool {
        policy.systemTypes.contains { $0.contains { "*?".contains($0) } || mask(of: $0) != 0 }
    }

    /// Which projectors consume a type, as a mask: bit n for projector n.
    func mask(of type: String) -> UInt64 {
        var mask: UInt64 = 0
        for (index, filter) in consumed.enumerated() where filter.matches(type) { mask |= 1 << UInt64(index) }
        return mask
    }

    /// A mask of all projectors.
    var fullMask: UInt64 {
        projectors.count == 64 ? .max : (1 << UInt64(projectors.count)) - 1
    }
}

/// Remembers, for one worker, which projectors want a type.
struct TypeDispatch {
    private let set: ProjectorSet
    private var masks: [String: UInt64] = [:]

    init(_ set: ProjectorSet) {
        self.set = set
    }

    mutating func mask(of type: String) -> UInt64 {
        if let mask = masks[type] { return mask }
        let mask = set.mask(of: type)
        masks[type] = mask
        return mask
    }
}
