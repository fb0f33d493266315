import EventLog

/// The fields of a type, or of an object inside it, made ready to be looked up by bytes.
final class CompiledObject: Sendable {
    /// The most fields one object may define, one bit each.
    static let fieldsMax = 128

    /// The fields, in the catalogue's order.
    let fields: [CompiledField]
    /// A bit for every required field.
    let required: UInt128
    /// For every field that needs another beside it: its number, and the bits of which one must be there.
    let companions: [(field: Int, oneOf: UInt128)]

    init(_ definitions: [FieldDefinition]) {
        fields = definitions.map(CompiledField.init)
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

    /// The number of the field with this key, a JSON string with its quotes; `nil` for an unknown one.
    func number(of key: JSONView) -> Int? {
        let quoted = key.bytes.span
        for (number, field) in fields.enumerated() {
            let name = field.name.span
            guard name.count + 2 == quoted.count else { continue }
            var index = 0
            while index < name.count, name[index] == quoted[index + 1] { index += 1 }
            if index == name.count { return number }
        }
        guard key.plainString == nil, let text = key.string else { return nil }
        return fields.firstIndex { $0.definition.name == text }
    }

    /// The known field that an unknown key is a slip for, perhaps: within two letters, and less than half of them.
    func near(_ key: JSONView) -> CompiledField? {
        let word = Array((key.string ?? "").utf8)
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
struct CompiledField: Sendable {
    let definition: FieldDefinition
    /// The key's bytes.
    let name: [UInt8]
    /// The set of the key's letters.
    let letters: UInt64
    /// What is known to be inside an object.
    let inside: CompiledObject?
    /// The values of a choice.
    let values: [[UInt8]]

    init(_ definition: FieldDefinition) {
        self.definition = definition
        name = Array(definition.name.utf8)
        letters = EditDistance.letters(name)
        inside = definition.fields.isEmpty ? nil : CompiledObject(definition.fields)
        values = definition.values.map { Array($0.utf8) }
    }
}

/// A type, made ready to check events.
final class CompiledType: Sendable {
    let definition: EventTypeDefinition
    let data: CompiledObject
    let isMerge: Bool

    init(_ definition: EventTypeDefinition) {
        self.definition = definition
        data = CompiledObject(definition.fields)
        isMerge = definition.name == "customer.merged"
    }
}
