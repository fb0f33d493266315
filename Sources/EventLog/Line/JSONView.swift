/// A read-only view of JSON text that has been validated already: nothing is parsed until it is asked for.
///
/// Looking a key up scans the object's bytes; for the small objects that events carry this is cheaper than building a
/// tree. The bytes are trusted to be valid JSON without insignificant white space, as every stored line is; on other
/// bytes the answers are unspecified but never out of bounds.
public struct JSONView: Sendable, Equatable {
    /// What a JSON value is.
    public enum Kind: Sendable { case object, array, string, number, boolean, null }

    /// The value's text.
    public let bytes: ArraySlice<UInt8>

    /// A view of `bytes`, the text of one JSON value.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    /// A view of JSON null.
    public static let null = JSONView(ArraySlice("null".utf8))

    /// What the value is, told by its first byte.
    public var kind: Kind {
        switch bytes.first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"), nil: .null
        default: .number
        }
    }

    /// The member of an object with this key; `nil` if there is none or this is no object.
    public subscript(key: String) -> JSONView? {
        fatalError("written next")
    }

    /// The decoded text of a JSON string; `nil` for every other kind.
    public var string: String? { fatalError("written next") }

    /// The decoded text of a string, or the literal text of a number; `nil` for every other kind.
    ///
    /// Ids, amounts and the like arrive as either; no number is ever re-rendered.
    public var text: String? { fatalError("written next") }

    /// A number that is a whole number within `Int64`, or a string that holds one.
    public var integer: Int64? { fatalError("written next") }

    /// A JSON boolean.
    public var boolean: Bool? { fatalError("written next") }

    /// The elements of an array, in order; empty for every other kind.
    public var elements: [JSONView] { fatalError("written next") }

    /// The members of an object, in order; empty for every other kind.
    public var members: [(key: String, value: JSONView)] { fatalError("written next") }

    /// The value's JSON text.
    public var jsonText: String { String(decoding: bytes, as: UTF8.self) }
}
