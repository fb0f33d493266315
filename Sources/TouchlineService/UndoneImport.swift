public import EventLog

/// An import that was undone and whose events, which stay in the log, hold ids that another import wants.
public struct UndoneImport: Sendable, Equatable {
    /// The import's id.
    public let identifier: String

    /// The `--attempt` by which the other import gets ids of its own.
    ///
    /// An import's id ends with its attempt from the second one on, and events of two attempts never share an id.
    public var nextAttempt: Int {
        let parts = identifier.split(separator: "-")
        return (parts.count == 2 ? Int(parts[1]) ?? 1 : 1) + 1
    }

    /// What to do about it, in one line.
    public var note: String {
        "ids of this file are those of import \(identifier), which was undone and stays so; import it anew with "
            + "--attempt \(nextAttempt)"
    }

    /// The undone import that the log's event with the draft's id came with; `nil` if there is none.
    public static func holding(idOf draft: EventDraft, in reader: LogReader) throws -> UndoneImport? {
        guard let source = draft.source, let id = draft.id,
            let sequence = try reader.sequence(source: source, id: id)
        else { return nil }
        return try holding(sequence, in: reader)
    }

    /// The undone import that the event at `sequence` came with; `nil` if there is none.
    static func holding(_ sequence: UInt64, in reader: LogReader) throws -> UndoneImport? {
        guard let named = try reader.event(at: sequence).json[ImportUndo.attribute]?.string,
            try reader.sequence(source: ImportUndo.source, id: named) != nil
        else { return nil }
        return UndoneImport(identifier: named)
    }
}
