import ArgumentParser
import CRM
import Foundation
import TouchlineService

struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Complaints and tickets: opened, open, resolved, reopened, how long it took, and satisfaction.",
        discussion: """
            First response: from opening to the earliest response, or the earliest outbound call or message that names \
            the case. Resolution: from opening to the resolution in force. Rate: of the cases that were ever resolved \
            or closed, the share that was opened again. Times are medians (of \
            an even number the lower of the middle two), with the time that nine in ten stay within.
            """)

    /// By what cases are shown apart.
    enum By: String, CaseIterable, ExpressibleByArgument { case agent, category, severity }

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Option(help: "Show all of: agent, category or severity; also with open cases by age.")
    var by: By?

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["service", "merges"]
        ) { try ServiceQuery().run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line("At \(Text.time(answer.now)), known up to \(answer.at.map(String.init) ?? "–")")
        for (title, family) in [("complaints", answer.complaints), ("tickets", answer.tickets)] {
            show(title, family)
        }
        show(answer.surveys)
        Output.flush()
    }

    private func show(_ title: String, _ family: ServiceAnswer.Family) {
        Output.line()
        var table = TextTable(
            title, ">opened", ">open", ">resolved", ">reopened", ">rate", ">first response", ">p90", ">resolution",
            ">p90")
        add("all", family.figures, to: &table)
        let groups = [
            (By.category, family.byCategory, 8), (.agent, family.byAgent, 5), (.severity, family.bySeverity, 0),
        ]
        for (kind, groups, few) in groups where by == nil || by == kind {
            for group in groups.prefix(by == nil ? few : groups.count) {
                add("\(kind.rawValue) \(group.name)", group.figures, to: &table)
            }
        }
        Output.write(table.text())
        guard family.figures.open > 0 else { return }
        var ages = TextTable(columns: ["open by age"] + family.figures.openByAge.map { ">" + Self.name($0) })
        ages.add(cells: ["all"] + family.figures.openByAge.map { Text.count($0.count) })
        for (kind, groups, _) in groups where by == kind {
            for group in groups where group.figures.open > 0 {
                // A group need not have a case of unsure age though the whole has.
                let counts = family.figures.openByAge.map { age in
                    group.figures.openByAge.first { $0.fromDays == age.fromDays }?.count ?? 0
                }
                ages.add(cells: ["\(kind.rawValue) \(group.name)"] + counts.map { Text.count($0) })
            }
        }
        Output.write(ages.text())
    }

    private static func name(_ age: ServiceAge) -> String {
        guard let from = age.fromDays else { return "unsure" }
        guard let to = age.toDays else { return "\(from) days+" }
        return from == 0 ? "under \(to) day" : "\(from)–\(to) days"
    }

    private func show(_ surveys: SatisfactionAnswer) {
        guard surveys.sent > 0 || surveys.answered > 0 else { return }
        Output.line()
        Output.line(
            "surveys: sent \(Text.count(surveys.sent)), answered \(Text.count(surveys.answered))"
                + (surveys.outsideScale > 0 ? ", outside their scale \(Text.count(surveys.outsideScale))" : ""))
        var table = TextTable("satisfaction", "scale", ">answers", ">mean")
        add("all", surveys.scores, to: &table)
        for agent in surveys.byAgent { add("agent \(agent.name)", agent.scores, to: &table) }
        for month in surveys.byMonth.suffix(12) { add(month.name, month.scores, to: &table) }
        Output.write(table.text())
    }

    private func add(_ name: String, _ scores: [SatisfactionAnswer.Scores], to table: inout TextTable) {
        for score in scores {
            table.add(
                name, "\(score.scaleMin ?? "?")–\(score.scaleMax ?? "?")", Text.count(score.count),
                String(format: "%.2f", score.mean))
        }
    }

    private func add(_ name: String, _ figures: ServiceAnswer.Figures, to table: inout TextTable) {
        table.add(
            name, Text.count(figures.opened), Text.count(figures.open), Text.count(figures.resolved),
            Text.count(figures.reopened), Text.percent(figures.reopenRate),
            Text.duration(figures.firstResponse.median), Text.duration(figures.firstResponse.p90),
            Text.duration(figures.resolution.median), Text.duration(figures.resolution.p90))
    }
}
