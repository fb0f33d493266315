import CRM
import EventLog

/// Turns what a mapping says of values into `Value`, finding every column in the header.
struct ValueCompiler {
    /// How a bare text is meant.
    enum Role {
        /// As a template: text, with columns in braces. What `data`, `id`, `subject` and `type` hold.
        case template
        /// As a column's exact name. What `column`, `first`, `by` and the like hold.
        case column
        /// As a column's exact name or a number. What `multiply`, `abs` and `sum` hold.
        case operand
    }

    let header: Header
    var lookups: [String: LookupTable] = [:]
    /// Whether the mapping names a zone.
    let hasZone: Bool
    /// The operands of the current rule's sums, in order; `nil` where `sum` has no place.
    var sums: [Value]?
    /// Whether the current rule has `per`.
    var isGrouped = false

    static let sources = ["column", "first", "multiply", "abs", "sum", "lookup"]
    static let keys = sources + ["by", "map", "format"]

    /// The value that `node` describes.
    mutating func value(_ node: MappingNode, _ role: Role) throws(ImportError) -> Value {
        if let text = node.text {
            if node.isNull, role == .template { return .template([]) }
            return try scalar(text, node, role)
        }
        if node.isList {
            guard role == .template else { throw node.error("a list has no place here; name one column") }
            var elements: [Value] = []
            for element in node.elements { elements.append(try value(element, .template)) }
            return .list(elements)
        }
        return try form(node, role)
    }

    // MARK: Texts

    private func scalar(_ text: String, _ node: MappingNode, _ role: Role) throws(ImportError) -> Value {
        if role == .template { return try template(text, node) }
        if header.index(of: text) != nil { return .template([.column(try column(text, node))]) }
        if text.contains("{") { return try template(text, node) }
        if role == .operand, let number = DecimalAmount(text) { return .number(number) }
        throw node.error(header.complaint(about: text))
    }

    /// The place of the column with this name.
    func column(_ name: String, _ node: MappingNode) throws(ImportError) -> Int {
        var name = name
        if header.index(of: name) == nil, name.hasPrefix("{"), name.hasSuffix("}") {
            name = String(name.dropFirst().dropLast())
        }
        guard let index = header.index(of: name) else { throw node.error(header.complaint(about: name)) }
        guard !header.isRepeated(name) else {
            throw node.error(
                "the header has \"\(LineError.printable(name))\" more than once; "
                    + "name the columns yourself with `file: {header: true, columns: [...]}`")
        }
        return index
    }

