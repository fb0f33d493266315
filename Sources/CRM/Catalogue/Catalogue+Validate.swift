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
        switch type.subject {
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
        var check = DataCheck(currencies: currencyCodes, type: draft.type)
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
        guard let data = draft.data, let into = JSONView(data)["into"]?.text,
            into.utf8.elementsEqual((draft.subject ?? "").utf8)
        else { return }
        throw CatalogueError(
            code: .selfMerge, type: draft.type, field: "data.into", kind: .text,
            message: "customer.merged merges the customer into itself",
            mend: "name the customer that stays in data.into, and the one that disappears as subject")
    }
}

/// Goes through the `data` of one event.
struct DataCheck {
    /// Where a check is: in `data`, or in an object inside it.
    ///
    /// Spelled out only in messages.
    indirect enum Place {
        case data
        case inside(CompiledField, Place)

        var path: String {
            switch self {
            case .data: "data"
            case .inside(let field, let outer): outer.path + "." + field.definition.name
            }
        }
    }

    let currencies: CurrencyCodes
    let type: String
    var warnings: [CatalogueWarning] = []

    init(currencies: CurrencyCodes, type: String) {
        self.currencies = currencies
        self.type = type
    }

    mutating func check(_ data: [UInt8]?, _ object: CompiledObject) throws(CatalogueError) {
        guard let data else {
            if object.required != 0 { throw missing(object, object.required, .data) }
            return
        }
        guard data.first == UInt8(ascii: "{") else {
            throw CatalogueError(
                code: .dataNotObject, type: type, field: "data", kind: .object,
                message: "data of \(type) is not an object", mend: "send {…} with the fields of \(type)")
        }
        try check(data.span, object, .data)
    }

    private mutating func check(
        _ text: Span<UInt8>, _ object: CompiledObject, _ place: Place
    ) throws(CatalogueError) {
        var seen: UInt128 = 0
        var cursor = JSONCursor()
        while let member = cursor.next(in: text) {
            let key = text.extracting(member.key)
            guard let number = object.number(of: key, isEscaped: member.isKeyEscaped) else {
                warn(key, object, place)
                continue
            }
            let value = text.extracting(member.value)
            // Null is absent. In `fields_of` it clears a field, and nothing is required there.
            if value[0] == UInt8(ascii: "n") { continue }
            try check(value, object.fields[number], place)
            seen |= 1 << UInt128(number)
        }
        if object.required & ~seen != 0 { throw missing(object, object.required & ~seen, place) }
        for companion in object.companions
        where seen & (1 << UInt128(companion.field)) != 0 && seen & companion.oneOf == 0 {
            throw lacksCompanion(object.fields[companion.field].definition, place)
        }
    }

    private mutating func check(
        _ value: Span<UInt8>, _ field: CompiledField, _ place: Place
    ) throws(CatalogueError) {
        guard field.holds(value, currencies) else { throw wrongKind(value, field.definition, place) }
        if field.isRequired, value.count == 2, value[0] == UInt8(ascii: "\"") { throw empty(field.definition, place) }
        if field.minimum != nil, field.isBelowMinimum(value) { throw tooSmall(value, field.definition, place) }
        if let inside = field.inside { try check(value, inside, .inside(field, place)) }
    }

    private mutating func warn(_ key: Span<UInt8>, _ object: CompiledObject, _ place: Place) {
        let name = JSONText.decodedString(key)
        guard let near = object.near(name) else { return }
        warnings.append(
            CatalogueWarning(
                type: type, field: "\(place.path).\(LineError.printable(name, max: 40))",
                near: "\(place.path).\(near.definition.name)"))
    }
}

// MARK: - Errors

extension DataCheck {
    private func missing(_ object: CompiledObject, _ bits: UInt128, _ place: Place) -> CatalogueError {
        let path = place.path
        let definition = object.fields[bits.trailingZeroBitCount].definition
        let field = "\(path).\(definition.name)"
        let slip = warnings.first { $0.near == field }
        return CatalogueError(
            code: .missingField, type: type, field: field, kind: definition.kind,
            message: "\(type) needs \(field) (\(definition.kind.rawValue))",
            mend: slip.map { "rename \($0.field)" } ?? "add \"\(definition.name)\" to \(path)")
    }

    private func lacksCompanion(_ definition: FieldDefinition, _ place: Place) -> CatalogueError {
        let path = place.path
        let field = "\(path).\(definition.name)"
        let wanted = definition.needsOneOf.map { "\(path).\($0)" }.joined(separator: " or ")
        let hint = definition.needsOneOf.contains("currency") ? ", as in \"currency\":\"CNY\"" : ""
        return CatalogueError(
            code: .missingCompanion, type: type, field: field, kind: definition.kind,
            message: "\(field) of \(type) needs \(wanted) beside it", mend: "add it" + hint)
    }

    private func empty(_ definition: FieldDefinition, _ place: Place) -> CatalogueError {
        let field = "\(place.path).\(definition.name)"
        return CatalogueError(
            code: .missingField, type: type, field: field, kind: definition.kind,
            message: "\(field) of \(type) is empty", mend: "give it a value")
    }

    private func tooSmall(
        _ value: Span<UInt8>, _ definition: FieldDefinition, _ place: Place
    ) -> CatalogueError {
        let field = "\(place.path).\(definition.name)"
        let minimum = definition.minimum ?? 0
        return CatalogueError(
            code: .tooSmall, type: type, field: field, kind: definition.kind,
            message: "\(field) of \(type) is \(view(value).text ?? ""), less than \(minimum)",
            mend: "write it as \(minimum) or more")
    }

    private func view(_ value: Span<UInt8>) -> JSONView { JSONView(value.withUnsafeBufferPointer { Array($0) }) }

    private func wrongKind(
        _ text: Span<UInt8>, _ definition: FieldDefinition, _ place: Place
    ) -> CatalogueError {
        let field = "\(place.path).\(definition.name)"
        let value = view(text)
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
        case .integer: return "write it as 3"
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
