public import EventLog
import Foundation

/// A JSON value of an answer whose shape only the data knows, such as a field of a customer's profile.
public enum JSONValue: Sendable, Hashable, Encodable {
    /// No value.
    case null
    /// Text.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// Any other number, as its JSON text.
    case number(String)
    /// True or false.
    case boolean(Bool)
    /// A list.
    case array([JSONValue])
    /// An object.
    case object([String: JSONValue])

    /// `string`, or `null` for nil.
    public init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

    /// The value that a view of valid JSON shows.
    public init(_ view: JSONView) {
        switch view.kind {
        case .null: self = .null
        case .boolean: self = .boolean(view.boolean ?? false)
        case .string: self = .string(view.string ?? "")
        case .array: self = .array(view.elements.map { JSONValue($0) })
        case .object:
            self = .object(
                Dictionary(view.members.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { _, last in last }))
        case .number:
            let text = view.jsonText
            self = Int64(text).map(JSONValue.integer) ?? .number(text)
        }
    }

    /// Encodes the value itself, without a wrapper; a number beyond what a decimal of 30 digits holds becomes text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .string(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let text):
            // A binary float would change the digits.
            if let value = Decimal(string: text), text.utf8.count <= 30 {
                try container.encode(value)
            } else {
                try container.encode(text)
            }
        case .boolean(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
