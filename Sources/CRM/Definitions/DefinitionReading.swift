import Yams

/// Reads a definition written in YAML: nodes as what they should be, everything else as a problem with its line.
///
/// Problems are collected, so that a user sees all of them at once.
protocol DefinitionReading {
    /// What is wrong so far, in the order in which it was found.
    var found: [DefinitionProblem] { get set }
}

extension DefinitionReading {
    /// What is wrong so far, from top to bottom.
    var problems: [DefinitionProblem] {
        // Sorted by place too, since sorting need not keep the order of equal lines.
        found.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    mutating func compose(_ yaml: String) -> Node? {
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return nil }
            return root
        } catch let error as YamlError {
            found.append(Self.problem(error))
        } catch {
            found.append(
                DefinitionProblem(
                    line: nil, entry: "", message: "not YAML: \(error)", mend: "write it like the example")
            )
        }
        return nil
    }

    private static func problem(_ error: YamlError) -> DefinitionProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            DefinitionProblem(
                line: mark.line, entry: "", message: "not YAML: \(problem) at column \(mark.column)",
                mend: "check indentation, colons and quotes there")
        case .duplicatedKeysInMapping(let duplicates, let context):
            DefinitionProblem(
                line: context.mark.line, entry: duplicates.joined(separator: ", "),
                message: "the key is there twice in what starts here", mend: "keep one of them")
        default:
            DefinitionProblem(
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

    /// The members of a mapping whose keys are names of the user's own.
    ///
    /// An empty value is an empty mapping.
    mutating func members(_ node: Node, _ entry: String) -> [(Node, Node)] {
        if let text = node.scalar?.string, text.isEmpty || text == "~" || text == "null" { return [] }
        guard let members = node.mapping else {
            report(node, entry, "not a list of names and values", "write name: …, indented, for each")
            return []
        }
        return members.map { ($0.key, $0.value) }
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
        found.append(DefinitionProblem(line: node.mark?.line, entry: entry, message: message, mend: mend))
    }
}
