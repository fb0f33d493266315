import EventLog
import Yams

/// A piece of a mapping's YAML that knows where it stands, so that every complaint names file, line and key.
struct MappingNode {
    /// The mapping's file name.
    let file: String
    /// The keys that lead here, as in `emit[2].data.amount`.
    let path: String
    let node: Node

    /// The whole mapping.
    /// - Throws: `ImportError` if the text is not one YAML document that holds a mapping.
    static func root(yaml: String, file: String) throws(ImportError) -> MappingNode {
        let node: Node?
        do {
            node = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw complaint(about: error, file: file)
        } catch {
            throw ImportError(code: .mapping, place: file, message: "is not YAML")
        }
        guard let node, case .mapping = node else {
            throw ImportError(
                code: .mapping, place: file, message: "holds no mapping; it starts with `source:` and `emit:`")
        }
        return MappingNode(file: file, path: "", node: node)
    }

    private static func complaint(about error: YamlError, file: String) -> ImportError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            return ImportError(
                code: .mapping, place: "\(file):\(mark.line)",
                message: "is not YAML here: \(problem); put texts with { } : # in quotes")
        case .composer(_, let problem, let mark, _):
            let mend = problem.contains("another document") ? "; a mapping is one document, without ---" : ""
            return ImportError(code: .mapping, place: "\(file):\(mark.line)", message: problem + mend)
        case .duplicatedKeysInMapping(let duplicates, _):
            let names = duplicates.map { String(describing: $0) }.joined(separator: ", ")
            return ImportError(
                code: .mapping, place: file, message: "has the key \(names) twice in one place; keep one")
        default:
            return ImportError(code: .mapping, place: file, message: "is not YAML that can be read")
        }
    }

    /// `retail.yaml:12, emit[2].time`.
    var place: String {
        let line = node.mark.map { ":\($0.line)" } ?? ""
        return file + line + (path.isEmpty ? "" : ", " + path)
    }

    /// An error at this place.
    func error(_ message: String) -> ImportError {
        ImportError(code: .mapping, place: place, message: message)
    }

    /// The text of a scalar, just as it is written; `nil` for everything else.
    var text: String? {
        if case .scalar(let scalar) = node { scalar.string } else { nil }
    }

    /// Whether this is `~`, `null` or nothing, unquoted: "no value".
    var isNull: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    /// The text of a scalar.
    func requireText(_ what: String) throws(ImportError) -> String {
        guard let text else { throw error("must be \(what)") }
        return text
    }

    /// `true` or `false`.
    func requireBoolean() throws(ImportError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw error("must be true or false")
        }
    }

    /// The elements of a list, or the node itself as the only one.
    var elements: [MappingNode] {
        guard case .sequence(let sequence) = node else { return [self] }
        return sequence.enumerated().map {
            MappingNode(file: file, path: "\(path)[\($0.offset + 1)]", node: $0.element)
        }
    }

    /// Whether this is a list.
    var isList: Bool { if case .sequence = node { true } else { false } }

    /// The members of a mapping, in order; `nil` for everything else.
    var members: [(key: String, value: MappingNode)]? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.map { pair in
            let key = pair.key.scalar?.string ?? ""
            // A value without a place of its own is where its key is.
            return (key, MappingNode(file: file, path: path.isEmpty ? key : path + "." + key, node: pair.value))
        }
    }

    /// The members of a mapping that may have these keys and no others.
    func requireMembers(_ allowed: [String]) throws(ImportError) -> [String: MappingNode] {
        guard let members else { throw error("must be a mapping with \(allowed.joined(separator: ", "))") }
        var result: [String: MappingNode] = [:]
        for (key, value) in members {
            guard allowed.contains(key) else {
                let near = Nearby.names(to: key, among: allowed)
                let mend =
                    near.first.map { "did you mean \($0)?" } ?? "known here are \(allowed.joined(separator: ", "))"
                throw value.error("unknown key \"\(LineError.printable(key))\"; \(mend)")
            }
            result[key] = value
        }
        return result
    }
}
