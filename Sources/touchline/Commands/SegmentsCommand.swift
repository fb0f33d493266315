import ArgumentParser
import CRM
import EventLog
import GRDB
import TouchlineService

struct SegmentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segments", abstract: "Groups of customers by conditions of your own, as of any moment.",
        discussion: """
            segments.yaml in the data folder names them:

              segments:
                - name: sleeping
                  description: Bought often, not lately.
                  where: purchases >= 5 AND last_purchase < date(:now, '-90 days')

            A condition is one SQL expression over a customer's row (`segments columns` lists its columns); it can \
            read nothing else and write nothing. :now is the moment of the answer. The file takes effect when it is \
            published (`touchline definitions publish`, or whichever command writes next), so that a past answer stays.
            """,
        subcommands: [List.self, Columns.self, Check.self], defaultSubcommand: List.self)
}

extension SegmentsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "All segments with their counts, or one with its members.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var moment: MomentOptions

        @Argument(help: "One segment.")
        var name: String?

        @Option(help: "Who joined and who left since TIME (what had happened by then, with today's knowledge).")
        var changedSince: String?

        @Option(help: "How many members to name at most.")
        var limit = 1_000

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit takes 1 or more") }
        }

        func run() throws {
            let asking = try Asking(options)
            let query = SegmentsQuery(name: name)
            let files = DefinitionFiles(asking.folder)
            var membership = try asking.answers(moment.request).answer(at: moment.request) { db, context in
                var membership = try query.run(db, context)
                if moment.request.isPresent, let note = try files.note(.segments, db) { membership.notes.append(note) }
                return membership
            }
            var before: SegmentMembership?
            if let changedSince {
                let since = try MomentRequest.instant(changedSince, "--changed-since", asking.folder.calendar)
                guard since.rfc3339 < membership.now else {
                    throw ServiceError(
                        .badInput,
                        "--changed-since \(changedSince): \(since.rfc3339) is not before \(membership.now), the moment "
                            + "of this answer; take an earlier one")
                }
                let then = MomentRequest(at: moment.at, asOf: changedSince, knownAt: moment.knownAt)
                before = try asking.answers(then).answer(at: then, query.run)
            }
            ProgressBar.clear()
            let answer = SegmentsAnswer(membership, before: before, limit: limit, namesMembers: name != nil)
            if options.json { return try JSONOutput.print(answer) }
            show(answer)
            Output.flush()
            for note in answer.notes { StandardError.write("touchline: \(note)\n") }
        }

        private func show(_ answer: SegmentsAnswer) {
            let definition = answer.definition
            let source = definition.sequence.map { "definition of event \($0)" } ?? "no definition"
            Output.line(
                "\(Text.count(answer.customers)) customers as of \(Text.time(answer.now)), known up to "
                    + "\(answer.at.map(String.init) ?? "–"); \(source)"
                    + (definition.sha256.map { " (\($0.prefix(16)))" } ?? ""))
            guard !answer.segments.isEmpty else { return }
            var table =
                answer.changedSince == nil
                ? TextTable("segment", ">customers", ">share", "description")
                : TextTable("segment", ">customers", ">share", ">joined", ">left", "description")
            for segment in answer.segments {
                let change = segment.change.map { [Text.count($0.joinedCount), Text.count($0.leftCount)] } ?? []
                table.add(
                    cells: [segment.segment, Text.count(segment.customers), Text.percent(segment.share)] + change
                        + [segment.description])
            }
            Output.write(table.text())
            if let since = answer.changedSince { Output.line("joined and left since \(Text.time(since))") }
            guard name != nil, let segment = answer.segments.first else { return }
            Output.line("where \(segment.condition)")
            names("members", segment.members ?? [], of: segment.customers)
            if let change = segment.change {
                names("joined", change.joined, of: change.joinedCount)
                names("left", change.left, of: change.leftCount)
            }
        }

        private func names(_ title: String, _ names: [String], of count: Int) {
            guard count > 0 else { return }
            Output.line()
            Output.line(title)
            for name in names { Output.line("  \(name)") }
            if count > names.count { Output.line("  … \(Text.count(count - names.count)) more with --limit") }
        }
    }

    struct Columns: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "columns", abstract: "The columns of a customer's row that conditions may name.")

        @OptionGroup var options: GlobalOptions

        private struct Column: Encodable {
            var column: String
            var kind: String
            var holds: String
        }

        func run() throws {
            let columns = SegmentColumns.all.map {
                Column(column: $0.name, kind: $0.kind.rawValue.lowercased(), holds: $0.summary)
            }
            if options.json { return try JSONOutput.print(["columns": columns]) }
            var table = TextTable("column", "kind", "holds")
            for column in columns { table.add(column.column, column.kind, column.holds) }
            Output.write(table.text())
            Output.flush()
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check a segments.yaml, its conditions included, before it is published.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "A segments.yaml.")
        var file: String

        func run() throws { try DefinitionCheck.run(.segments, file, options) }
    }
}
