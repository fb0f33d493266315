public import EventLog

extension Catalogue {
    /// Checks an event against its type.
    ///
    /// - Parameters:
    ///   - draft: the event, parsed already.
    ///   - allowPersonalSubject: whether the subject may look like an e-mail address or a phone number; pass true
    ///     also for lines that are restored.
    /// - Returns: fields that are kept, but look like slips.
    /// - Throws: `CatalogueError`, naming the field, its kind and the mend.
    public func validate(
        _ draft: EventDraft, allowPersonalSubject: Bool = false
    ) throws(CatalogueError) -> [CatalogueWarning] {
        if let subject = draft.subject, !allowPersonalSubject { try checkImpersonal(subject, draft.type) }
        guard let type = compiledType(draft.type) else {
            guard isOpen(draft.type) else { throw unknownType(draft.type) }
            return []
        }
        switch type.definition.subject {
        case .required where draft.subject == nil:
            throw CatalogueError(
                code: .subjectMissing, type: draft.type, message: "\(draft.type) has no subject",
                mend: "add \"subject\", the id of the customer it is about")
        case .forbidden where draft.subject != nil:
            throw CatalogueError(
                code: .subjectForbidden, type: draft.type,
                message: "\(draft.type) is about no customer, but has a subject", mend: "leave \"subject\" out")
        default: break
        }
        var check = DataCheck(catalogue: self, type: draft.type)
        try check.check(draft.data, type.data)
        if type.isMerge { try checkMerge(draft) }
        return check.warnings
    }

    private func checkImpersonal(_ subject: String, _ type: String) throws(CatalogueError) {
        guard let look = PersonalSubject.look(of: subject) else { return }
        let field = look == .email ? "data.email" : "data.phone"
        throw CatalogueError(
            code: .personalSubject, type: type, message: "the subject of \(type) looks like \(look.rawValue)",
            mend: "use a customer id and send the value as \(field) of customer.registered or with identity.linked, "
                + "or pass --allow-personal-subject")
    }

    private func unknownType(_ type: String) -> CatalogueError {
        let near = near(type: type)
        let suggestion = near.isEmpty ? "" : "use \(near.joined(separator: " or ")), "
        return CatalogueError(
            code: .unknownType, type: type,
            message: "the type \"\(LineError.printable(type))\" is not in the catalogue",
            mend: suggestion + "add it to catalogue.yaml, or call it x.…")
    }

    private func checkMerge(_ draft: EventDraft) throws(CatalogueError) {
        guard let data = draft.data, let into = JSONView(data)["into"]?.text, into == draft.subject else { return }
        throw CatalogueError(
            code: .selfMerge, type: draft.type, field: "data.into", kind: .text,
            message: "customer.merged merges the customer into itself",
            mend: "name the customer that stays in data.into, and the one that disappears as subject")
    }
}

/// Goes through the `data` of one event.
struct DataCheck {
    let catalogue: Catalogue
    let type: String
    var warnings: [CatalogueWarning] = []

    init(catalogue: Catalogue, type: String) {
        self.catalogue = catalogue
        self.type = type
    }

    mutating func check(_ data: [UInt8]?, _ object: CompiledObject) throws(CatalogueError) {
        guard let data else {
            if object.required != 0 { throw missing(object, object.required, path: "data") }
            return
        }
        let view = JSONView(data)
        guard view.kind == .object else {
            throw CatalogueError(
                code: .dataNotObject, type: type, field: "data", kind: .object,
                message: "data of \(type) is not an object", mend: "send {…} with the fields of \(type)")
        }
        try check(view, object, path: "data")
    }

    private mutating func check(_ view: JSONView, _ object: CompiledObject, path: String) throws(CatalogueError) {
        var seen: UInt128 = 0
        for (key, value) in view.rawMembers {
            guard let number = object.number(of: key) else {
                warn(key, object, path)
                continue
            }
            // Null is absent. In `fields_of` it clears a field, and nothing is required there.
            if value.isNull { continue }
            let field = object.fields[number]
            try check(value, field, path: path)
            seen |= 1 << UInt128(number)
        }
        if object.required & ~seen != 0 { throw missing(object, object.required & ~seen, path: path) }
        for companion in object.companions
        where seen & (1 << UInt128(companion.field)) != 0 && seen & companion.oneOf == 0 {
            throw lacksCompanion(object.fields[companion.field].definition, path: path)
        }
    }

