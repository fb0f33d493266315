/// Which event types are wanted: exact names, `family.*`, or `*`.
public struct TypeFilter: Sendable, Equatable {
    private var exact: Set<String> = []
    private var prefixes: [String] = []
    private var matchesAll = false

    /// A filter of these patterns; an event matches if one of them does.
    ///
    /// No pattern: nothing matches.
    ///
    /// `*` matches every type; `purchase.*` every type that starts with `purchase.`; everything else itself only.
    public init(_ patterns: [String]) {
        for pattern in patterns {
            if pattern == "*" {
                matchesAll = true
            } else if pattern.hasSuffix(".*") {
                prefixes.append(String(pattern.dropLast()))
            } else {
                exact.insert(pattern)
            }
        }
    }

    /// Whether events of this type are wanted.
    public func matches(_ type: String) -> Bool {
        matchesAll || exact.contains(type) || prefixes.contains { type.hasPrefix($0) }
    }

    /// Whether every type is wanted.
    public var matchesEverything: Bool { matchesAll }
}
