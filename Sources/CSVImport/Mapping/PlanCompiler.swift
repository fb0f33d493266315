import EventLog

/// Reads a mapping and binds it to a file's header.
struct PlanCompiler {
    private let root: MappingNode
    private let parts: [String: MappingNode]
    var values: ValueCompiler
    var skipFirsts: [FirstOf] = []
    var emitFirsts: [FirstOf] = []
    var warnings: [String] = []
    let kinds: any FieldKinds

    private static let keys = ["file", "source", "zone", "lookup", "defaults", "skip", "emit"]
    private static let defaultKeys = ["type", "id", "subject", "time", "data"]
    private static let ruleKeys = ["when", "otherwise", "per"] + defaultKeys

    /// The mapping's top level, checked, before any file is read.
    struct Outline {
        let root: MappingNode
        let parts: [String: MappingNode]
        let options: FileOptions
        let zone: String?

        init(yaml: String, file: String) throws(ImportError) {
            root = try MappingNode.root(yaml: yaml, file: file)
            parts = try root.requireMembers(PlanCompiler.keys)
            options =
                try parts["file"].map { node throws(ImportError) in
                    try FileOptions(try node.requireMembers(FileOptions.keys))
                } ?? FileOptions()
            zone = try parts["zone"].map { node throws(ImportError) in try PlanCompiler.zone(node) }
        }
    }

    private static func zone(_ node: MappingNode) throws(ImportError) -> String {
        let name = try node.requireText("a zone, as in Europe/London")
        guard ZoneClock(name) != nil else {
            let near = ZoneClock.suggestions(for: name).joined(separator: ", ")
            throw node.error(
                "no zone \"\(LineError.printable(name))\"; name it as in \(near), or as an offset, \"+08:00\"")
        }
        return name
    }

    /// The plan for a file with this header.
    ///
    /// Lookup files stand beside the mapping, in `folder`.
    static func plan(
        _ outline: Outline, header: Header, folder: String, kinds: any FieldKinds
    ) throws(ImportError) -> ImportPlan {
        var compiler = PlanCompiler(outline, header: header, kinds: kinds)
        compiler.values.lookups = try compiler.lookups(folder: folder)
        let source = try compiler.source()
        let skips = try compiler.skips()
        let rules = try compiler.rules()
        return ImportPlan(
            source: source, zone: outline.zone, options: outline.options, header: header, skips: skips, rules: rules,
            skipFirsts: compiler.skipFirsts, emitFirsts: compiler.emitFirsts,
            warnings: compiler.warnings)
    }

    private init(_ outline: Outline, header: Header, kinds: any FieldKinds) {
        root = outline.root
        parts = outline.parts
        self.kinds = kinds
        values = ValueCompiler(header: header, hasZone: outline.zone != nil)
    }

    private func source() throws(ImportError) -> String {
        guard let node = parts["source"] else {
            throw root.error("`source` is missing: the sender of these events, as in `source: /shop`")
        }
        let source = try node.requireText("text, as in /shop")
        do {
            try EventDraft(id: "1", source: source, type: "x.check", subject: nil).check(allowsReservedSource: false)
        } catch {
            throw node.error(error.message + "; " + error.mend)
        }
        return source
    }

    private func lookups(folder: String) throws(ImportError) -> [String: LookupTable] {
        guard let node = parts["lookup"] else { return [:] }
        guard let members = node.members else { throw node.error("must be {NAME: {file: F.csv, key: COLUMN}}") }
        var tables: [String: LookupTable] = [:]
        for (name, child) in members { tables[name] = try LookupLoader.load(name, child, folder: folder) }
        return tables
    }

    // MARK: Rules

    private mutating func skips() throws(ImportError) -> [SkipRule] {
        guard let node = parts["skip"], !node.isNull else { return [] }
        guard node.isList else {
            throw node.error("must be a list, as in `- {when: {customer: \"\"}, reason: no customer}`")
        }
        var skips: [SkipRule] = []
        for element in node.elements {
            let parts = try element.requireMembers(["when", "reason"])
            guard let when = parts["when"] else { throw element.error("needs `when`: which rows to skip") }
            let reason = try parts["reason"].map { node throws(ImportError) in try node.requireText("a few words") }
            skips.append(
                SkipRule(condition: try condition(when, isSkip: true), reason: reason ?? "skip rule \(skips.count + 1)")
            )
        }
        return skips
    }

