import ArgumentParser
import CRM
import CSVImport
import EventLog
import Foundation
import TouchlineService

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turn the rows of a CSV file into events, or take an import back.",
        subcommands: [CSV.self, Draft.self, Undo.self])

    /// A text file, whole.
    static func text(_ path: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ServiceError(.io, "\(path): cannot be read; check the path and its permissions")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ImportCommand {
    struct CSV: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "csv", abstract: "Import a CSV file by a mapping.",
            discussion: """
                The mapping says which row gives which events; `touchline import draft FILE` writes one to begin with, \
                and the README has the language. Rows that fit no rule are listed with line and cause, and the rest \
                goes in. The same file with the same mapping is the same import: run again, it adds what is missing, \
                or nothing. After `import undo`, its ids are taken for ever: import again with `--attempt 2`, be the \
                mapping the same or mended, and with 3 after that is undone.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "A CSV file.")
        var file: String

        @Option(help: "The mapping, a YAML file.")
        var mapping: String

        @Flag(help: "Import nothing: show the first events of each rule, counts, and every rejected row.")
        var dryRun = false

        @Option(
            help: ArgumentHelp(
                "Import anew what was imported and undone: which time this is, 2 or more.",
                discussion: "Every id ends with ~N and the import's id with -N, so nothing meets what was undone.",
                valueName: "N"))
        var attempt: Int?

        @Flag(help: "Accept subjects that look like an e-mail address or a phone number.")
        var allowPersonalSubject = false

        func validate() throws {
            if let attempt, attempt < 2 {
                throw ValidationError("--attempt counts from 2, the first import after one that was undone")
            }
        }

        func run() async throws {
            let folder = try options.folder()
            // An import that writes tells of a catalogue it cannot use when it opens the log.
            let catalogue = try dryRun ? DefinitionNote.catalogue(folder) : folder.catalogue()
            Interruption.listen()
            let bar = ProgressBar(dryRun ? "reading" : "importing", unit: "bytes")
            let limit = folder.configuration.event_bytes_max ?? Limits.eventBytesMax
            let reader = try folder.openReader()
            let ingest = Ingest(
                catalogue: catalogue,
                options: Ingest.Options(allowsPersonalSubject: allowPersonalSubject, eventBytesMax: limit),
                merges: MergeGuard(reader: reader))
            let importer = try CSVImporter(
                mapping: ImportCommand.text(mapping), mappingName: mapping,
                mappingFolder: URL(filePath: mapping).deletingLastPathComponent().path, file: file, kinds: catalogue,
                attempt: attempt ?? 1, check: ingest.eventCheck
            ) { done, total in bar.update(UInt64(clamping: done), of: UInt64(clamping: total)) }
            let early = importer.warnings
            warn(early)
            var isEmpty = false
            if dryRun {
                try DryRun(importer, reader: reader, file: file).run(json: options.json)
            } else {
                let summary = try await load(importer, folder: folder, reader: reader)
                try report(summary, importer)
                isEmpty = summary.events == 0 && summary.rejected > 0
            }
            warn(importer.warnings.dropFirst(early.count))
            if isEmpty { throw ExitCode(ServiceError.Kind.badInput.rawValue) }
        }

        private func warn(_ warnings: some Sequence<String>) {
            for warning in warnings { StandardError.write("touchline: \(warning)\n") }
        }

        private func load(
            _ importer: CSVImporter, folder: DataFolder, reader: LogReader
        ) async throws -> ImportRun.Summary {
            let sequencer = try await DefinitionNote.openWriter(folder)
            let file = file
            let run = ImportRun(reader: reader, sequencer: sequencer) { row in
                ProgressBar.clear()
                StandardError.write("\(file): line \(row.line): rejected: \(row.cause)\n")
            }
            let summary: ImportRun.Summary
            do {
                summary = try await run.run(importer) {
                    try Interruption.check(
                        "stopped after \(importer.counts.rows) rows; what went in is kept, run the same command again to go on"
                    )
                }
            } catch {
                await sequencer.close(finishRepacking: false)
                throw error
            }
            await sequencer.finish()
            ProgressBar.clear()
            return summary
        }

        private func report(_ summary: ImportRun.Summary, _ importer: CSVImporter) throws {
            if options.json { try JSONOutput.print(summary) } else { show(summary, importer) }
            Output.flush()
            if let undone = summary.undone { StandardError.write("touchline: \(undone.note)\n") }
        }

        private func show(_ summary: ImportRun.Summary, _ importer: CSVImporter) {
            Output.line(
                "Import \(summary.import): \(Text.count(summary.rows)) rows gave \(Text.count(summary.events)) events,"
                    + " \(Text.count(summary.appended)) of them new.")
            for (rule, count) in zip(importer.rules, summary.events_by_rule) {
                Output.line("  rule \(rule.number) (\(rule.types.joined(separator: ", "))): \(Text.count(count))")
            }
            for (reason, count) in summary.skipped_by_reason.sorted(by: { $0.key < $1.key }) {
                Output.line("  skipped, \(reason): \(Text.count(count))")
            }
            if summary.rejected > 0 { Output.line("  rejected: \(Text.count(summary.rejected)), listed above") }
            if summary.events > 0, summary.undone_import == nil || summary.appended > 0 {
                Output.line("To take it back: touchline import undo \(summary.import)")
            }
        }
    }

    struct Draft: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "draft", abstract: "Read a CSV file's header and a sample, and write a mapping to begin with.")

        @Argument(help: "A CSV file.")
        var file: String

        func run() throws {
            Output.write(try ImportDraft(file: file).yaml)
            Output.flush()
        }
    }

    struct Undo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "undo", abstract: "Take an import back: one retraction for each of its events.",
            discussion: "The log keeps both; from then on every view is as if the import had not been.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The import's id, as `import csv` printed it.")
        var identifier: String

        func run() async throws {
            let folder = try options.folder()
            let reader = try folder.openReader()
            let sequencer = try await DefinitionNote.openWriter(folder)
            Interruption.listen()
            let bar = ProgressBar("undoing", unit: "events read")
            let undo = ImportUndo(reader: reader, sequencer: sequencer)
            let summary: ImportUndo.Summary
            do {
                summary = try await undo.run(identifier) { done, total in
                    try Interruption.check("stopped; run the same command again to go on")
                    bar.update(done, of: total)
                }
            } catch {
                await sequencer.close(finishRepacking: false)
                throw error
            }
            await sequencer.finish()
            ProgressBar.clear()
            if options.json { return try JSONOutput.print(summary) }
            Output.line(
                "Import \(summary.import) is undone: \(Text.count(summary.events)) events,"
                    + " \(Text.count(summary.retracted)) retractions appended now.")
            Output.flush()
        }
    }
}
