import Crypto
public import GRDB

/// A definition as an event of the log published it.
public struct Definition: Sendable, Equatable {
    /// What it defines.
    public var kind: DefinitionKind
    /// The event that published it.
    public var sequence: UInt64
    /// When it was published, an instant in UTC.
    public var published: String
    /// SHA-256 of the body's bytes, in 64 hexadecimal digits.
    public var sha256: String
    /// The file's text.
    public var body: String

    /// The definition in force at the moment the tables stand for: the last one that is known.
    ///
    /// - Returns: `nil` if none was ever published.
    public static func inForce(_ kind: DefinitionKind, _ db: Database) throws -> Definition? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT sequence, published, sha256, body FROM definitions WHERE kind = ?
                ORDER BY sequence DESC LIMIT 1
                """, arguments: [kind.rawValue])
        guard let row else { return nil }
        return Definition(
            kind: kind, sequence: UInt64(clamping: row[0] as Int64), published: row[1], sha256: row[2], body: row[3])
    }

    /// A published definition of any kind, those the program does not know included.
    public struct Entry: Sendable, Equatable {
        /// What it defines, in the sender's word.
        public var kind: String
        /// The event that published it.
        public var sequence: UInt64
        /// When it was published, an instant in UTC.
        public var published: String
        /// SHA-256 of the body's bytes, in 64 hexadecimal digits.
        public var sha256: String
    }

    /// All that were published by the moment the tables stand for, the last ones first, and whether each is in force.
    public static func all(_ db: Database) throws -> [(Entry, isInForce: Bool)] {
        var seen = Set<String>()
        let sql = "SELECT kind, sequence, published, sha256 FROM definitions ORDER BY sequence DESC"
        return try Row.fetchAll(db, sql: sql).map { row in
            let entry = Entry(
                kind: row[0], sequence: UInt64(clamping: row[1] as Int64), published: row[2], sha256: row[3])
            return (entry, seen.insert(entry.kind).inserted)
        }
    }

    /// SHA-256 of a text's bytes, in 64 hexadecimal digits.
    public static func sha256(of body: String) -> String {
        SHA256.hash(data: Array(body.utf8)).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}

/// The definition that an answer went by, as the answer names it.
public struct DefinitionAnswer: Encodable, Sendable, Equatable {
    /// `published`, or `built_in` where none was.
    public var source: String
    /// The event that published it.
    public var sequence: UInt64?
    /// SHA-256 of its text.
    public var sha256: String?

    /// Names a definition; `nil` = the built-in one.
    public init(_ definition: Definition?) {
        source = definition == nil ? "built_in" : "published"
        sequence = definition?.sequence
        sha256 = definition?.sha256
    }

    enum CodingKeys: String, CodingKey { case source, sequence, sha256 }

    /// Encodes every key, null where there is nothing.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(source, forKey: .source)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(sha256, forKey: .sha256)
    }
}
