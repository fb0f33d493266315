import CRM
import EventLog

/// What a mapping may say, but can hardly mean.
extension PlanCompiler {
    /// Two rules that both take a row must not give their events one id.
    ///
    /// Here only rules that take rows in common whatever the file holds; the others show with the rows.
    func checkIDs(_ rules: [MappingNode], _ defaultID: MappingNode?) throws(ImportError) {
        var earlier: [(number: Int, id: String, takesAll: Bool)] = []
        for (index, rule) in rules.enumerated() {
            let members = rule.members ?? []
            let parts = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
            guard let id = parts["id"] ?? defaultID, let text = id.text, !text.isEmpty, !id.isNull,
                parts["otherwise"]?.text != "true"
            else { continue }
            let takesAll = parts["when"] == nil
            if let twin = earlier.first(where: { $0.id == text && ($0.takesAll || takesAll) }) {
                throw (parts["id"] ?? rule).error(
                    "rules \(twin.number) and \(index + 1) take the same rows and give their events one id, "
                        + "\"\(LineError.printable(text))\"; make them differ, as in "
                        + "`id: \"\(index + 1):\(LineError.printable(text))\"`")
            }
            earlier.append((index + 1, text, takesAll))
        }
    }

    /// Text that stands where a column was meant, perhaps.
    mutating func warnOfConstants(_ parts: [String: MappingNode], _ rule: MappingNode, hasTime: Bool) {
        if !hasTime {
            warnings.append("\(rule.place): the rule has no `time`, so its events happen when they are imported")
        }
        for key in ["subject", "id"] {
            guard let node = parts[key], let text = node.text, values.header.index(of: text) != nil else { continue }
            let shown = LineError.printable(text)
            let warning =
                "\(node.place): every \(key) is the word \"\(shown)\"; the column is written \"{\(shown)}\""
            if !warnings.contains(warning) { warnings.append(warning) }
        }
    }

    /// An object has no place in a field that the catalogue knows as something else: it is a form misspelled.
    func checkObjects(_ data: [MappingNode], types: [String], prefix: String = "") throws(ImportError) {
        for (name, node) in data.flatMap({ $0.members ?? [] }) {
            guard let members = node.members, !members.contains(where: { ValueCompiler.keys.contains($0.key) }) else {
                continue
            }
            for type in types {
                guard let kind = kinds.kind(ofField: prefix + name, inType: type), kind != .object else { continue }
                throw node.error(ValueCompiler.unknownForm(members.map(\.key)) + "; \(name) holds no object")
            }
            try checkObjects([node], types: types, prefix: prefix + name + ".")
        }
    }
}
