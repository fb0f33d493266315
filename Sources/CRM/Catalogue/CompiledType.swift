import EventLog

/// A type, made ready to check events.
final class CompiledType: Sendable {
    let subject: SubjectRule
    let data: CompiledObject
    let isMerge: Bool

    init(_ definition: EventTypeDefinition) {
        subject = definition.subject
        data = CompiledObject(definition.fields)
        isMerge = definition.name == "customer.merged"
    }
}

/// The fields of a type, or of an object inside it, made ready to be looked up by bytes.
final class CompiledObject: Sendable {
    /// The most fields one object may define, one bit each.
    static let fieldsMax = 128

    /// The fields, in the catalogue's order.
    let fields: [CompiledField]
    /// The first bytes and the length of every field's key: what is looked at first.
    private let words: [UInt64]
    /// A bit for every required field.
    let required: UInt128
    /// For every field that needs another beside it: its number, and the bits of which one must be there.
    let companions: [(field: Int, oneOf: UInt128)]

    init(_ definitions: [FieldDefinition]) {
        fields = definitions.map(CompiledField.init)
        words = fields.map { field in
            let name = field.name
            return CompiledField.word(name.span)
        }
        var required: UInt128 = 0
        var companions: [(Int, UInt128)] = []
        for (number, definition) in definitions.enumerated() {
            if definition.isRequired { required |= 1 << UInt128(number) }
            guard !definition.needsOneOf.isEmpty else { continue }
            var bits: UInt128 = 0
            for (other, field) in definitions.enumerated() where definition.needsOneOf.contains(field.name) {
                bits |= 1 << UInt128(other)
            }
            companions.append((number, bits))
        }
        self.required = required
        self.companions = companions
    }

    /// The number of the field with this key, given as it stands between its quotes; `nil` for an unknown one.
    func number(of key: Span<UInt8>, isEscaped: Bool) -> Int? {
        guard !isEscaped else {
            let text = JSONText.decodedString(key)
            return fields.firstIndex { $0.definition.name == text }
        }
        let word = CompiledField.word(key)
        for number in words.indices where words[number] == word && fields[number].hasName(key) { return number }
        return nil
    }

    /// The known field that an unknown key is a slip for, perhaps: within two letters, and less than half of them.
    func near(_ key: String) -> CompiledField? {
        let word = Array(key.utf8)
        let letters = EditDistance.letters(word)
        var best: (distance: Int, field: CompiledField)?
        for field in fields where (field.letters ^ letters).nonzeroBitCount <= 4 {
            guard let distance = EditDistance.between(word, field.name, max: 2),
                distance * 2 < max(word.count, field.name.count), distance < best?.distance ?? 3
            else { continue }
            best = (distance, field)
        }
        return best?.field
    }
}

/// One field, made ready to check values.
///
/// A class, so that looking at one copies nothing.
final class CompiledField: Sendable {
    let definition: FieldDefinition
    let kind: FieldKind
    let isRequired: Bool
    let minimum: Int?
    /// The key's bytes.
    let name: [UInt8]
    /// The set of the key's letters.
    let letters: UInt64
    /// What is known to be inside an object.
    let inside: CompiledObject?
    /// The values of a choice.
    private let values: [[UInt8]]

    init(_ definition: FieldDefinition) {
        self.definition = definition
        kind = definition.kind
        isRequired = definition.isRequired
        minimum = definition.minimum
        name = Array(definition.name.utf8)
        letters = EditDistance.letters(name)
        inside = definition.fields.isEmpty ? nil : CompiledObject(definition.fields)
        values = definition.values.map { Array($0.utf8) }
    }

    /// The first eight bytes of a key, its length mixed in.
    @inline(__always)
    static func word(_ key: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(8, key.count) { word = word << 8 | UInt64(key[index]) }
        return word ^ UInt64(key.count) << 56
    }

    @inline(__always)
    func hasName(_ key: Span<UInt8>) -> Bool { isEqual(name, key) }

    /// Whether a JSON value is of the field's kind.
    func holds(_ value: Span<UInt8>, _ currencies: CurrencyCodes) -> Bool {
        let first = value[0]
        let isString = first == UInt8(ascii: "\"")
        let isNumber = first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        switch kind {
        case .text: return isString || isNumber
        case .boolean: return first == UInt8(ascii: "t") || first == UInt8(ascii: "f")
        case .object: return first == UInt8(ascii: "{")
        case .list: return first == UInt8(ascii: "[")
        case .integer:
            return (isString || isNumber) && JSONText.wholeNumber(value.extracting(inner(value, isString))) != nil
        case .decimal: return (isString || isNumber) && decimal(value.extracting(inner(value, isString))) != nil
        case .instant, .date, .currency, .choice:
            guard isString else { return false }
            let text = value.extracting(inner(value, true))
            for index in 0..<text.count where text[index] == UInt8(ascii: "\\") {
                return holdsText(Array(JSONText.decodedString(text).utf8).span, currencies)
            }
            return holdsText(text, currencies)
        }
    }

    /// Whether a number, of the right kind already, is below the minimum.
    func isBelowMinimum(_ value: Span<UInt8>) -> Bool {
        let number = inner(value, value[0] == UInt8(ascii: "\""))
        guard let minimum, let amount = decimal(value.extracting(number)) else { return false }
        return amount < DecimalAmount(Int64(minimum))
    }

    private func holdsText(_ text: Span<UInt8>, _ currencies: CurrencyCodes) -> Bool {
        switch kind {
        case .instant: return (try? Instant(rfc3339: text)) != nil
        case .date: return CivilDate(text) != nil
        case .currency: return currencies.contains(text)
        default:
            for number in values.indices where isEqual(values[number], text) { return true }
            return false
        }
    }

    @inline(__always)
    private func inner(_ value: Span<UInt8>, _ isString: Bool) -> Range<Int> {
        isString ? 1..<max(1, value.count - 1) : 0..<value.count
    }

    @inline(__always)
    private func decimal(_ text: Span<UInt8>) -> DecimalAmount? {
        text.withUnsafeBufferPointer { DecimalAmount(utf8: $0) }
    }

    @inline(__always)
    private func isEqual(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<right.count where left[index] != right[index] { return false }
        return true
    }
}

/// The currency codes, made ready to be looked up by bytes.
final class CurrencyCodes: Sendable {
    private let codes: Set<UInt32>

    init(_ currencies: [String]) {
        codes = Set(currencies.compactMap { CurrencyCodes.packed($0.utf8.span) })
    }

    func contains(_ code: Span<UInt8>) -> Bool { CurrencyCodes.packed(code).map(codes.contains) ?? false }

    /// Three upper-case letters in one number.
    static func packed(_ code: Span<UInt8>) -> UInt32? {
        guard code.count == 3 else { return nil }
        var value: UInt32 = 0
        for index in 0..<3 {
            guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(code[index]) else { return nil }
            value = value << 8 | UInt32(code[index])
        }
        return value
    }
}
