import Yams

/// Reads catalogue files and puts them together.
///
/// Collects problems rather than stopping at the first.
struct CatalogueBuilder {
    /// What is wrong so far, in the order in which it was found.
    private var found: [CatalogueProblem] = []
    private var types: [EventTypeDefinition] = []
    private var numbers: [String: Int] = [:]
    private var open: [String] = []
    private var currencies: [String] = []

    /// What is wrong so far, from top to bottom.
    var problems: [CatalogueProblem] {
        // Sorted by place too, since sorting need not keep the order of equal lines.
        found.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    /// Adds one file.
    mutating func add(_ yaml: String, isBuiltIn: Bool) {
        guard let root = compose(yaml) else { return }
        guard let keys = mapping(root, "", ["version", "open", "types", "currencies"]) else { return }
        for (key, value) in keys {
            switch key {
            case "version":
                guard value.scalar?.string != "1" else { break }
                report(value, key, "this is another version's catalogue", "write version: 1")
            case "open":
                guard isBuiltIn else {
                    report(value, key, "only the built-in catalogue opens families", "call your open types x.…")
                    break
                }
                open += strings(value, key) ?? []
            case "currencies": addCurrencies(value)
            default: addTypes(value, isBuiltIn: isBuiltIn)
            }
        }
    }

    /// The catalogue of all files added.
    mutating func build() -> Catalogue {
        for number in types.indices { types[number].fields = types[number].fields.map { resolved($0, depth: 0) } }
        return Catalogue(types: types, openFamilies: open, currencies: currencies)
    }

    /// `field` with what `fields_of` stands for.
    private func resolved(_ field: FieldDefinition, depth: Int) -> FieldDefinition {
        var field = field
        if let type = field.fieldsOf, let number = numbers[type], depth < 4 {
            // Companions are dropped too: an update may bring one without the other.
            field.fields = types[number].fields.map { inner in
                var inner = inner
                inner.isRequired = false
                inner.needsOneOf = []
                return inner
            }
        }
        field.fields = field.fields.map { resolved($0, depth: depth + 1) }
        return field
    }

    private mutating func addCurrencies(_ node: Node) {
        guard let codes = node.sequence else {
            report(node, "currencies", "not a list", "write currencies: [ABC]")
            return
        }
        for code in codes {
            guard let text = code.scalar?.string, CurrencyCodes.packed(text.utf8.span) != nil else {
                report(code, "currencies", "not a currency code", "write three upper-case letters")
                continue
            }
            if !currencies.contains(text) { currencies.append(text) }
        }
    }
}

// MARK: - Types

extension CatalogueBuilder {
    private mutating func addTypes(_ node: Node, isBuiltIn: Bool) {
        guard let entries = node.mapping else {
            report(node, "types", "not a list of types", "write types:, and below it name: {summary: …, fields: …}")
            return
        }
        for (keyNode, value) in entries {
            let name = keyNode.scalar?.string ?? ""
            let entry = "types.\(name)"
            guard Self.isTypeName(name) else {
                report(
                    keyNode, entry, "no name for a type", "write it as thing.happened, in small letters, digits and _")
                continue
            }
            guard let keys = mapping(value, entry, ["summary", "subject", "fields"]) else { continue }
            if let number = numbers[name] {
                extend(number, keys, entry, isBuiltIn: isBuiltIn)
            } else {
                var type = EventTypeDefinition(name: name, summary: "")
                type.isBuiltIn = isBuiltIn
                addNew(&type, keys, value, entry)
            }
        }
    }

    private mutating func addNew(
        _ type: inout EventTypeDefinition, _ keys: [(String, Node)], _ node: Node, _ entry: String
    ) {
        for (key, value) in keys {
            switch key {
            case "summary": type.summary = text(value, "\(entry).summary") ?? ""
            case "subject": type.subject = subjectRule(value, entry) ?? .required
            default: type.fields = fields(value, "\(entry).fields", known: [], isBuiltIn: type.isBuiltIn)
            }
        }
        if type.summary.isEmpty, !keys.contains(where: { $0.0 == "summary" }) {
            report(node, entry, "the type has no summary", "add summary: what happened, in one sentence")
        }
        numbers[type.name] = types.count
        types.append(type)
    }

