import CRM
import EventLog

/// Follows a plan row by row.
///
/// The same steps serve both passes: the first one only learns the groups and their sums, the second makes events. A
/// row is taken whole or not at all: what it adds to groups, and the values that `first_of` has seen, count only if
/// every rule that matches it makes its event.
final class RowProcessor {
    /// What one row gives.
    enum Outcome {
        case events([ImportedEvent])
        /// The row only added to groups that earlier rows opened.
        case grouped
        case skipped(reason: String)
        case rejected(cause: String)
    }

    private let plan: ImportPlan
    private let kinds: any FieldKinds
    private let evaluator: RowEvaluator
    private let attributes: [EventDraft.Extension]
    private let check: EventCheck
    private let idSuffix: String
    private var members: [String: [TypedMember]] = [:]
    private var membersByRule: [[TypedMember]?]
    private var seen: [Set<[UInt8]>]
    private var groups: [GroupTable]
    /// Whether the first pass has settled the groups.
    private var areGroupsKnown = false
    /// Whether events are wanted, not only groups.
    private var makesEvents = true
    private var equalRows: [UInt64: UInt32] = [:]
    /// What the check found odd, each thing once for each rule, in the order found.
    private(set) var warnings: [String] = []
    private var warned: Set<String> = []

    /// - Parameters:
    ///   - idSuffix: what every id ends with, so that an import that was undone can be done again.
    ///   - check: what events must pass.
    init(_ plan: ImportPlan, kinds: any FieldKinds, importID: String, idSuffix: String, check: EventCheck) {
        self.plan = plan
        self.kinds = kinds
        self.check = check
        self.idSuffix = idSuffix
        evaluator = RowEvaluator(plan)
        attributes = [EventDraft.Extension(name: "importid", value: JSONText.string(importID))]
        seen = Array(repeating: [], count: plan.skipFirsts.count + plan.emitFirsts.count)
        groups = plan.rules.map { GroupTable(sumCount: $0.sums.count) }
        membersByRule = plan.rules.map { rule in
            guard let type = rule.constantType else { return nil }
            return TypedMember.list(rule.data ?? [], type: type, kinds)
        }
    }

    /// Starts the pass that learns the groups.
    func beginGroupPass() { makesEvents = false }

    /// Starts the pass that makes events, with the groups that the first one found.
    func beginEventPass() {
        areGroupsKnown = true
        makesEvents = true
        seen = Array(repeating: [], count: plan.skipFirsts.count + plan.emitFirsts.count)
    }

    /// Takes one row, whose number is `number`.
    func process(_ row: CSVRow, number: Int) -> Outcome {
        evaluator.rowNumber = number
        var change = Change()
        note(plan.skipFirsts, row, &change)
        for skip in plan.skips where matches(skip.condition, row) {
            commit(change)
            return .skipped(reason: skip.reason)
        }
        note(plan.emitFirsts, row, &change)
        var events: [ImportedEvent] = []
        var hasMatched = false
        do throws(RowFault) {
            for rule in plan.rules {
                if rule.isOtherwise, hasMatched { continue }
                guard matches(rule.condition, row) else { continue }
                hasMatched = true
                if let event = try apply(rule, row, number, &change) { events.append(event) }
            }
            if hasMatched { try admit(events) }
        } catch {
            refuseGroups(row, number)
            return .rejected(cause: error.cause)
        }
        guard hasMatched else {
            return .rejected(cause: "no rule matches; add a rule, `otherwise: true`, or a `skip` rule with a reason")
        }
        commit(change)
        return events.isEmpty ? .grouped : .events(events)
    }

    /// The last word on a row's events, once every rule has made its own.
    private func admit(_ events: [ImportedEvent]) throws(RowFault) {
        for (place, event) in events.enumerated() {
            guard let id = event.draft.id else { continue }
            if let twin = events[..<place].first(where: { $0.draft.id.map { $0.utf8.elementsEqual(id.utf8) } ?? false })
            {
                let id = LineError.printable(id)
                throw RowFault(
                    "rules \(twin.rule) and \(event.rule) give this row's events one id, \"\(id)\"; make them differ, "
                        + "as in `id: \"\(event.rule):{column}\"`")
            }
        }
        guard makesEvents else { return }
        for event in events {
            do {
                try check.inOrder(event.draft)
            } catch {
                throw RowFault("rule \(event.rule): \(error)")
            }
        }
    }

