import EventLog
public import GRDB

/// The subjects that are one customer after merges.
public struct MergeGroup: Sendable, Equatable {
    /// The customer that all of them became; in a circle the least id.
    public var survivor: String
    /// All subjects of the group, the survivor first, the others sorted.
    public var members: [String]

    /// Makes a group.
    public init(survivor: String, members: [String]) {
        self.survivor = survivor
        self.members = members
    }

    /// The group that a subject belongs to; of itself alone if nothing was merged.
    ///
    /// Says the same as the SQL view `survivors`, but reads only the pointers of this group.
    public static func of(_ subject: String, _ db: Database) throws -> MergeGroup {
        let survivor = try self.survivor(of: subject, db)
        let statement = try db.cachedStatement(sql: "SELECT subject FROM merges WHERE into_subject = ?")
        var seen: Set<String> = [survivor]
        var open = [survivor]
        while let next = open.popLast() {
            for member in try String.fetchAll(statement, arguments: [next]) where seen.insert(member).inserted {
                open.append(member)
            }
        }
        seen.remove(survivor)
        return MergeGroup(survivor: survivor, members: [survivor] + seen.sorted())
    }

    private static func survivor(of subject: String, _ db: Database) throws -> String {
        let statement = try db.cachedStatement(sql: "SELECT into_subject FROM merges WHERE subject = ?")
        var path = [subject]
        var places = [subject: 0]
        while let last = path.last, let next = try String.fetchOne(statement, arguments: [last]) {
            if let start = places[next] {
                // A circle; the view compares bytes, so this does too.
                return path[start...].min { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? next
            }
            places[next] = path.count
            path.append(next)
        }
        return path.last ?? subject
    }

    /// The members as a JSON array, for `subject IN (SELECT value FROM json_each(?))`.
    var json: String {
        "[" + members.map { String(decoding: JSONText.string($0), as: UTF8.self) }.joined(separator: ",") + "]"
    }
}
