public import GRDB

/// Something that was asked for by name is not there; what is there and looks like it is named.
public struct NotFound: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was asked for, as in `customer`, `pipeline` or `campaign`.
    public var kind: String
    /// The name it was asked for by.
    public var name: String
    /// Names that exist and look like it, the nearest first.
    public var nearMatches: [String]

    /// Makes the error.
    public init(kind: String, name: String, nearMatches: [String]) {
        self.kind = kind
        self.name = name
        self.nearMatches = nearMatches
    }

    /// One line for people, with the near matches.
    public var description: String {
        let line = "no \(kind) \"\(name)\""
        return nearMatches.isEmpty ? line : line + "; near it: \(nearMatches.joined(separator: ", "))"
    }
}

/// Finds names that look like one that is not there.
public enum NearMatches {
    /// How many are named at most.
    public static let countMax = 5
    /// How many names are looked at in a table, however large it is.
    static let candidatesMax = 4_000

    /// The nearest of `candidates`: the same but for case, then by edits, then those that one begins the other of.
    public static func rank(_ name: String, among candidates: some Sequence<String>, limit: Int = countMax) -> [String]
    {
        let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
        let editsMax = max(1, wanted.count / 3)
        var ranked: [(distance: Int, name: String)] = []
        for candidate in candidates where candidate != name {
            let other = Array(candidate.lowercased().unicodeScalars.prefix(64))
            if let distance = EditDistance.between(wanted, other, max: editsMax) {
                ranked.append((distance, candidate))
            } else if !wanted.isEmpty, other.starts(with: wanted) || (other.count > 1 && wanted.starts(with: other)) {
                ranked.append((editsMax + abs(other.count - wanted.count), candidate))
            }
        }
        ranked.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return ranked.prefix(limit).map(\.name)
    }

    /// The subjects of a table nearest to `name`, found through its primary key: those that share its longest
    /// beginnings, and its neighbours in order.
    public static func subjects(_ db: Database, near name: String, table: String = "customers") throws -> [String] {
        var candidates = Set<String>()
        let before = "SELECT subject FROM \"\(table)\" WHERE subject < ? ORDER BY subject DESC LIMIT 50"
        let after = "SELECT subject FROM \"\(table)\" WHERE subject >= ? ORDER BY subject LIMIT 50"
        candidates.formUnion(try String.fetchAll(db, sql: before, arguments: [name]))
        candidates.formUnion(try String.fetchAll(db, sql: after, arguments: [name]))
        for beginning in beginnings(of: name) {
            let room = candidatesMax - candidates.count
            guard room > 0 else { break }
            let sql = "SELECT subject FROM \"\(table)\" WHERE subject >= ? AND subject < ? ORDER BY subject LIMIT ?"
            let end = beginning + "\u{10FFFF}"
            candidates.formUnion(try String.fetchAll(db, sql: sql, arguments: [beginning, end, room]))
        }
        return rank(name, among: candidates)
    }

    /// Beginnings of the name, the longest first, in the spellings of case that ids use.
    private static func beginnings(of name: String) -> [String] {
        var result: [String] = []
        for length in stride(from: name.count, through: 0, by: -1) {
            let part = String(name.prefix(length))
            for spelling in [part, part.uppercased(), part.lowercased()] where !result.contains(spelling) {
                result.append(spelling)
            }
        }
        return result
    }
}
