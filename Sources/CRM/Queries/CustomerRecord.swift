import EventLog
import GRDB

/// The rows of one merge group in `customers`, taken together: the survivor's field wins, else the newest; counts and
/// points are sums.
struct CustomerRecord {
    var group: MergeGroup
    /// Every field of any member, by name; the fields with a column are always there.
    var fields: [String: JSONValue]
    var points: Int64 = 0
    var events: Int64 = 0
    var firstEvent: String?
    var lastEvent: String?
    var purchases: Int64 = 0
    var firstPurchase: String?
    var lastPurchase: String?

    /// A field as text, if it is text.
    func text(_ field: String) -> String? {
        guard case .string(let text) = fields[field] else { return nil }
        return text
    }

    /// Reads the group's rows; `nil` if no member has any.
    static func fetch(_ db: Database, _ group: MergeGroup) throws -> CustomerRecord? {
        let statement = try db.cachedStatement(
            sql: "SELECT * FROM customers WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY subject")
        let members = try Row.fetchAll(statement, arguments: [group.json]).map { Member($0) }
        return members.isEmpty ? nil : CustomerRecord(members, group)
    }

    /// The record of a customer who stands alone, from his row of `customers`.
    init(alone row: Row) {
        let member = Member(row)
        self.init([member], MergeGroup(survivor: member.subject, members: [member.subject]))
    }

    private init(_ members: [Member], _ group: MergeGroup) {
        self.group = group
        fields = Self.merge(members, survivor: group.survivor)
        for member in members {
            points = points.addingReportingOverflow(member.points).partialValue
            events += member.events
            purchases += member.purchases
        }
        firstEvent = members.compactMap(\.firstEvent).min()
        lastEvent = members.compactMap(\.lastEvent).max()
        firstPurchase = members.compactMap(\.firstPurchase).min()
        lastPurchase = members.compactMap(\.lastPurchase).max()
    }

    private static func merge(_ members: [Member], survivor: String) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for column in CustomersProfile.columns { fields[column] = .null }
        // From the weakest word to the strongest: each later one overwrites.
        var times: [String: (String, UInt64)] = [:]
        for member in members where member.subject != survivor {
            for (name, value) in member.fields {
                let time = member.times[name] ?? ("", 0)
                if let known = times[name], time < known { continue }
                fields[name] = value
                times[name] = time
            }
        }
        for member in members where member.subject == survivor {
            fields.merge(member.fields) { _, own in own }
        }
        return fields
    }
}

/// One row of `customers`.
private struct Member {
    var subject: String
    var fields: [String: JSONValue] = [:]
    /// When each field was set; only of those that were merged into another.
    var times: [String: (String, UInt64)] = [:]
    var points: Int64
    var events: Int64
    var firstEvent: String?
    var lastEvent: String?
    var purchases: Int64
    var firstPurchase: String?
    var lastPurchase: String?

    init(_ row: Row) {
        subject = row["subject"]
        points = row["points"]
        events = row["events"]
        firstEvent = row["first_event"]
        lastEvent = row["last_event"]
        purchases = row["purchases"]
        firstPurchase = row["first_purchase"]
        lastPurchase = row["last_purchase"]
        for column in CustomersProfile.columns {
            if let text: String = row[column] { fields[column] = .string(text) }
        }
        for (key, value) in Self.members(row["other_fields"]) where fields[key] == nil {
            fields[key] = JSONValue(value)
        }
        for (key, value) in Self.members(row["field_times"]) {
            let parts = value.elements
            if parts.count == 2, let time = parts[0].string, let sequence = parts[1].integer {
                times[key] = (time, UInt64(clamping: sequence))
            }
        }
    }

    private static func members(_ text: String?) -> [(key: String, value: JSONView)] {
        text.map { JSONView(Array($0.utf8)).members } ?? []
    }
}