    /// Adds fields to a type that is there already; nothing may be taken back.
    private mutating func extend(_ number: Int, _ keys: [(String, Node)], _ entry: String, isBuiltIn: Bool) {
        for (key, value) in keys {
            switch key {
            case "summary": types[number].summary = text(value, "\(entry).summary") ?? types[number].summary
            case "subject":
                guard let rule = subjectRule(value, entry), rule != types[number].subject else { break }
                report(
                    value, "\(entry).subject", "the subject of this type is \(types[number].subject.rawValue)",
                    "leave it out, or define a type of your own")
            default:
                types[number].fields = fields(
                    value, "\(entry).fields", known: types[number].fields, isBuiltIn: isBuiltIn)
            }
        }
    }

    private mutating func subjectRule(_ node: Node, _ entry: String) -> SubjectRule? {
        if let rule = node.scalar.flatMap({ SubjectRule(rawValue: $0.string) }) { return rule }
        report(node, "\(entry).subject", "no rule for subjects", "write required, optional or forbidden")
        return nil
    }

    private static func isTypeName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count >= 2 && name.utf8.count <= 128 && parts.allSatisfy { isName($0) }
    }

    fileprivate static func isName(_ name: some Collection<UInt8>) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}

// MARK: - Fields

extension CatalogueBuilder {
    private static let fieldKeys = [
        "kind", "required", "personal", "values", "minimum", "needs_one_of", "fields", "fields_of",
    ]

    /// `known` with the fields of a file added.
    private mutating func fields(
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
}

// MARK: - YAML

extension CatalogueBuilder {
    private static let kinds = FieldKind.allCases.map(\.rawValue).joined(separator: ", ")

    private mutating func compose(_ yaml: String) -> Node? {
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return nil }
            return root
        } catch let error as YamlError {
            found.append(Self.problem(error))
        } catch {
            found.append(
                CatalogueProblem(line: nil, entry: "", message: "not YAML: \(error)", mend: "write it like the example")
            )
        }
        return nil
    }

    private static func problem(_ error: YamlError) -> CatalogueProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            CatalogueProblem(
                line: mark.line, entry: "", message: "not YAML: \(problem) at column \(mark.column)",
                mend: "check indentation, colons and quotes there")
        case .duplicatedKeysInMapping(let duplicates, let context):
            CatalogueProblem(
                line: context.mark.line, entry: duplicates.joined(separator: ", "),
                message: "the key is there twice in what starts here", mend: "keep one of them")
        default:
            CatalogueProblem(
                line: nil, entry: "", message: "not YAML in UTF-8", mend: "save the file as YAML in UTF-8")
        }
    }

    /// The members of a mapping whose keys must be among `known`.
    ///
    /// An empty value is an empty mapping.
    private mutating func mapping(_ node: Node, _ entry: String, _ known: [String]) -> [(String, Node)]? {
        if let text = node.scalar?.string, text.isEmpty || text == "~" || text == "null" { return [] }
        guard let members = node.mapping else {
            report(node, entry, "not a list of keys and values", "write {\(known.joined(separator: ": …, ")): …}")
            return nil
        }
        var result: [(String, Node)] = []
        for (keyNode, value) in members {
            let key = keyNode.scalar?.string ?? ""
            guard known.contains(key) else {
                let bytes = Array(key.utf8)
                let near = known.first { EditDistance.between(bytes, Array($0.utf8), max: 2) != nil }
                let all = known.joined(separator: ", ")
                report(
                    keyNode, entry.isEmpty ? key : "\(entry).\(key)", "unknown key",
                    near.map { "write \($0)" } ?? "use \(all)")
                continue
            }
            result.append((key, value))
        }
        return result
    }

    private mutating func kind(_ node: Node, _ place: String) -> FieldKind? {
        if let kind = node.scalar.flatMap({ FieldKind(rawValue: $0.string) }) { return kind }
        report(
            node, "\(place).kind", "unknown kind\(node.scalar.map { " \"\($0.string)\"" } ?? "")",
            "use one of \(Self.kinds)")
        return nil
    }

    private mutating func text(_ node: Node, _ entry: String) -> String? {
        if let text = node.scalar?.string, !text.isEmpty { return text }
        report(node, entry, "no text", "write one sentence")
        return nil
    }

    private mutating func flag(_ node: Node, _ entry: String) -> Bool? {
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            report(node, entry, "neither true nor false", "write true or false")
            return nil
        }
    }

    private mutating func strings(_ node: Node, _ entry: String) -> [String]? {
        let texts = node.sequence?.map { $0.scalar?.string ?? "" } ?? []
        if !texts.isEmpty, !texts.contains("") { return texts }
        report(node, entry, "not a list of texts", "write it as [a, b]")
        return nil
    }

    private mutating func report(_ node: Node, _ entry: String, _ message: String, _ mend: String) {
        found.append(CatalogueProblem(line: node.mark?.line, entry: entry, message: message, mend: mend))
    }
}
