/// Why a line is no event: what is wrong, where, and how to mend it, each in a few words.
public struct LineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Code: String, Sendable {
        /// The text is not JSON as RFC 8259 has it.
        case notJSON
        /// A byte sequence is not UTF-8.
        case notUTF8
        /// A `\u` escape is half of a surrogate pair.
        case unpairedSurrogate
        /// One object has a key twice.
        case duplicateKey
        /// Objects and arrays nest too deep.
        case tooDeep
        /// The line or an attribute is over its limit.
        case tooLong
        /// `specversion` is not "1.0".
        case specVersion
        /// `data_base64`, or a `datacontenttype` that is not JSON.
        case contentType
        /// An attribute that only the log may set, or a source that only Touchline may use.
        case reserved
        /// An attribute's name is not lower-case letters and digits.
        case attributeName
        /// An attribute's value is of the wrong kind or holds characters it may not hold.
        case attributeValue
        /// A required attribute is missing or empty.
        case missing
        /// `time` is no RFC 3339 instant with a zone.
        case time
        /// A stored line is valid, but not in the log's own form.
        case notStoredForm
    }

    /// What is wrong, for programs.
    public var code: Code
    /// The place in the line, counted in characters from 1; `nil` if the whole line is meant.
    public var column: Int?
    /// The keys that lead to the place, as in `data.lines[2].amount`; empty at the top.
    public var keyPath: String
    /// What is wrong.
    public var message: String
    /// How to mend it.
    public var mend: String

    /// Makes an error.
    public init(code: Code, column: Int? = nil, keyPath: String = "", message: String, mend: String) {
        self.code = code
        self.column = column
        self.keyPath = keyPath
        self.message = message
        self.mend = mend
    }

    /// Place, message and mend in one line.
    public var description: String {
        var place = ""
        if let column { place = "column \(column)" }
        if !keyPath.isEmpty { place += place.isEmpty ? keyPath : " (\(keyPath))" }
        return (place.isEmpty ? "" : place + ": ") + message + "; " + mend
    }

    /// `text` cut to `max` characters, with everything escaped that would break a one-line message.
    public static func printable(_ text: String, max: Int = 60) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == max { return result + "…" }
            count += 1
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .format, .unassigned, .privateUse:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
