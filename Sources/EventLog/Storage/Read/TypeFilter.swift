/// Which event types are wanted: exact names, or globs in which `*` stands for any text and `?` for one character.
public struct TypeFilter: Sendable, Equatable {
    private var exact: Set<String> = []
    private var prefixes: [String] = []
    private var globs: [[UInt8]] = []
    private var matchesAll = false

    /// A filter of these patterns; an event matches if one of them does.
    ///
    /// No pattern: nothing matches.
    ///
    /// `*` matches every type; `purchase.*` every type that starts with `purchase.`; `*.opened` every type that ends
    /// so; what holds neither `*` nor `?` matches itself only.
    public init(_ patterns: [String]) {
        for pattern in patterns {
            let wildcards = pattern.utf8.count { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
            if pattern == "*" {
                matchesAll = true
            } else if wildcards == 0 {
                exact.insert(pattern)
            } else if wildcards == 1, pattern.hasSuffix("*") {
                prefixes.append(String(pattern.dropLast()))
            } else {
                globs.append(Array(pattern.utf8))
            }
        }
    }

    /// Whether events of this type are wanted.
    public func matches(_ type: String) -> Bool {
        matchesAll || exact.contains(type) || prefixes.contains { type.hasPrefix($0) }
            || (!globs.isEmpty && globs.contains { Self.matches($0, Array(type.utf8)) })
    }

    /// Whether every type is wanted.
    public var matchesEverything: Bool { matchesAll }

    /// Goes back to the last `*` where what follows it does not fit: linear but for the stars.
    private static func matches(_ glob: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        var (star, resume) = (-1, 0)
        while position < text.count {
            if place < glob.count, glob[place] == UInt8(ascii: "*") {
                (star, resume) = (place, position)
                place += 1
            } else if place < glob.count, glob[place] == text[position] || glob[place] == UInt8(ascii: "?") {
                place += 1
                position += 1
            } else if star >= 0 {
                place = star + 1
                resume += 1
                position = resume
            } else {
                return false
            }
        }
        return glob[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
