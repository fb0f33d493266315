public import ArgumentParser
public import CRM
import EventLog
import Foundation
import TouchlineService

struct DefinitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "definitions", abstract: "Pipelines, segments and types of your own: what holds, and since when.",
        discussion: """
            pipelines.yaml, segments.yaml and catalogue.yaml in the data folder take effect when they are in the log: \
            the next command that writes publishes what has changed as an event, or `definitions publish` does. So an \
            answer of the past (--at, --known-at) goes by the definition that held then, and names its hash.

              pipelines:
                default:
                  stages:
                    - {name: qualify, probability: 0.1, limit: 14d}
                    - {name: proposal, probability: 0.4, limit: 3w}
                    - contract

            A file that is taken away takes nothing back; to do without, publish it with `pipelines: {}` or \
            `segments: []` alone in it.
            """,
        subcommands: [List.self, Show.self, Check.self, Publish.self], defaultSubcommand: List.self)
}

extension DefinitionKind: ExpressibleByArgument {}

extension DefinitionsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Every published definition, the one in force of each kind marked.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var moment: MomentOptions

        private struct Entry: Encodable {
            var kind: String
            var sequence: UInt64
            var published: String
            var sha256: String
            var inForce: Bool

            enum CodingKeys: String, CodingKey {
                case kind, sequence, published, sha256
                case inForce = "in_force"
            }
        }

        private struct Answer: Encodable {
            var at: UInt64?
            var definitions: [Entry]
            var notes: [String]
        }

        func run() throws {
            let asking = try Asking(options)
            let isPresent = moment.request.isPresent
            let answer = try asking.answers(moment.request).answer(
                at: moment.request, scope: .system, projectors: ["definitions"]
            ) { db, context in
                let files = DefinitionFiles(asking.folder)
                return Answer(
                    at: context.lastSequence,
                    definitions: try Definition.all(db).map { definition, isInForce in
                        Entry(
                            kind: definition.kind, sequence: definition.sequence, published: definition.published,
                            sha256: definition.sha256, inForce: isInForce)
                    }, notes: isPresent ? try DefinitionKind.allCases.compactMap { try files.note($0, db) } : [])
            }
            ProgressBar.clear()
            if options.json { return try JSONOutput.print(answer) }
            var table = TextTable("kind", ">event", "published", "sha256", "")
            for entry in answer.definitions {
                table.add(
                    entry.kind, String(entry.sequence), entry.published, String(entry.sha256.prefix(16)),
                    entry.inForce ? "in force" : "")
            }
            if table.isEmpty { Output.line("No definition is published; the built-in ones hold.") }
            Output.write(table.text())
            Output.flush()
            for note in answer.notes { StandardError.write("touchline: \(note)\n") }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "The text of the definition in force.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var moment: MomentOptions

        private struct Shown: Encodable {
            var kind: String
            var sequence: UInt64
            var published: String
            var sha256: String
            var body: String
        }

        @Argument(help: "pipelines, segments or catalogue.")
        var kind: DefinitionKind

        func run() throws {
            let asking = try Asking(options)
            let found = try asking.answers(moment.request).answer(
                at: moment.request, scope: .system, projectors: ["definitions"]
            ) { db, _ in try Definition.inForce(kind, db) }
            ProgressBar.clear()
            guard let found else {
                throw ServiceError(
                    .badInput,
                    "no \(kind.rawValue) are published by then; write \(kind.fileName) and run `touchline definitions publish`"
                )
            }
            if options.json {
                try JSONOutput.print(
                    Shown(
                        kind: kind.rawValue, sequence: found.sequence, published: found.published,
                        sha256: found.sha256, body: found.body))
            } else {
                Output.write(found.body)
                Output.flush()
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check files before they are published; without a name those of the folder."
        )

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Files whose names begin with pipelines, segments or catalogue.")
        var files: [String] = []

        func run() throws {
            var paths = files
            if paths.isEmpty {
                paths = try DefinitionFiles(options.folder()).paths
                if paths.isEmpty {
                    throw ServiceError(
                        .badInput, "\(options.path): no pipelines.yaml, segments.yaml or catalogue.yaml; name a file")
                }
            }
            var problems: [String: [String]] = [:]
            for path in paths { problems[path] = try self.problems(path) }
            if options.json {
                try JSONOutput.print(["problems": problems])
            } else {
                for path in paths { DefinitionCheck.show(problems[path] ?? [], of: path) }
            }
            Output.flush()
            if problems.values.contains(where: { !$0.isEmpty }) { throw ExitCode(1) }
        }

        private func problems(_ path: String) throws -> [String] {
            let name = URL(filePath: path).lastPathComponent
            guard let kind = DefinitionKind.allCases.first(where: { name.hasPrefix($0.rawValue) }) else {
                throw ServiceError(
                    .usage, "\(path): the name says not what it defines; call it pipelines, segments or catalogue .yaml"
                )
            }
            return try DefinitionCheck.problems(kind, path, options)
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "publish", abstract: "Publish what has changed, as the next command that writes would.")

        @OptionGroup var options: GlobalOptions

        private struct Published: Encodable {
            var kind: String
            var outcome: String
            var sequence: UInt64?
            var problem: String?
        }

        func run() async throws {
            let folder = try options.folder()
            let sequencer = try folder.openSequencer()
            let outcomes: [(kind: DefinitionKind, outcome: DefinitionFiles.Outcome)]
            do {
                outcomes = try await DefinitionFiles(folder).publish(to: sequencer)
            } catch {
                await sequencer.close(finishRepacking: false)
                throw error
            }
            await sequencer.close(finishRepacking: false)
            try show(outcomes)
            for case (_, .unusable(let error)) in outcomes { throw error }
        }

        private func show(_ outcomes: [(kind: DefinitionKind, outcome: DefinitionFiles.Outcome)]) throws {
            if options.json {
                return try JSONOutput.print(
                    outcomes.map { kind, outcome in
                        switch outcome {
                        case .unchanged: Published(kind: kind.rawValue, outcome: "unchanged")
                        case .published(let sequence):
                            Published(kind: kind.rawValue, outcome: "published", sequence: sequence)
                        case .unusable(let error):
                            Published(kind: kind.rawValue, outcome: "unusable", problem: "\(error)")
                        }
                    })
            }
            if outcomes.isEmpty {
                Output.line("\(options.path): no pipelines.yaml, segments.yaml or catalogue.yaml")
            }
            for (kind, outcome) in outcomes {
                switch outcome {
                case .unchanged: Output.line("\(kind.fileName): in force as it is")
                case .published(let sequence): Output.line("\(kind.fileName): published as event \(sequence)")
                case .unusable: Output.line("\(kind.fileName): not published")
                }
            }
            Output.flush()
        }
    }
}
