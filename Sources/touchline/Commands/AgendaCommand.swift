import ArgumentParser
import CRM
import TouchlineService

struct AgendaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agenda", abstract: "Open tasks and follow-ups, the overdue ones first.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Option(help: "Only one owner's tasks.")
    var owner: String?

    @Option(help: "How many to list at most.")
    var limit = 100

    func run() throws {
        guard limit > 0 else { throw ValidationError("--limit takes 1 or more") }
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["tasks", "customers", "merges"]
        ) { try AgendaQuery(owner: owner, limit: limit).run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line(
            "\(Text.count(answer.open)) open, \(Text.count(answer.overdue)) overdue at \(Text.time(answer.now)),"
                + " known up to sequence \(answer.at.map(String.init) ?? "–")")
        var table = TextTable("due", "", "owner", "customer", "name", "task", "about")
        for task in answer.tasks {
            table.add(
                Text.time(task.due), task.isOverdue ? "overdue" : "", task.owner, task.customer, task.name, task.task,
                task.about)
        }
        if !table.isEmpty { Output.write(table.text()) }
        Output.flush()
    }
}
