/// Why an import cannot start or go on: the place, what is wrong, and how to mend it, in one line.
///
/// A single bad row is no error; it is a `RejectedRow`, and the import goes on.
public struct ImportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Code: String, Sendable {
        /// The mapping says something that the language does not know, or that this file cannot give.
        case mapping
        /// The CSV file cannot be decoded, or has no header.
        case file
        /// The CSV file or a lookup file is not there, or cannot be opened or read.
        case unreadable
        /// A lookup file cannot be used.
        case lookup
    }

    /// What is wrong, for programs.
    public var code: Code
    /// The file, its line where that is known, and the key: `retail.yaml:12, emit[2].time`.
    public var place: String
    /// What is wrong and how to mend it.
    public var message: String

    /// Makes an error.
    public init(code: Code, place: String, message: String) {
        self.code = code
        self.place = place
        self.message = message
    }

    /// Place and message in one line.
    public var description: String { place + ": " + message }
}

/// Why one row gives no events.
///
/// The row takes no part in anything: no sum, no `first_of`, no group.
struct RowFault: Error {
    var cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
