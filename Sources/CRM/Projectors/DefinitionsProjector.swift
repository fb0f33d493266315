public import EventLog
public import Projection

/// The definitions that were published in the log: what its pipelines, segments and types meant, and from when on.
///
/// A definition holds from the event that published it, whatever happened when. One that cannot be read is an anomaly
/// and never comes into force, so that no answer depends on whether it could be read.
public struct DefinitionsProjector: Projector {
    /// The published definitions.
    public struct State: Sendable {
        var isSystem: Bool
        var definitions: [(event: Moment, kind: String, sha256: String, body: String)] = []
    }

    static let table = TableDefinition(
        "definitions", "A published definition; of each kind the one with the largest sequence is in force.",
        columns: [
            ColumnDefinition("sequence", .integer, "The event that published it."),
            ColumnDefinition("published", .text, "When it was published, as an instant in UTC."),
            ColumnDefinition("kind", .text, "pipelines, segments, catalogue, or what else the sender calls it."),
            ColumnDefinition("sha256", .text, "SHA-256 of the body's bytes, in hexadecimal digits."),
            ColumnDefinition("body", .text, "The text of the file."),
        ],
        primaryKey: ["sequence"])

    /// The projector.
    public init() {}

    /// `definitions`.
    public let name = "definitions"
    /// The version of its meaning.
    public let version = 1
    /// Published definitions.
    public let consumes = ["definition.published"]
    /// `definitions`.
    public var tables: [TableDefinition] { [Self.table] }

    /// None.
    public func makeState(subject: String?) -> State { State(isSystem: subject == nil) }

    /// Takes a definition that can be read.
    public func apply(_ event: StoredEvent, to state: inout State, anomalies: inout AnomalyCollector) {
        guard state.isSystem else { return }
        guard let kind = event.data.field("kind") else {
            return anomalies.report(event, "missing_field", "definition.published names no \"kind\"")
        }
        guard let body = event.data["body"]?.string else {
            return anomalies.report(event, "missing_field", "definition.published has no \"body\"")
        }
        let sha256 = Definition.sha256(of: body)
        if let stated = event.data.field("sha256"), stated != sha256 {
            return anomalies.report(
                event, "other_hash", "the body of \(kind) has SHA-256 \(sha256), the event says \(stated); not in force"
            )
        }
        if let known = DefinitionKind(rawValue: kind) {
            do {
                try known.check(body)
            } catch {
                return anomalies.report(event, "bad_definition", "\(error); not in force")
            }
        }
        state.definitions.append(
            (Moment(time: event.recordedTime, sequence: event.sequence), kind, sha256, body))
    }

    /// A row a definition.
    public func emit(_ state: State, into rows: inout RowCollector) {
        for definition in state.definitions {
            rows.insert(
                [
                    SQLValue(sequence: definition.event.sequence), SQLValue(definition.event.time),
                    .text(definition.kind), .text(definition.sha256), .text(definition.body),
                ], table: 0)
        }
    }
}
