import ArgumentParser
import CRM
import EventLog
import Foundation
import TouchlineService

/// Checks files of definitions and prints what is wrong: `catalogue check`, `segments check`, `definitions check`.
enum DefinitionCheck {
    /// What is wrong with a file, as publishing it would find, a line each.
    ///
    /// - Throws: `ServiceError` if it cannot be read.
    static func problems(_ kind: DefinitionKind, _ path: String, _ options: GlobalOptions) throws -> [String] {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw ServiceError(.io, "\(path): cannot be read; check the path and its permissions")
        }
        // A file may be checked where there is no data folder yet.
        let bytesMax = (try? options.folder())?.configuration.event_bytes_max ?? Limits.eventBytesMax
        do throws(DefinitionError) {
            let body = try DefinitionFiles.read(kind, path, eventBytesMax: bytesMax).body
            try kind.checkToPublish(body, path: path, eventBytesMax: bytesMax)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    /// Prints a file's problems, or that it is good.
    static func show(_ problems: [String], of path: String) {
        if problems.isEmpty { Output.line("\(path): good") }
        for problem in problems { Output.line("\(path): \(problem)") }
    }

    /// Checks one file and prints what is wrong with it.
    ///
    /// - Throws: `ExitCode` 1 if anything is.
    static func run(_ kind: DefinitionKind, _ path: String, _ options: GlobalOptions) throws {
        let problems = try problems(kind, path, options)
        if options.json { try JSONOutput.print(["problems": problems]) } else { show(problems, of: path) }
        Output.flush()
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