    private mutating func check(_ value: JSONView, _ field: CompiledField, path: String) throws(CatalogueError) {
        let definition = field.definition
        guard FieldCheck.holds(value, field, catalogue) else { throw wrongKind(value, definition, path: path) }
        if definition.isRequired, value.bytes.count == 2, value.kind == .string {
            throw CatalogueError(
                code: .missingField, type: type, field: "\(path).\(definition.name)", kind: definition.kind,
                message: "\(path).\(definition.name) of \(type) is empty", mend: "give it a value")
        }
        if let minimum = definition.minimum, FieldCheck.isLess(value, than: minimum) {
            throw CatalogueError(
                code: .tooSmall, type: type, field: "\(path).\(definition.name)", kind: definition.kind,
                message: "\(path).\(definition.name) of \(type) is \(value.text ?? ""), less than \(minimum)",
                mend: "write it as \(minimum) or more")
        }
        if let inside = field.inside { try check(value, inside, path: "\(path).\(definition.name)") }
    }

    private mutating func warn(_ key: JSONView, _ object: CompiledObject, _ path: String) {
        guard let near = object.near(key) else { return }
        let name = LineError.printable(key.string ?? "", max: 40)
        warnings.append(
            CatalogueWarning(type: type, field: "\(path).\(name)", near: "\(path).\(near.definition.name)"))
    }
}

// MARK: - Errors

extension DataCheck {
    private func missing(_ object: CompiledObject, _ bits: UInt128, path: String) -> CatalogueError {
        let definition = object.fields[bits.trailingZeroBitCount].definition
        let field = "\(path).\(definition.name)"
        let slip = warnings.first { $0.near == field }
        return CatalogueError(
            code: .missingField, type: type, field: field, kind: definition.kind,
            message: "\(type) needs \(field) (\(definition.kind.rawValue))",
            mend: slip.map { "rename \($0.field)" } ?? "add \"\(definition.name)\" to \(path)")
    }

    private func lacksCompanion(_ definition: FieldDefinition, path: String) -> CatalogueError {
        let field = "\(path).\(definition.name)"
        let wanted = definition.needsOneOf.map { "\(path).\($0)" }.joined(separator: " or ")
        let hint = definition.needsOneOf.contains("currency") ? ", as in \"currency\":\"CNY\"" : ""
        return CatalogueError(
            code: .missingCompanion, type: type, field: field, kind: definition.kind,
            message: "\(field) of \(type) needs \(wanted) beside it", mend: "add it" + hint)
    }

    private func wrongKind(_ value: JSONView, _ definition: FieldDefinition, path: String) -> CatalogueError {
        let field = "\(path).\(definition.name)"
        // A personal value stays out of messages, and so out of other people's logs.
        let shown = definition.isPersonal ? "" : " \(LineError.printable(value.jsonText, max: 40)),"
        return CatalogueError(
            code: .wrongKind, type: type, field: field, kind: definition.kind,
            message: "\(field) of \(type) is\(shown) not \(definition.kind.words)"
                + (definition.kind == .choice ? " of " + definition.values.joined(separator: ", ") : ""),
            mend: mend(definition, value))
    }

    private func mend(_ definition: FieldDefinition, _ value: JSONView) -> String {
        switch definition.kind {
        case .text: return "put it in double quotes"
        case .integer: return "write a whole number, as 3"
        case .decimal: return "write digits with a point, as 129.90 or \"129.90\""
        case .boolean: return "write true or false, without quotes"
        case .instant: return "write it with a zone, as \"2026-03-01T08:30:00+08:00\""
        case .date: return "write it as \"2026-03-01\""
        case .currency: return "write the ISO 4217 code, as \"CNY\""
        case .object: return "send {…}"
        case .list: return "send […]"
        case .choice:
            let word = Array((value.string ?? "").lowercased().utf8)
            let near = definition.values.first { EditDistance.between(word, Array($0.utf8), max: 2) != nil }
            return "write " + (near.map { "\"\($0)\"" } ?? "one of them")
        }
    }
}

/// Whether a value is of a kind.
enum FieldCheck {
    static func holds(_ value: JSONView, _ field: CompiledField, _ catalogue: Catalogue) -> Bool {
        let kind = value.kind
        switch field.definition.kind {
        case .text: return kind == .string || kind == .number
        case .integer: return value.integer != nil
        case .decimal: return (kind == .string || kind == .number) && DecimalAmount(value) != nil
        case .boolean: return kind == .boolean
        case .object: return kind == .object
        case .list: return kind == .array
        case .instant, .date, .currency, .choice:
            guard kind == .string else { return false }
            if let text = value.plainString { return holds(text.span, field, catalogue) }
            return holds(Array((value.string ?? "").utf8).span, field, catalogue)
        }
    }

    private static func holds(_ text: Span<UInt8>, _ field: CompiledField, _ catalogue: Catalogue) -> Bool {
        switch field.definition.kind {
        case .instant: return (try? Instant(rfc3339: text)) != nil
        case .date: return CivilDate(text) != nil
        case .currency: return catalogue.isCurrency(text)
        default: return field.values.contains { isEqual($0.span, text) }
        }
    }

    private static func isEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    static func isLess(_ value: JSONView, than minimum: Int) -> Bool {
        guard let amount = DecimalAmount(value) else { return false }
        return amount < DecimalAmount(Int64(minimum))
    }
}