    // MARK: What a row changes

    /// What a row changes once it is taken.
    private struct Change {
        /// Values for `first_of`, and the sets that they go to.
        var seen: [(set: Int, value: [UInt8])] = []
        var opened: [(rule: Int, key: [UInt8], row: Int)] = []
        var added: [(rule: Int, key: [UInt8], numbers: [DecimalAmount?])] = []
        var rowHash: UInt64?
    }

    private func commit(_ change: Change) {
        for (set, value) in change.seen { seen[set].insert(value) }
        for (rule, key, row) in change.opened { _ = groups[rule].open(key, row: row) }
        for (rule, key, numbers) in change.added {
            if let place = groups[rule].place(of: key) { groups[rule].add(numbers, to: place) }
        }
        if let hash = change.rowHash { equalRows[hash, default: 0] &+= 1 }
    }

    /// Notes the row's values in the columns of `first_of`, whichever rule they stand in: the first row with a value is
    /// the first in the file, whatever rules match it.
    ///
    /// Rows that are skipped or rejected do not count.
    private func note(_ firsts: [FirstOf], _ row: CSVRow, _ change: inout Change) {
        for first in firsts where !row.isEmpty(first.column) {
            let value = Array(row.field(first.column))
            if !seen[first.set].contains(value) { change.seen.append((first.set, value)) }
        }
    }

    private func matches(_ condition: Condition, _ row: CSVRow) -> Bool {
        condition.matches(row, plan.options.numbers) { !seen[$0.set].contains(Array(row.field($0.column))) }
    }

    // MARK: One rule

    private func apply(
        _ rule: EmitRule, _ row: CSVRow, _ number: Int, _ change: inout Change
    ) throws(RowFault) -> ImportedEvent? {
        // Where no sum is known yet, one stands for each: it passes where a sum can pass at all.
        evaluator.sums = ArraySlice(repeating: Self.one, count: rule.sums.count)
        guard !rule.per.isEmpty else { return try event(rule, row, number, &change) }
        let index = rule.number - 1
        let key = try self.key(rule, row)
        if !rule.sums.isEmpty {
            var numbers: [DecimalAmount?] = []
            for operand in rule.sums { numbers.append(try evaluator.number(operand, row)) }
            if !areGroupsKnown { change.added.append((index, key, numbers)) }
        }
        if areGroupsKnown {
            guard let place = groups[index].place(of: key), groups[index].firstRow(place) <= number else {
                // The first pass rejected this row, else it would have opened its group: the same steps say why again.
                return try event(rule, row, number, &change)
            }
            if let line = groups[index].refusal(place) {
                throw RowFault("belongs to a group whose event is refused, as said of line \(line)")
            }
            guard groups[index].firstRow(place) == number else { return nil }
            return try groupEvent(rule, row, number, place, &change)
        }
        guard groups[index].place(of: key) == nil else { return nil }
        let event = try event(rule, row, number, &change)
        change.opened.append((index, key, number))
        return event
    }

    /// The event of a group whose sums are known.
    private func groupEvent(
        _ rule: EmitRule, _ row: CSVRow, _ number: Int, _ place: Int, _ change: inout Change
    ) throws(RowFault) -> ImportedEvent {
        guard let sums = groups[rule.number - 1].sums(place) else {
            throw RowFault("a sum of its group has more than 38 digits")
        }
        evaluator.sums = sums
        return try event(rule, row, number, &change)
    }

    /// A row that opened groups, but is rejected now that their sums are known, takes their events with it: their other
    /// rows must say so.
    private func refuseGroups(_ row: CSVRow, _ number: Int) {
        guard areGroupsKnown else { return }
        for (index, rule) in plan.rules.enumerated() where !rule.per.isEmpty {
            guard let key = try? key(rule, row), let place = groups[index].place(of: key),
                groups[index].firstRow(place) == number
            else { continue }
            groups[index].refuse(place, line: row.line)
        }
    }

    private static let one = DecimalAmount(mantissa: 1, scale: 0)

