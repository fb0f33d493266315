/// What a field of an event's `data` holds.
public enum FieldKind: String, Sendable, CaseIterable, Encodable {
    /// A JSON string; a JSON number is taken as its text, since ids often arrive so.
    case text
    /// A whole number within 64 bits, as a JSON number or as text: `3`, `3.0`, `"3"`.
    case integer
    /// An exact decimal of up to 38 digits, as a JSON number or as text: `129.90`, `"129.90"`.
    case decimal
    /// `true` or `false`.
    case boolean
    /// RFC 3339 text with a zone: `"2026-03-01T08:30:00+08:00"`.
    case instant
    /// A calendar day: `"2026-03-01"`.
    case date
    /// An ISO 4217 currency: three upper-case letters, of a code that is or was in force.
    case currency
    /// One of a few texts.
    case choice
    /// A JSON object.
    case object
    /// A JSON array.
    case list

    /// The kind with its article, for messages.
    var words: String {
        switch self {
        case .text: "text"
        case .integer: "an integer (a whole number)"
        case .decimal: "a decimal"
        case .boolean: "a boolean"
        case .instant: "an instant"
        case .date: "a date"
        case .currency: "a currency"
        case .choice: "a choice"
        case .object: "an object"
        case .list: "a list"
        }
    }
}

/// One field of an event type, or of an object inside it.
public struct FieldDefinition: Sendable, Equatable, Encodable {
    /// The field's key.
    public var name: String
    /// What it holds.
    public var kind: FieldKind
    /// Whether an event without it is refused; null counts as absent.
    public var isRequired = false
    /// Whether it says something about a person, and will be sealed once sealing is built.
    public var isPersonal = false
    /// The values of a choice.
    public var values: [String] = []
    /// The least number that an integer or decimal may be.
    public var minimum: Int?
    /// Fields of which one must be there when this one is.
    public var needsOneOf: [String] = []
    /// What is known to be inside an object.
    public var fields: [FieldDefinition] = []
    /// The type whose fields may be inside an object, as the file says it.
    public var fieldsOf: String?
    /// Whether the built-in catalogue has it, rather than the user's.
    public var isBuiltIn = true

    /// Makes a field that is neither required nor personal.
    public init(name: String, kind: FieldKind) {
        self.name = name
        self.kind = kind
    }

    private enum CodingKeys: String, CodingKey {
        case name, kind, values, minimum, fields
        case isRequired = "required"
        case isPersonal = "personal"
        case needsOneOf = "needs_one_of"
        case fieldsOf = "fields_of"
        case isBuiltIn = "built_in"
    }
}

/// Whether the events of a type are about a customer.
public enum SubjectRule: String, Sendable, CaseIterable, Encodable {
    /// They must have a subject.
    case required
    /// They may have one.
    case optional
    /// They are system events and have none.
    case forbidden
}

/// One event type of the catalogue.
public struct EventTypeDefinition: Sendable, Equatable, Encodable {
    /// The type, such as `purchase.completed`.
    public var name: String
    /// What happened, in one sentence.
    public var summary: String
    /// Whether its events are about a customer.
    public var subject: SubjectRule = .required
    /// The fields of `data`, in the catalogue's order.
    ///
    /// Further fields are kept.
    public var fields: [FieldDefinition] = []
    /// Whether the built-in catalogue has it, rather than the user's.
    public var isBuiltIn = true

    /// Makes a type without fields.
    public init(name: String, summary: String) {
        self.name = name
        self.summary = summary
    }

    /// The part before the first point: `purchase`.
    public var family: String { String(name.prefix { $0 != "." }) }

    /// The field at a path such as `amount` or `event.source`.
    public func field(_ path: String) -> FieldDefinition? {
        var fields = fields
        var found: FieldDefinition?
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            guard let field = fields.first(where: { $0.name == name }) else { return nil }
            (found, fields) = (field, field.fields)
        }
        return found
    }

    private enum CodingKeys: String, CodingKey {
        case name = "type"
        case summary, subject, fields
        case isBuiltIn = "built_in"
    }
}
