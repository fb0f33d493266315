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

/// What is wrong with a catalogue file, and where.
public struct CatalogueProblem: Sendable, Equatable, CustomStringConvertible {
    /// The line in the file, from 1; `nil` if the whole file is meant.
    public var line: Int?
    /// The entry, as in `types.loyalty.joined.fields.level.kind`; empty at the top.
    public var entry: String
    /// What is wrong.
    public var message: String
    /// How to mend it.
    public var mend: String

    /// Makes a problem.
    public init(line: Int?, entry: String, message: String, mend: String) {
        self.line = line
        self.entry = entry
        self.message = message
        self.mend = mend
    }

    /// Line, entry, message and mend in one line.
    public var description: String {
        var place = ""
        if let line { place = "line \(line): " }
        if !entry.isEmpty { place += entry + ": " }
        return place + message + "; " + mend
    }
}

/// A catalogue file that cannot be used.
public struct CatalogueFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// Everything that is wrong with it, from top to bottom; never empty.
    public var problems: [CatalogueProblem]

    /// Makes an error.
    public init(path: String, problems: [CatalogueProblem]) {
        self.path = path
        self.problems = problems
    }

    /// The first problem in one line, and how many more there are.
    public var description: String {
        let more = problems.count > 1 ? " (and \(problems.count - 1) more: touchline catalogue check \(path))" : ""
        return path + ": " + (problems.first.map(String.init(describing:)) ?? "cannot be used") + more
    }
}
