public import ArgumentParser
public import CRM
import TouchlineService

extension FunnelQuery.Grouping: ExpressibleByArgument {}
extension ForecastPeriod: ExpressibleByArgument {}

struct FunnelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "funnel",
        abstract: "How far opportunities came: per stage reached, current, conversion, time, value; a forecast.",
        discussion: """
            Without a name it answers for the pipeline `default` if there is one, else for the largest; `leads` is the \
            built-in pipeline of leads. With --as-of, --at or --known-at the answer is that moment's.

            Stages stand as `pipelines.yaml` in the data folder defines them (see `touchline definitions`), with the \
            chance of each and how long a deal may stay; stages that it does not name come after them, in the order in \
            which deals went through them. A deal that names no stage is in the first one.

            conversion: of the deals that reached a stage, the share that went on to a later one or was won; those \
            still under way are left out. median, p90: of the stays that have ended, by nearest rank, so of an even \
            number the lower of the middle two. weighted: value times the stage's chance. cycle: from \
            opening to closing, without the time a deal was closed before.

            --by quarter: the quarter of closing, or of opening while a deal is open; of a lead that of its capture.

            --forecast: an open deal's amount times the share of past stays in its stage, at least as long as it has \
            been there, that were won. A deal with an expected close counts in that day's period, the others as soon \
            as history says. Beside it what the same rule would have said at the start of earlier periods, and what \
            was won. Currencies are never added up.

            --contacts: calls, messages, meetings and visits with a customer, or anyone merged into it, before its \
            first completed order or won opportunity, whatever became of that later; of all pipelines together.

              touchline funnel --by owner
              touchline funnel --as-of 2026-03-31 --svg funnel.svg
              touchline funnel --over --stage proposal
              touchline funnel --forecast quarter
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "The pipeline.")
    var pipeline: String?

    @Option(help: "Break the figures down by owner, origin, product or quarter.")
    var by: FunnelQuery.Grouping?

    @Option(help: "Only this stage.")
    var stage: String?

    @Flag(help: "List the open deals that have been in their stage longer than its limit.")
    var over = false

    @Option(help: "What the open deals are likely to bring, per month or quarter.")
    var forecast: ForecastPeriod?

    @Flag(help: "How many contacts it took until customers bought; folded when asked for, so it takes a while.")
    var contacts = false

    @Option(help: ArgumentHelp("Also draw the funnel into FILE, as SVG.", valueName: "file"))
    var svg: String?

    func run() throws {
        let asking = try Asking(options)
        let query = FunnelQuery(
            pipeline: pipeline, by: by, stage: stage, listsOver: over,
            forecast: forecast)
        let answers = try asking.answers(moment.request)
        var answer = try answers.answer(
            at: moment.request, projectors: ["funnel", "merges"], cutsRows: true
        ) { try query.run($0, $1) }
        if contacts {
            answer.contacts = try answers.answer(at: moment.request, folding: [ContactsProjector()]) {
                try ContactsQuery().run($0, $1)
            }
        }
        ProgressBar.clear()
        if let svg { try FunnelPicture.draw(answer).write(to: svg) }
        if options.json { return try JSONOutput.print(answer) }
        FunnelText.show(answer)
        if forecast != nil, answer.forecast == nil {
            Output.line("A lead has no amount, so there is nothing to forecast")
        }
        Output.flush()
    }
}
