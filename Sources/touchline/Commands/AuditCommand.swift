import ArgumentParser
import TouchlineService

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Every event of a customer with what it changed in the views, step by step.",
        discussion: """
            Events come in the order in which they became known. A late event, a retraction or a merge shows its whole \
            effect at its own place. With --at, --known-at or --as-of the audit is of that moment.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "The customer's id.")
    var subject: String

    func run() throws {
        let asking = try Asking(options)
        let history = try History(asking.folder, reader: asking.reader)
        let trail = try history.audit(subject, at: moment.request)
        if options.json { return try JSONOutput.print(trail) }
        if trail.customer != trail.subject { Output.line("\(trail.subject) was merged into \(trail.customer).") }
        Output.line("\(trail.subject): \(Text.count(trail.events.count)) events, known up to sequence \(trail.at ?? 0)")
        for step in trail.events {
            Output.line()
            Output.line("#\(step.sequence)  \(step.type)  \(step.subject)")
            Output.line("  happened \(step.time), recorded \(step.recordedtime)")
            Output.line("  from \(step.source) \(step.id)")
            Output.line("  data \(DisplayWidth.cut(step.data, to: 110))")
            var table = TextTable("view", "row", "field", "before", "after")
            for change in step.changes {
                table.add(
                    change.table, change.row, change.field, DisplayWidth.cut(change.before ?? "–", to: 40),
                    DisplayWidth.cut(change.after ?? "–", to: 40))
            }
            Output.write(table.isEmpty ? "  (changes no view)\n" : table.text(indent: 2))
        }
        Output.flush()
    }
}
