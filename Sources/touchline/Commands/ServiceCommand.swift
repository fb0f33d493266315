import ArgumentParser
import CRM
import TouchlineService

struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Complaints and tickets: opened, open, resolved, reopened, and how long it took.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["service", "merges"]
        ) { try ServiceQuery().run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line("At \(Text.time(answer.now)), known up to \(answer.at.map(String.init) ?? "–")")
        for (title, family) in [("complaints", answer.complaints), ("tickets", answer.tickets)] {
            Output.line()
            var table = TextTable(
                title, ">opened", ">open", ">resolved", ">reopened", ">first response", ">p90", ">resolution", ">p90")
            add("all", family.figures, to: &table)
            for group in family.byCategory.prefix(8) { add("category \(group.name)", group.figures, to: &table) }
            for group in family.byAgent.prefix(5) { add("agent \(group.name)", group.figures, to: &table) }
            Output.write(table.text())
        }
        if answer.surveys.sent > 0 || answer.surveys.answered > 0 {
            Output.line()
            Output.line(
                "surveys: sent \(Text.count(answer.surveys.sent)), answered \(Text.count(answer.surveys.answered))")
        }
        Output.flush()
    }

    private func add(_ name: String, _ figures: ServiceAnswer.Figures, to table: inout TextTable) {
        table.add(
            name, Text.count(figures.opened), Text.count(figures.open), Text.count(figures.resolved),
            Text.count(figures.reopened), Text.duration(figures.firstResponse.median),
            Text.duration(figures.firstResponse.p90), Text.duration(figures.resolution.median),
            Text.duration(figures.resolution.p90))
    }
}