    private mutating func rules() throws(ImportError) -> [EmitRule] {
        guard let node = parts["emit"], !node.isNull else {
            throw root.error(
                "`emit` is missing: a list of rules, as in `- {type: purchase.completed, subject: \"{customer}\", …}`")
        }
        guard node.isList, !node.elements.isEmpty else { throw node.error("must be a list of at least one rule") }
        let defaults =
            try parts["defaults"].map { node throws(ImportError) in try node.requireMembers(Self.defaultKeys) } ?? [:]
        var rules: [EmitRule] = []
        for (index, element) in node.elements.enumerated() {
            rules.append(try rule(element, number: index + 1, defaults: defaults))
        }
        try checkIDs(node.elements, defaults["id"])
        return rules
    }

    private mutating func rule(
        _ node: MappingNode, number: Int, defaults: [String: MappingNode]
    ) throws(ImportError) -> EmitRule {
        let own = try node.requireMembers(Self.ruleKeys)
        let parts = defaults.merging(own) { $1 }
        var per: [Int] = []
        for element in parts["per"]?.elements ?? [] {
            per.append(try values.column(try element.requireText("a column's name"), element))
        }
        values.isGrouped = !per.isEmpty
        values.sums = nil
        let condition =
            try own["when"].map { node throws(ImportError) in try self.condition(node, isSkip: false) } ?? Condition()
        let isOtherwise = try own["otherwise"].map { node throws(ImportError) in try node.requireBoolean() } ?? false
        guard let typeNode = parts["type"] else {
            throw node.error("`type` is missing, as in `type: purchase.completed`")
        }
        let type = try values.value(typeNode, .template)
        let id = try optional(parts["id"])
        let subject = try optional(parts["subject"])
        let time = try optional(parts["time"])
        if let time, let timeNode = parts["time"] { try checkZone(time, timeNode) }
        values.sums = []
        let data = try members(defaults["data"], own["data"])
        let sums = values.sums ?? []
        values.sums = nil
        warnOfConstants(parts, node, hasTime: time != nil)
        let types = try self.types(type, typeNode, fields: (data ?? []).map(\.name), hasSubject: subject != nil)
        try checkObjects([defaults["data"], own["data"]].compactMap { $0 }, types: types)
        return EmitRule(
            number: number, condition: condition, isOtherwise: isOtherwise, per: per, type: type, id: id,
            subject: subject, time: time, data: data, sums: sums, types: types, place: node.place)
    }

    /// A value that may be missing or, over a default, taken away with `""` or `~`.
    private mutating func optional(_ node: MappingNode?) throws(ImportError) -> Value? {
        guard let node else { return nil }
        let value = try values.value(node, .template)
        switch value {
        case .object, .list: throw node.error("must be one text, not an object or a list")
        default: return value.constantText == "" ? nil : value
        }
    }

    /// The types that a rule can give, each asked of the catalogue.
    private func types(
        _ type: Value, _ node: MappingNode, fields: [String], hasSubject: Bool
    ) throws(ImportError) -> [String] {
        var types: [String] = []
        if let text = type.constantText { types = [text] }
        if case .mapped(_, let map) = type {
            types = map.targets.compactMap(\.constantText).filter { !$0.isEmpty }.sorted()
        }
        for text in types {
            guard !text.isEmpty else { throw node.error("must not be empty") }
            if let objection = kinds.objection(toType: text, fields: fields, hasSubject: hasSubject) {
                throw node.error(objection)
            }
        }
        return types
    }

    private func checkZone(_ time: Value, _ node: MappingNode) throws(ImportError) {
        guard !values.hasZone, case .time(_, let patterns) = time,
            let pattern = patterns.first(where: { !$0.hasZone })
        else { return }
        throw node.error(
            "the format \"\(pattern.text)\" carries no zone; say which at the mapping's top, as in `zone: Europe/London`"
        )
    }

    /// `data` of the defaults, then of the rule; a key of the rule takes the place of the same key of the defaults.
    private mutating func members(_ defaults: MappingNode?, _ own: MappingNode?) throws(ImportError) -> [Member]? {
        guard defaults != nil || own != nil else { return nil }
        var merged: [(key: String, value: MappingNode)] = []
        for node in [defaults, own].compactMap({ $0 }) where !node.isNull {
            guard let members = node.members else { throw node.error("must be a mapping from a field to its value") }
            for member in members {
                if let index = merged.firstIndex(where: { $0.key == member.key }) {
                    merged[index].value = member.value
                } else {
                    merged.append(member)
                }
            }
        }
        var result: [Member] = []
        for (key, node) in merged { result.append(try values.member(key, node)) }
        return result
    }
}
