import Yams

// YAML nodes read as what they should be; everything else is a problem with its line.

extension CatalogueBuilder {
    static let kinds = FieldKind.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func compose(_ yaml: String) -> Node? {
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
    mutating func mapping(_ node: Node, _ entry: String, _ known: [String]) -> [(String, Node)]? {
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

    mutating func kind(_ node: Node, _ place: String) -> FieldKind? {
        if let kind = node.scalar.flatMap({ FieldKind(rawValue: $0.string) }) { return kind }
        report(
            node, "\(place).kind", "unknown kind\(node.scalar.map { " \"\($0.string)\"" } ?? "")",
            "use one of \(Self.kinds)")
        return nil
    }

    mutating func text(_ node: Node, _ entry: String) -> String? {
        if let text = node.scalar?.string, !text.isEmpty { return text }
        report(node, entry, "no text", "write one sentence")
        return nil
    }

    mutating func flag(_ node: Node, _ entry: String) -> Bool? {
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            report(node, entry, "neither true nor false", "write true or false")
            return nil
        }
    }

    mutating func strings(_ node: Node, _ entry: String) -> [String]? {
        let texts = node.sequence?.map { $0.scalar?.string ?? "" } ?? []
        if !texts.isEmpty, !texts.contains("") { return texts }
        report(node, entry, "not a list of texts", "write it as [a, b]")
        return nil
    }

    mutating func report(_ node: Node, _ entry: String, _ message: String, _ mend: String) {
        found.append(CatalogueProblem(line: node.mark?.line, entry: entry, message: message, mend: mend))
    }
}
