import ArgumentParser
import Projection
import TouchlineService

struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the views anew from the log, beside those in use, and switch to them in one step.",
        discussion: """
            Queries answer from the old views until the switch. Stopped or killed, it goes on where it was when run \
            again. Named projectors are made anew and the others copied. Projectors: customers, funnel, service, \
            campaigns, tasks, churn, merges.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Projectors to rebuild (default: all).")
    var names: [String] = []

    @Option(help: "Threads that fold.")
    var workers = 2

    @Option(help: "Memory for events at a time, such as 512M or 2G.")
    var memory = "1G"

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Also check the log's directories against its lines and the new file's structure.")
    var verify = false

    func run() throws {
        let folder = try options.folder()
        let reader = try folder.openReader()
        guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64") }
        let rebuild = try Rebuild(
            store: folder.views, reader: reader, projectors: folder.projectors(),
            options: RebuildOptions(
                names: names.isEmpty ? nil : names, workers: workers, memoryBytes: try memoryBytes(),
                verifies: verify))
        if dryRun { return try show(rebuild.plan()) }
        Interruption.listen()
        let bar = ProgressBar("rebuilding", unit: "events")
        try GapNote.write(reader)
        let summary = try rebuild.run { progress in
            bar.update(progress.events, of: progress.eventsTotal, note: progress.phase.rawValue)
            return !Interruption.isRequested
        }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(summary) }
        Output.line(
            "Rebuilt \(summary.plan.projectors.joined(separator: ", ")) from \(Text.count(summary.events)) events"
                + (summary.caught_up > 0 ? ", caught up with \(Text.count(summary.caught_up)) more" : "")
                + "; the views are now \(summary.file).")
        Output.flush()
    }

    private func show(_ plan: RebuildPlan) throws {
        if options.json { return try JSONOutput.print(plan) }
        Output.line("Would rebuild \(plan.projectors.joined(separator: ", ")) from the first \(plan.target) events")
        if !plan.copied.isEmpty { Output.line("and copy \(plan.copied.joined(separator: ", "))") }
        Output.line(
            "in \(plan.partitions) partitions (\(plan.partitions_done) done already), \(plan.passes) passes over the log,"
                + " \(plan.workers) workers, into \(plan.file). Nothing was changed.")
        Output.flush()
    }

    private func memoryBytes() throws -> Int {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = memory.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(unit == nil ? memory : String(memory.dropLast())), number > 0,
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1), !overflow
        else { throw ValidationError("--memory \(memory): give bytes, or a number with K, M or G, such as 512M") }
        return bytes
    }
}
