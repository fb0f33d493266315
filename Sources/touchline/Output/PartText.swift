import CRM
import Foundation

/// A part of an answer whose shape another query decides, as indented text: scalars a line each, lists as tables.
enum PartText {
    /// Prints a part under a title; nothing if there is nothing in it.
    static func show(_ title: String, _ part: AnswerPart) {
        guard let value = part.value, let data = try? JSONEncoder().encode(AnswerPart(value)),
            let object = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        else { return }
        let lines = lines(object, indent: 2)
        guard !lines.isEmpty else { return }
        Output.line()
        Output.line(title)
        Output.write(lines)
    }

    private static func lines(_ value: Any, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        switch value {
        case let object as [String: Any]:
            let width = object.keys.map { DisplayWidth.of($0) }.max() ?? 0
            return object.sorted { $0.key < $1.key }.map { key, value in
                if isScalar(value) {
                    let text = scalar(value)
                    let padding = String(repeating: " ", count: width - DisplayWidth.of(key) + 2)
                    return text.isEmpty ? "" : "\(space)\(words(key))\(padding)\(text)\n"
                }
                let inner = lines(value, indent: indent + 2)
                return inner.isEmpty ? "" : "\(space)\(words(key))\n\(inner)"
            }.joined()
        case let list as [Any]:
            return list.map { item in
                if isScalar(item) { return "\(space)\(scalar(item))\n" }
                guard let object = item as? [String: Any] else { return lines(item, indent: indent + 2) }
                let fields = object.sorted { $0.key < $1.key }.filter {
                    isScalar($0.value) && !scalar($0.value).isEmpty
                }
                return space + fields.map { "\(words($0.key)) \(scalar($0.value))" }.joined(separator: " · ") + "\n"
            }.joined()
        default: return "\(space)\(scalar(value))\n"
        }
    }

    private static func words(_ key: String) -> String { key.replacing("_", with: " ") }

    private static func isScalar(_ value: Any) -> Bool { !(value is [String: Any]) && !(value is [Any]) }

    private static func scalar(_ value: Any) -> String {
        switch value {
        case is NSNull: ""
        case let text as String: text
        case let number as NSNumber: "\(number)"
        default: "\(value)"
        }
    }
}

extension JSONValue {
    /// The value as a person reads it.
    var plainText: String {
        switch self {
        case .null: "–"
        case .string(let text): text
        case .integer(let integer): String(integer)
        case .number(let text): text
        case .boolean(let flag): flag ? "yes" : "no"
        case .array(let values): values.map(\.plainText).joined(separator: ", ")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.plainText)" }.joined(separator: ", ")
        }
    }
}
