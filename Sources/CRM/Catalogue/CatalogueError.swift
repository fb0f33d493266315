/// Why the catalogue refuses an event.
///
/// The caller adds which event it was.
public struct CatalogueError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Code: String, Sendable {
        /// The type is not in the catalogue and in no open family.
        case unknownType
        /// The type needs a subject.
        case subjectMissing
        /// The type is a system event and cannot have a subject.
        case subjectForbidden
        /// The subject looks like an e-mail address or a phone number.
        case personalSubject
        /// `data` is not an object.
        case dataNotObject
        /// A required field is missing or empty.
        case missingField
        /// A field does not hold what its kind says.
        case wrongKind
        /// A number is below its minimum.
        case tooSmall
        /// A field lacks another that it needs beside it, such as an amount its currency.
        case missingCompanion
        /// A customer is merged into itself.
        case selfMerge
    }

    /// What is wrong, for programs.
    public var code: Code
    /// The event's type.
    public var type: String
    /// The field that is to blame, as in `data.amount`; `nil` if it is none.
    public var field: String?
    /// What the field should hold; `nil` if it is no field.
    public var kind: FieldKind?
    /// What is wrong.
    public var message: String
    /// How to mend it.
    public var mend: String

    /// Makes an error.
    public init(
        code: Code, type: String, field: String? = nil, kind: FieldKind? = nil, message: String, mend: String
    ) {
        self.code = code
        self.type = type
        self.field = field
        self.kind = kind
        self.message = message
        self.mend = mend
    }

    /// Message and mend in one line.
    public var description: String { message + "; " + mend }
}

/// Something in an event that looks like a slip, but is kept.
public struct CatalogueWarning: Sendable, Equatable, CustomStringConvertible {
    /// The event's type.
    public var type: String
    /// The unknown field, as in `data.amuont`.
    public var field: String
    /// The field of the catalogue that is meant, perhaps.
    public var near: String

    /// Makes a warning.
    public init(type: String, field: String, near: String) {
        self.type = type
        self.field = field
        self.near = near
    }

    /// The warning in one line.
    public var description: String { "\(type) has no field \(field); \(near) was meant, perhaps. It is kept as sent" }
}
