import ArgumentParser
import TouchlineService

struct TimelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "A customer's history in the order in which it happened.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "The customer's id.")
    var subject: String

    @Option(help: "Only the newest COUNT events.")
    var limit: Int?

    func run() throws {
        let asking = try Asking(options)
        let history = try History(asking.folder, reader: asking.reader)
        var timeline = try history.timeline(subject, at: moment.request)
        if let limit { timeline.events = timeline.events.suffix(max(0, limit)) }
        if options.json { return try JSONOutput.print(timeline) }
        if timeline.customer != timeline.subject {
            Output.line("\(timeline.subject) was merged into \(timeline.customer).")
        }
        var table = TextTable("time", ">sequence", "type", "data")
        for event in timeline.events {
            let mark = event.retracted ? "(retracted) " : ""
            table.add(
                Text.time(event.time), String(event.sequence), event.type, mark + DisplayWidth.cut(event.data, to: 90))
        }
        Output.write(table.text())
        Output.line("Known up to sequence \(timeline.at.map(String.init) ?? "–").")
        Output.flush()
    }
}