    /// Text with columns in braces.
    ///
    /// `{{` is a brace, and so is a `}` that closes nothing.
    private func template(_ text: String, _ node: MappingNode) throws(ImportError) -> Value {
        var parts: [TemplatePart] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.first {
            guard character == "{" else {
                if rest.hasPrefix("}}") { rest = rest.dropFirst() }
                literal += String(character).utf8
                rest = rest.dropFirst()
                continue
            }
            if let (part, end) = try hole(rest, node) {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = []
                parts.append(part)
                rest = rest[end...]
            } else {
                literal.append(UInt8(ascii: "{"))
                rest = rest.dropFirst(2)
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        return .template(parts)
    }

    /// The hole at the start of `rest` and where it ends; `nil` for a doubled brace.
    private func hole(
        _ rest: Substring, _ node: MappingNode
    ) throws(ImportError) -> (part: TemplatePart, end: Substring.Index)? {
        let inner = rest.dropFirst()
        if inner.hasPrefix("#row}") { return (.rowNumber, inner.index(inner.startIndex, offsetBy: 5)) }
        var first: Substring?
        for index in inner.indices where inner[index] == "}" {
            let name = inner[..<index]
            if first == nil { first = name }
            if header.index(of: String(name)) != nil {
                return (.column(try column(String(name), node)), inner.index(after: index))
            }
        }
        if inner.hasPrefix("{") { return nil }
        guard let first else { throw node.error("a { is not closed; a brace as text is written {{") }
        if first == "#line" { throw node.error("known beside columns is only {#row}") }
        throw node.error(header.complaint(about: String(first)))
    }

    // MARK: Forms

    private mutating func form(_ node: MappingNode, _ role: Role) throws(ImportError) -> Value {
        guard let members = node.members else { throw node.error("must be text, a list or a mapping") }
        let names = members.map(\.key)
        guard names.contains(where: { Self.keys.contains($0) }) else { return try object(node, members, role) }
        let parts = try node.requireMembers(Self.keys)
        let sources = Self.sources.filter { parts[$0] != nil && !($0 == "column" && parts["lookup"] != nil) }
        guard let source = sources.first else {
            throw node.error("\(names.joined(separator: " and ")) need a value to work on; add `column:`")
        }
        guard sources.count == 1 else {
            throw node.error("says \(sources.joined(separator: " and ")) at once; nest one in the other")
        }
        guard let operand = parts[source] else { throw node.error("is empty") }
        if parts["by"] != nil, source != "lookup" { throw node.error("`by` belongs to `lookup`") }
        var result = try self.source(source, operand, parts, node)
        if let map = parts["map"] { result = .mapped(result, try self.map(map)) }
        if let format = parts["format"] { result = .time(result, try patterns(format)) }
        return result
    }

    private mutating func source(
        _ source: String, _ operand: MappingNode, _ parts: [String: MappingNode], _ node: MappingNode
    ) throws(ImportError) -> Value {
        switch source {
        case "column": return try value(operand, .column)
        case "first":
            guard operand.isList else { throw operand.error("must be a list of columns, as in [mobile, phone]") }
            return .first(try values(operand, .column))
        case "multiply":
            guard operand.isList, operand.elements.count >= 2 else {
                throw operand.error("must be a list of two columns or more, as in [quantity, price]")
            }
            return .product(try values(operand, .operand))
        case "abs": return .magnitude(try value(operand, .operand))
        case "sum": return try sum(operand)
        default: return try lookup(operand, parts, node)
        }
    }

    private mutating func values(_ node: MappingNode, _ role: Role) throws(ImportError) -> [Value] {
        var result: [Value] = []
        for element in node.elements { result.append(try value(element, role)) }
        return result
    }

    private mutating func sum(_ node: MappingNode) throws(ImportError) -> Value {
        guard isGrouped else { throw node.error("`sum` adds up the rows of a group; say which with `per: [column]`") }
        guard sums != nil else { throw node.error("`sum` has its place in `data` only, and not within another sum") }
        let outer = sums
        sums = nil
        let operand = try value(node, .operand)
        sums = (outer ?? []) + [operand]
        return .sum((outer ?? []).count)
    }

    private mutating func lookup(
        _ name: MappingNode, _ parts: [String: MappingNode], _ node: MappingNode
    ) throws(ImportError) -> Value {
        let title = try name.requireText("the name of a lookup")
        guard let table = lookups[title] else {
            let known = lookups.keys.sorted().joined(separator: ", ")
            throw name.error(
                "no lookup \"\(LineError.printable(title))\"; "
                    + (known.isEmpty
                        ? "declare it at the top: `lookup: {\(title): {file: F.csv, key: COLUMN}}`"
                        : "there are \(known)"))
        }
        guard let by = parts["by"], let column = parts["column"] else {
            throw node.error("a lookup needs `by` (a column of this file) and `column` (a column of the lookup's file)")
        }
        let wanted = try column.requireText("a column of the lookup's file")
        guard let index = table.header.index(of: wanted) else {
            throw column.error("in lookup \(title): " + table.header.complaint(about: wanted))
        }
        return .lookup(table, by: try value(by, .column), column: index)
    }

    private mutating func map(_ node: MappingNode) throws(ImportError) -> ValueMap {
        guard let members = node.members, !members.isEmpty else {
            throw node.error("must be a mapping from a cell's text to a value, as in {\"1\": phone, \"*\": other}")
        }
        var map = ValueMap()
        for (key, target) in members {
            let value = try value(target, .template)
            switch key {
            case "*": map.otherwise = value
            case "": map.whenEmpty = value
            default: map.entries[try text(ofMapKey: key, target)] = value
            }
        }
        return map
    }

    /// The cell's text that a map's key stands for: `\\*` is a star.
    private func text(ofMapKey key: String, _ node: MappingNode) throws(ImportError) -> [UInt8] {
        let plain = key.replacing("\\*", with: "")
        guard !plain.contains("*") else {
            throw node.error(
                "the key \"\(LineError.printable(key))\" is no pattern; a map has whole texts, and \"*\" alone for all "
                    + "others (\\* is a star itself)")
        }
        return Array(key.replacing("\\*", with: "*").utf8)
    }

    private func patterns(_ node: MappingNode) throws(ImportError) -> [TimePattern] {
        var patterns: [TimePattern] = []
        for element in node.elements {
            let text = try element.requireText("a time format, as in \"dd/MM/yyyy HH:mm\"")
            do {
                let pattern = try TimePattern(text)
                if pattern.hasTime, !pattern.hasZone, !hasZone {
                    throw element.error(
                        "the format \"\(text)\" carries no zone; say which at the mapping's top, as in `zone: Europe/London`"
                    )
                }
                patterns.append(pattern)
            } catch let fault as RowFault {
                throw element.error(fault.cause)
            } catch let error as ImportError {
                throw error
            } catch {
                throw element.error("is no time format")
            }
        }
        return patterns
    }

    // MARK: Objects

    private mutating func object(
        _ node: MappingNode, _ members: [(key: String, value: MappingNode)], _ role: Role
    ) throws(ImportError) -> Value {
        for (key, value) in members where key.count >= 4 {
            // One letter off a form's name is a slip, not the key of an object.
            if let meant = Self.keys.first(where: { Nearby.distance(Array($0), Array(key)) == 1 }) {
                throw value.error("unknown key \"\(key)\"; did you mean \(meant)?")
            }
        }
        guard role == .template else { throw node.error(Self.unknownForm(members.map(\.key))) }
        var result: [Member] = []
        for (key, child) in members { result.append(try member(key, child)) }
        return .object(result)
    }

    /// What to say of keys that make no form.
    static func unknownForm(_ keys: [String]) -> String {
        let near = keys.flatMap { Nearby.names(to: $0, among: sources) }
        let shown = keys.map { "\"" + LineError.printable($0) + "\"" }.joined(separator: ", ")
        return "unknown form \(shown); "
            + (near.isEmpty ? "known are \(sources.joined(separator: ", "))" : "did you mean \(near[0])?")
    }

    /// One key of `data` or of an object in it.
    mutating func member(_ key: String, _ node: MappingNode) throws(ImportError) -> Member {
        guard !key.isEmpty else { throw node.error("a key of `data` must be a text") }
        return Member(name: key, value: try value(node, .template))
    }
}
