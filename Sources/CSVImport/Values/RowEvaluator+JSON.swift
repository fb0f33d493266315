import CRM
import EventLog

/// A member of `data` and what the catalogue says it holds in events of one type.
///
/// A class, because rows walk over lists of it, and a struct of so many parts is dear to copy.
final class TypedMember {
    let member: Member
    let kind: FieldKind?
    /// The members of an object that the mapping spells out.
    let inside: [TypedMember]

    init(_ member: Member, _ kind: FieldKind?, inside: [TypedMember] = []) {
        self.member = member
        self.kind = kind
        self.inside = inside
    }

    /// The members with their kinds; `prefix` is the path of the object that they are in, with a point.
    static func list(_ members: [Member], type: String, prefix: String = "", _ kinds: any FieldKinds) -> [TypedMember] {
        members.map { member in
            var inside: [TypedMember] = []
            if case .object(let children) = member.value {
                inside = list(children, type: type, prefix: prefix + member.name + ".", kinds)
            }
            let kind = kinds.kind(ofField: prefix + member.name, inType: type)
            return TypedMember(member, kind, inside: inside)
        }
    }
}

extension RowEvaluator {
    /// Appends the JSON object of these members; those with empty values are left out.
    func appendObject(_ members: [TypedMember], _ row: CSVRow, to json: inout [UInt8]) throws(RowFault) {
        json.append(UInt8(ascii: "{"))
        let start = json.count
        for typed in members {
            let before = json.count
            if before > start { json.append(UInt8(ascii: ",")) }
            json += typed.member.jsonKey
            if try !appendMember(typed, row, to: &json) {
                json.removeSubrange(before...)
            }
        }
        json.append(UInt8(ascii: "}"))
    }

    private func appendMember(_ typed: TypedMember, _ row: CSVRow, to json: inout [UInt8]) throws(RowFault) -> Bool {
        guard case .object = typed.member.value, !typed.inside.isEmpty else {
            return try appendJSON(typed.member.value, typed.kind, typed.member.name, row, to: &json)
        }
        let start = json.count
        try appendObject(typed.inside, row, to: &json)
        return json.count > start + 2
    }

    /// Appends the value as JSON of its kind; whether there was anything to append.
    private func appendJSON(
        _ value: Value, _ kind: FieldKind?, _ field: String, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        switch value {
        case .object(let members):
            let start = json.count
            let untyped = members.map { TypedMember($0, nil) }
            try appendObject(untyped, row, to: &json)
            return json.count > start + 2
        case .list(let elements): return try appendList(elements, field, row, to: &json)
        default: break
        }
        switch kind {
        case .integer: return try appendInteger(value, field, row, to: &json)
        case .decimal: return try appendDecimal(value, field, row, to: &json)
        case .boolean: return try appendBoolean(value, field, row, to: &json)
        case .instant, .date: return try appendMoment(value, field, isDate: kind == .date, row, to: &json)
        case .object, .list: return try appendNested(value, field, isList: kind == .list, row, to: &json)
        case .text, .currency, .choice, nil: return try appendString(value, row, to: &json)
        }
    }

    private func appendString(_ value: Value, _ row: CSVRow, to json: inout [UInt8]) throws(RowFault) -> Bool {
        json.append(UInt8(ascii: "\""))
        let start = json.count
        try append(value, row, to: &json)
        var isBlank = true
        var needsEscape = false
        for index in start..<json.count {
            let byte = json[index]
            if !ASCII.isBlank(byte) { isBlank = false }
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { needsEscape = true }
        }
        if isBlank { return false }
        if needsEscape {
            let text = String(decoding: json[start...], as: UTF8.self)
            json.removeSubrange(start...)
            JSONText.appendEscaped(text, to: &json)
        }
        json.append(UInt8(ascii: "\""))
        return true
    }

    private func appendInteger(
        _ value: Value, _ field: String, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        guard let number = try number(value, row) else { return false }
        let (whole, rest) = number.wholeAndRest
        guard rest == 0, let integer = Int64(exactly: whole) else {
            throw RowFault("\(describe(value, row)) is no whole number, which \(field) must be")
        }
        json += String(integer).utf8
        return true
    }

    private func appendDecimal(
        _ value: Value, _ field: String, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        guard let number = try number(value, row) else { return false }
        json.append(UInt8(ascii: "\""))
        json += number.description.utf8
        json.append(UInt8(ascii: "\""))
        return true
    }

    private func appendBoolean(
        _ value: Value, _ field: String, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        let text = try self.text(value, row)
        switch String(decoding: ASCII.trimmed(text[...]), as: UTF8.self).lowercased() {
        case "": return false
        case "true", "yes", "y", "t", "1", "是": json += "true".utf8
        case "false", "no", "n", "f", "0", "否": json += "false".utf8
        default:
            throw RowFault("\(describe(value, row)) is neither true nor false, which \(field) must be; use a `map`")
        }
        return true
    }

    private func appendMoment(
        _ value: Value, _ field: String, isDate: Bool, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        json.append(UInt8(ascii: "\""))
        let start = json.count
        if case .time(let base, let patterns) = value {
            try appendTime(base, patterns, row, isDate: isDate, to: &json)
        } else {
            try appendTime(value, [], row, isDate: isDate, to: &json)
        }
        if json.count == start { return false }
        json.append(UInt8(ascii: "\""))
        return true
    }

    private func appendNested(
        _ value: Value, _ field: String, isList: Bool, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        let text = try self.text(value, row)
        let trimmed = ASCII.trimmed(text[...])
        if trimmed.isEmpty { return false }
        do {
            let nested = try JSONText.normalised(trimmed, depthMax: Limits.depthMax - 2)
            guard nested.first == UInt8(ascii: isList ? "[" : "{") else {
                throw RowFault(
                    "\(describe(value, row)) is no JSON \(isList ? "list" : "object"), which \(field) must be")
            }
            json += nested
            return true
        } catch let fault as RowFault {
            throw fault
        } catch {
            throw RowFault("\(describe(value, row)) is no JSON, which \(field) must be")
        }
    }

    private func appendList(
        _ elements: [Value], _ field: String, _ row: CSVRow, to json: inout [UInt8]
    ) throws(RowFault) -> Bool {
        let start = json.count
        json.append(UInt8(ascii: "["))
        for element in elements {
            let before = json.count
            if before > start + 1 { json.append(UInt8(ascii: ",")) }
            if try !appendJSON(element, nil, field, row, to: &json) { json.removeSubrange(before...) }
        }
        json.append(UInt8(ascii: "]"))
        return json.count > start + 2
    }
}

extension DecimalAmount {
    /// The part before the point and, if it is not 0, what stands behind it.
    var wholeAndRest: (whole: Int128, rest: Int128) {
        var power: Int128 = 1
        for _ in 0..<scale { power *= 10 }
        let result = mantissa.quotientAndRemainder(dividingBy: power)
        return (result.quotient, result.remainder)
    }
}
