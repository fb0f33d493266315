import ArgumentParser
import EventLog
import TouchlineService

struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make anew what is damaged and can be derived; name what cannot.",
        discussion: """
            Index runs, footers, headers, batch directories, the head word and the views are derived from what is \
            whole. No line is ever touched, and every file that is replaced is kept in log/aside.

            Events whose own bytes are damaged cannot be derived. Either restore the file that is named from a copy; \
            or give the events up with --accept-gap: their bytes stay, every read of them says that they are a gap, \
            and appends and rebuilds go on. Exit status 1 if something is left to mend.
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("Give up these events, which must be just what cannot be read.", valueName: "A..B"))
    var acceptGap: String?

    private struct Report: Encodable {
        struct Step: Encodable {
            var file: String
            var offset: UInt64?
            var structure: String
            var first: UInt64?
            var last: UInt64?
            var action: String
        }
        struct Item: Encodable {
            var file: String
            var offset: UInt64?
            var structure: String
            var first: UInt64?
            var last: UInt64?
            var message: String
        }
        var dry_run: Bool
        var steps: [Step]
        /// What is done about the views; absent if they are sound.
        var views: String?
        /// What only a copy, or accepting the gap, can mend.
        var unmendable: [Item]
        /// What `--accept-gap` would take.
        var gaps: [String]
        /// What was replaced is kept there.
        var aside: [String]
        /// What is still wrong beside `unmendable`; empty unless the disk goes on failing.
        var left: [Item]
    }

    func run() throws {
        let folder = try options.folder()
        let accepting = try range()
        Interruption.listen()
        let bar = ProgressBar("checking", unit: "events")
        let repair = FolderRepair(folder) { done, total in
            bar.update(done, of: total)
            return !Interruption.isRequested
        }
        let result = try dryRun ? repair.plan(accepting: accepting) : repair.run(accepting: accepting)
        ProgressBar.clear()
        if options.json { try JSONOutput.print(report(result)) } else { show(result) }
        Output.flush()
        if !result.log.unmendable.isEmpty || !result.log.left.isEmpty { throw ExitCode(1) }
    }

    private func range() throws -> Range<UInt64>? {
        guard let acceptGap else { return nil }
        let parts = acceptGap.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]), let last = UInt64(parts[2]),
            first <= last, last < .max
        else {
            throw ValidationError(
                "--accept-gap \(acceptGap): give the first and the last event, such as --accept-gap 12..14")
        }
        return first..<(last + 1)
    }

    // MARK: Output

    private func show(_ result: FolderRepair.Result) {
        let mark = dryRun ? "would" : "done:"
        for step in result.log.steps { Output.line("\(mark) \(Self.text(step))") }
        if let views = result.views { Output.line("\(mark) \(views)") }
        for finding in result.log.unmendable { Output.line("cannot be mended: \(finding)") }
        for finding in result.log.left { Output.line("still wrong: \(finding)") }
        for path in result.log.aside { Output.line("kept: \(path)") }
        showMends(result.log)
        let isSound = result.log.steps.isEmpty && result.views == nil && result.log.unmendable.isEmpty
        if isSound { Output.line("Nothing to mend.") }
        if dryRun, !isSound { Output.line("Nothing was changed.") }
    }

    /// The two ways out of what cannot be derived.
    private func showMends(_ plan: RepairPlan) {
        guard !plan.unmendable.isEmpty else { return }
        Output.line(
            "Restore the files named from a copy, and run this again; or, if there is none, give the events up:")
        for gap in plan.gaps {
            Output.line("  touchline repair --accept-gap \(gap.lowerBound)..\(gap.upperBound - 1)")
        }
    }

    private static func text(_ step: RepairPlan.Step) -> String {
        var text = step.action + ": " + step.path
        if let offset = step.offset { text += " at byte \(offset)" }
        if let sequences = step.sequences { text += ", events \(sequences.lowerBound) to \(sequences.upperBound - 1)" }
        return text
    }

    private func report(_ result: FolderRepair.Result) -> Report {
        Report(
            dry_run: dryRun,
            steps: result.log.steps.map { step in
                Report.Step(
                    file: step.path, offset: step.offset, structure: step.structure.rawValue,
                    first: step.sequences?.lowerBound, last: step.sequences.map { $0.upperBound - 1 },
                    action: step.action)
            }, views: result.views, unmendable: result.log.unmendable.map(Self.item),
            gaps: result.log.gaps.map { "\($0.lowerBound)..\($0.upperBound - 1)" }, aside: result.log.aside,
            left: result.log.left.map(Self.item))
    }

    private static func item(_ finding: Finding) -> Report.Item {
        Report.Item(
            file: finding.path, offset: finding.offset, structure: finding.structure.rawValue,
            first: finding.sequences?.lowerBound, last: finding.sequences.map { $0.upperBound - 1 },
            message: finding.message)
    }
}
