import Yams

/// Reads catalogue files and puts them together.
///
/// Collects problems rather than stopping at the first.
struct CatalogueBuilder: DefinitionReading {
    static let kinds = FieldKind.allCases.map(\.rawValue).joined(separator: ", ")

    /// What is wrong so far, in the order in which it was found.
    var found: [DefinitionProblem] = []
    private var types: [EventTypeDefinition] = []
    private(set) var numbers: [String: Int] = [:]
    private var open: [String] = []
    private var currencies: [String] = []

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

    static func isName(_ name: some Collection<UInt8>) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
