public import ArgumentParser
public import CRM
import TouchlineService

extension FunnelQuery.Grouping: ExpressibleByArgument {}

struct FunnelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "funnel",
        abstract: "How far opportunities came: per stage reached, current, conversion, time, value.",
        discussion: """
            Without a name it answers for the pipeline `default` if there is one, else for the largest; `leads` is the \
            built-in pipeline of leads. With --as-of, --at or --known-at the answer is that moment's.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "The pipeline.")
    var pipeline: String?

    @Option(help: "Break the figures down by owner, origin or product.")
    var by: FunnelQuery.Grouping?

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["funnel", "merges"]
        ) { try FunnelQuery(pipeline: pipeline, by: by).run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line(
            "Pipeline \(answer.pipeline) at \(Text.time(answer.now)), known up to \(answer.at.map(String.init) ?? "–")")
        show(answer.figures)
        for group in answer.groups ?? [] {
            Output.line()
            Output.line("\(answer.by ?? "") \(group.name)")
            show(group.figures)
        }
        let others = answer.pipelines.filter { $0.pipeline != answer.pipeline }
        if !others.isEmpty {
            Output.line()
            Output.line(
                "Other pipelines: " + others.map { "\($0.pipeline) (\($0.opportunities))" }.joined(separator: ", "))
        }
        Output.flush()
    }

    private func show(_ figures: FunnelAnswer.Figures) {
        var table = TextTable(
            "stage", ">reached", ">current", ">conversion", ">median stay", ">p90", "open value")
        for stage in figures.stages {
            table.add(
                stage.stage, Text.count(stage.reached), Text.count(stage.current), Text.percent(stage.conversion),
                Text.duration(stage.timeInStage.median), Text.duration(stage.timeInStage.p90), Text.money(stage.value))
        }
        Output.write(table.text())
        var line = "won \(Text.count(figures.won)), lost \(Text.count(figures.lost)), open \(Text.count(figures.open))"
        if figures.moved > 0 { line += ", moved \(Text.count(figures.moved))" }
        Output.line(line + "; win rate \(Text.percent(figures.winRate))")
        if !figures.lostByReason.isEmpty {
            let reasons = figures.lostByReason.prefix(6).map { "\($0.reason) \($0.count)" }
            Output.line("lost for: " + reasons.joined(separator: ", "))
        }
    }
}
