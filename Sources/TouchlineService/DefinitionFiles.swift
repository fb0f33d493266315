public import CRM
public import EventLog
import Foundation
public import GRDB
import Projection
import SystemPackage

/// The files of definitions in a data folder, and how what they say gets into the log.
///
/// A file takes effect when a writer publishes it, so that the log itself says which definition held when. A file that
/// is taken away takes nothing back: its definition stays in force until another one is published.
public struct DefinitionFiles: Sendable {
    /// The source of the events.
    public static let source = Limits.reservedSourcePrefix + "definitions"

    /// What became of a file.
    public enum Outcome: Sendable, Equatable {
        /// What it says is in force already.
        case unchanged
        /// It was published by this event.
        case published(sequence: UInt64)
        /// It cannot be used; what was in force stays so.
        case unusable(DefinitionError)
    }

    /// A file as it is now.
    public struct File: Sendable, Equatable {
        /// What it defines.
        public var kind: DefinitionKind
        /// Where it is.
        public var path: String
        /// Its text.
        public var body: String
        /// SHA-256 of its bytes, in 64 hexadecimal digits.
        public var sha256: String
    }

    private let folder: DataFolder
    private var eventBytesMax: Int { folder.configuration.event_bytes_max ?? Limits.eventBytesMax }

    /// The files of a folder.
    public init(_ folder: DataFolder) {
        self.folder = folder
    }

    /// Where the files are that are there.
    public var paths: [String] {
        DefinitionKind.allCases.map { folder.path.appending($0.fileName).string }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    /// The file of a kind; `nil` if there is none.
    ///
    /// - Throws: `DefinitionError` if it cannot be read, is too large for an event, or is not UTF-8.
    public func file(_ kind: DefinitionKind) throws(DefinitionError) -> File? {
        let path = folder.path.appending(kind.fileName).string
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try Self.read(kind, path, eventBytesMax: eventBytesMax)
    }

    /// Reads a file.
    ///
    /// - Throws: `DefinitionError` if it cannot be read, is too large for an event, or is not UTF-8.
    public static func read(
        _ kind: DefinitionKind, _ path: String, eventBytesMax: Int
    ) throws(DefinitionError) -> File {
        func unusable(_ message: String, _ mend: String) -> DefinitionError {
            DefinitionError(
                path: path, problems: [DefinitionProblem(line: nil, entry: "", message: message, mend: mend)])
        }
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: path).resolvingSymlinksInPath().path)
        // A pipe would wait for ever.
        guard attributes?[.type] as? FileAttributeType == .typeRegular else {
            throw unusable("cannot be read", "make it a file that can be")
        }
        let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        try DefinitionKind.checkSize(size, path: path, eventBytesMax: eventBytesMax)
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw unusable("cannot be read", "make it a file that can be")
        }
        guard let body = String(validating: bytes, as: UTF8.self) else {
            throw unusable("not UTF-8", "save the file as UTF-8")
        }
        return File(kind: kind, path: path, body: body, sha256: Definition.sha256(of: body))
    }

    /// A note for whoever asks a question that a definition decides, if the folder's file says something else than the
    /// definition in force; `nil` if all is well.
    public func note(_ kind: DefinitionKind, _ db: Database) throws -> String? {
        let known = try Definition.inForce(kind, db)
        let inForce = known.map { "the definition of event \($0.sequence)" } ?? "no definition"
        let found: File?
        do {
            found = try file(kind)
        } catch {
            return "\(error). \(inForce.prefix(1).uppercased() + inForce.dropFirst()) is in force"
        }
        guard let file = found, file.sha256 != known?.sha256 else { return nil }
        do throws(DefinitionError) { try check(file) } catch {
            return "\(error). \(inForce.prefix(1).uppercased() + inForce.dropFirst()) is in force"
        }
        return "\(file.path) is not published yet, \(inForce) is in force; run `touchline definitions publish`"
    }

    /// Publishes the files that say something else than what is in force.
    ///
    /// - Parameter sequencer: the log's writer.
    /// - Throws: `LogError`, `AppendError`, `ServiceError`. A file that cannot be used is no error but an outcome.
    public func publish(to sequencer: any Sequencer) async throws -> [(kind: DefinitionKind, outcome: Outcome)] {
        var outcomes: [(kind: DefinitionKind, outcome: Outcome)] = []
        var known: [DefinitionKind: Definition]?
        for kind in DefinitionKind.allCases {
            do {
                guard let file = try file(kind) else { continue }
                let inForce = try known ?? definitionsInForce()
                known = inForce
                if inForce[kind]?.sha256 == file.sha256 {
                    outcomes.append((kind, .unchanged))
                } else {
                    let sequence = try await publish(file, after: inForce[kind], to: sequencer)
                    outcomes.append((kind, .published(sequence: sequence)))
                }
            } catch let error as DefinitionError {
                outcomes.append((kind, .unusable(error)))
            }
        }
        return outcomes
    }

    private func publish(_ file: File, after last: Definition?, to sequencer: any Sequencer) async throws -> UInt64 {
        try check(file)
        // The same change published twice, by a writer that was stopped in between, is one event.
        let id = "\(file.kind.rawValue):\(file.sha256):\(last.map { String($0.sequence) } ?? "first")"
        let event = EventDraft(
            id: id, source: Self.source, type: "definition.published", subject: nil,
            data: file.kind.eventData(file.body))
        let acknowledgements = try await sequencer.append(AppendRequest(events: [event]))
        guard let sequence = acknowledgements.first?.sequence else {
            throw ServiceError(.io, "\(file.path) was not acknowledged; publish it again")
        }
        return sequence
    }

    /// Checks a file as is done before it is published.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public func check(_ file: File) throws(DefinitionError) {
        try file.kind.checkToPublish(file.body, path: file.path, eventBytesMax: eventBytesMax)
    }

    /// The catalogue by which new events are checked: the built-in one with the types of the folder's file, or, while
    /// that cannot be used, with those of the definition in force.
    ///
    /// - Throws: `LogError` if the log cannot be read for it.
    public func catalogue() throws -> Catalogue {
        do {
            guard let file = try file(.catalogue) else { return try Catalogue.load() }
            try check(file)
            return try Catalogue.load(user: file.body, path: file.path)
        } catch is DefinitionError {
            return try Catalogue.load(user: definitionsInForce()[.catalogue]?.body)
        }
    }

    /// The definitions in force, read from the log itself, since views may be behind.
    private func definitionsInForce() throws -> [DefinitionKind: Definition] {
        let reader = try folder.openReader()
        let set = try folder.projectors().filter { $0.name == "definitions" }
        let past = try PastViews.make(set, from: reader, known: reader.head, subjects: [])
        return try past.read { db in
            var known: [DefinitionKind: Definition] = [:]
            for kind in DefinitionKind.allCases { known[kind] = try Definition.inForce(kind, db) }
            return known
        }
    }
}

extension DataFolder {
    /// Opens the log for writing, and publishes the definitions that have changed since the last writer.
    ///
    /// - Parameter told: called for each file of definitions with what became of it.
    /// - Throws: as `openSequencer()` and `DefinitionFiles.publish(to:)`.
    public func openWriter(
        told: (DefinitionKind, DefinitionFiles.Outcome) -> Void = { _, _ in }
    ) async throws -> LocalSequencer {
        let sequencer = try openSequencer()
        do {
            for (kind, outcome) in try await DefinitionFiles(self).publish(to: sequencer) { told(kind, outcome) }
        } catch {
            await sequencer.close(finishRepacking: false)
            throw error
        }
        return sequencer
    }
}
