import Yams

// The fields of a type, and what may be changed of a field that is there already.

extension CatalogueBuilder {
    private static let fieldKeys = [
        "kind", "required", "personal", "values", "minimum", "needs_one_of", "fields", "fields_of",
    ]

    /// `known` with the fields of a file added.
    mutating func fields(
        _ node: Node, _ entry: String, known: [FieldDefinition], isBuiltIn: Bool
    ) -> [FieldDefinition] {
        guard let entries = node.mapping else {
            report(node, entry, "not a list of fields", "write name: {kind: text} for each field")
            return known
        }
        var result = known
        for (keyNode, value) in entries {
            let name = keyNode.scalar?.string ?? ""
            let place = "\(entry).\(name)"
            guard Self.isName(name.utf8) else {
                report(keyNode, place, "no name for a field", "use small letters, digits and _")
                continue
            }
            guard let keys = mapping(value, place, Self.fieldKeys) else { continue }
            if let number = result.firstIndex(where: { $0.name == name }) {
                result[number] = tightened(result[number], keys, place, isBuiltIn: isBuiltIn)
            } else if let field = newField(name, keys, value, place, isBuiltIn: isBuiltIn) {
                result.append(field)
            }
        }
        checkCompanions(result, entries, entry)
        if result.count > CompiledObject.fieldsMax {
            report(node, entry, "more than \(CompiledObject.fieldsMax) fields", "put some into an object")
            result.removeLast(result.count - CompiledObject.fieldsMax)
        }
        return result
    }

    private mutating func checkCompanions(
        _ fields: [FieldDefinition], _ entries: Node.Mapping, _ entry: String
    ) {
        for (keyNode, value) in entries {
            guard let field = fields.first(where: { $0.name == keyNode.scalar?.string }) else { continue }
            for other in field.needsOneOf where !fields.contains(where: { $0.name == other }) {
                report(
                    value, "\(entry).\(field.name).needs_one_of", "there is no field \"\(other)\"",
                    "name fields of the same type")
            }
        }
    }

    private mutating func newField(
        _ name: String, _ keys: [(String, Node)], _ node: Node, _ place: String, isBuiltIn: Bool
    ) -> FieldDefinition? {
        guard let kindNode = keys.first(where: { $0.0 == "kind" })?.1 else {
            report(node, place, "the field has no kind", "add kind: text, or another of \(Self.kinds)")
            return nil
        }
        guard let kind = kind(kindNode, place) else { return nil }
        var field = FieldDefinition(name: name, kind: kind)
        field.isBuiltIn = isBuiltIn
        for (key, value) in keys where key != "kind" { set(key, value, of: &field, place) }
        if kind == .choice, field.values.isEmpty {
            report(node, place, "the choice has no values", "add values: [a, b]")
        }
        return field
    }

    private mutating func set(_ key: String, _ value: Node, of field: inout FieldDefinition, _ place: String) {
        let entry = "\(place).\(key)"
        switch key {
        case "required": field.isRequired = flag(value, entry) ?? false
        case "personal": field.isPersonal = flag(value, entry) ?? false
        case "needs_one_of": field.needsOneOf = strings(value, entry) ?? []
        case "values":
            field.values = strings(value, entry) ?? []
            fits(field, [.choice], value, entry)
        case "minimum":
            field.minimum = value.scalar.flatMap { Int($0.string) }
            if field.minimum == nil { report(value, entry, "no whole number", "write it as 0") }
            fits(field, [.integer, .decimal], value, entry)
        case "fields":
            field.fields = fields(value, entry, known: field.fields, isBuiltIn: field.isBuiltIn)
            fits(field, [.object], value, entry)
        default:
            field.fieldsOf = value.scalar?.string
            fits(field, [.object], value, entry)
            if field.fieldsOf.flatMap({ numbers[$0] }) == nil {
                report(value, entry, "there is no such type above", "name a type that is defined before this one")
            }
        }
    }

    /// A field that is there already, made stricter; everything else contradicts it.
    private mutating func tightened(
        _ field: FieldDefinition, _ keys: [(String, Node)], _ place: String, isBuiltIn: Bool
    ) -> FieldDefinition {
        var result = field
        for (key, value) in keys {
            switch key {
            case "kind":
                guard let kind = kind(value, place), kind != field.kind else { break }
                contradicts(value, "\(place).kind", "the field is \(field.kind.rawValue) already")
            case "required":
                let flag = flag(value, "\(place).required") ?? field.isRequired
                if field.isRequired, !flag { contradicts(value, "\(place).required", "the field is required already") }
                result.isRequired = field.isRequired || flag
            case "personal":
                let flag = flag(value, "\(place).personal") ?? field.isPersonal
                if field.isPersonal, !flag { contradicts(value, "\(place).personal", "the field is personal already") }
                result.isPersonal = field.isPersonal || flag
            case "fields" where field.kind == .object:
                result.fields = fields(value, "\(place).fields", known: field.fields, isBuiltIn: isBuiltIn)
            case "values":
                let values = strings(value, "\(place).values") ?? field.values
                guard values != field.values else { break }
                contradicts(value, "\(place).values", "the values are \(field.values.joined(separator: ", ")) already")
            default:
                var other = field
                set(key, value, of: &other, place)
                if other != field { contradicts(value, "\(place).\(key)", "the field has another \(key) already") }
            }
        }
        return result
    }

    private mutating func contradicts(_ node: Node, _ entry: String, _ message: String) {
        report(node, entry, message, "leave it out, or add a field of another name")
    }

    private mutating func fits(_ field: FieldDefinition, _ kinds: [FieldKind], _ node: Node, _ entry: String) {
        guard !kinds.contains(field.kind) else { return }
        let words = kinds.map(\.rawValue).joined(separator: " or ")
        report(node, entry, "only \(words) can have it, and the field is \(field.kind.rawValue)", "leave it out")
    }

    mutating func kind(_ node: Node, _ place: String) -> FieldKind? {
        if let kind = node.scalar.flatMap({ FieldKind(rawValue: $0.string) }) { return kind }
        report(
            node, "\(place).kind", "unknown kind\(node.scalar.map { " \"\($0.string)\"" } ?? "")",
            "use one of \(Self.kinds)")
        return nil
    }
}