    /// The group's key: its columns' lengths and bytes, so that no two keys run together.
    private func key(_ rule: EmitRule, _ row: CSVRow) throws(RowFault) -> [UInt8] {
        if rule.per.count == 1 {
            guard !row.isEmpty(rule.per[0]) else {
                throw RowFault("\(names(rule.per)) is empty, which `per` groups by")
            }
            return Array(row.field(rule.per[0]))
        }
        guard rule.per.contains(where: { !row.isEmpty($0) }) else {
            throw RowFault("\(names(rule.per)) are empty, which `per` groups by")
        }
        var key: [UInt8] = []
        for column in rule.per { RowIdentity.appendField(row, column, to: &key) }
        return key
    }

    private func names(_ columns: [Int]) -> String {
        columns.map { LineError.printable(plan.header.names[$0]) }.joined(separator: " and ")
    }

    // MARK: One event

    private func event(
        _ rule: EmitRule, _ row: CSVRow, _ number: Int, _ change: inout Change
    ) throws(RowFault) -> ImportedEvent {
        let type: String
        if let constant = rule.constantType { type = constant } else { type = try text(rule.type, "type", row) }
        let subject = try rule.subject.map { value throws(RowFault) in try text(value, "subject", row) }
        let time = try rule.time.map { value throws(RowFault) in try self.time(value, row) }
        var data: [UInt8]?
        if rule.data != nil {
            var json: [UInt8] = []
            json.reserveCapacity(160)
            try evaluator.appendObject(typedMembers(rule, type), row, to: &json)
            guard json.count <= Limits.eventBytesMax else {
                throw RowFault("its data is longer than \(Limits.eventBytesMax >> 10) KiB")
            }
            data = json
        }
        var id: String?
        if let value = rule.id {
            id = try text(value, "id", row) + idSuffix
        } else if makesEvents {
            let identity = RowIdentity(row)
            change.rowHash = identity.short
            id = identity.id(rule: rule.number, ordinal: Int(equalRows[identity.short] ?? 0) + 1) + idSuffix
        }
        let draft = EventDraft(
            id: id, source: plan.source, type: type, subject: subject, time: time, extensions: attributes, data: data)
        do throws(LineError) {
            try draft.check(allowsReservedSource: false)
        } catch {
            throw RowFault(error.message + "; " + error.mend)
        }
        try checkAlone(draft, rule)
        return ImportedEvent(draft: draft, row: number, line: row.line, rule: rule.number)
    }

    private func checkAlone(_ draft: EventDraft, _ rule: EmitRule) throws(RowFault) {
        let found: [CatalogueWarning]
        do {
            found = try check.alone(draft)
        } catch {
            throw RowFault("rule \(rule.number): \(error)")
        }
        for warning in found {
            let text = "\(rule.place): \(warning)"
            if warned.insert(text).inserted { warnings.append(text) }
        }
    }

    /// The text of an attribute, which must be there and within its limits.
    private func text(_ value: Value, _ attribute: String, _ row: CSVRow) throws(RowFault) -> String {
        let text = try evaluator.text(value, row)
        guard !text.allSatisfy(ASCII.isBlank) else {
            throw RowFault("no \(attribute): \(evaluator.describe(value, row)) is empty")
        }
        guard text.count <= Limits.attributeBytesMax else {
            throw RowFault("its \(attribute) is longer than \(Limits.attributeBytesMax) bytes")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func time(_ value: Value, _ row: CSVRow) throws(RowFault) -> String {
        var text: [UInt8] = []
        if case .time(let base, let patterns) = value {
            try evaluator.appendTime(base, patterns, row, isDate: false, to: &text)
        } else {
            try evaluator.appendTime(value, [], row, isDate: false, to: &text)
        }
        guard !text.isEmpty else { throw RowFault("no time: \(evaluator.describe(value, row)) is empty") }
        return String(decoding: text, as: UTF8.self)
    }

    /// The rule's data with the kinds that the catalogue gives for `type`.
    private func typedMembers(_ rule: EmitRule, _ type: String) -> [TypedMember] {
        if let known = membersByRule[rule.number - 1] { return known }
        let name = "\(rule.number) \(type)"
        if let known = members[name] { return known }
        let typed = TypedMember.list(rule.data ?? [], type: type, kinds)
        if members.count < 1_000 { members[name] = typed }
        return typed
    }
}
