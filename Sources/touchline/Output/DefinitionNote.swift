import CRM
import EventLog
import TouchlineService

/// What a command says of the files of definitions in the data folder.
enum DefinitionNote {
    /// Opens the log for writing and tells which definitions that published, or could not.
    static func openWriter(_ folder: DataFolder) async throws -> LocalSequencer {
        try await folder.openWriter { kind, outcome in
            if let line = text(kind, outcome) { StandardError.write("touchline: \(line)\n") }
        }
    }

    /// The catalogue in force for a command that does not write, told if the folder's file cannot be used.
    static func catalogue(_ folder: DataFolder) throws -> Catalogue {
        do {
            let files = DefinitionFiles(folder)
            if let file = try files.file(.catalogue) { try files.check(file) }
        } catch {
            StandardError.write("touchline: \(error). The types in force hold\n")
        }
        return try folder.catalogue()
    }

    /// One line; `nil` where nothing changed.
    static func text(_ kind: DefinitionKind, _ outcome: DefinitionFiles.Outcome) -> String? {
        switch outcome {
        case .unchanged: nil
        case .published(let sequence):
            "\(kind.fileName) has changed; published as event \(sequence), in force from there on"
        case .unusable(let error): "\(error). It is not published; what was in force stays so"
        }
    }
}
