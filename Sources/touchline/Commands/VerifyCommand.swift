import ArgumentParser
import EventLog
import Projection
import TouchlineService

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the log: what is wrong, and where.",
        discussion: """
            Every checksum of every segment and index file is checked, and every page of the view database. With \
            --deep every line is parsed again and every directory and footer derived from the lines and compared. \
            Exit status 1 if anything is wrong.
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Also derive every directory and footer from the lines again.")
    var deep = false

    private struct Report: Encodable {
        struct Item: Encodable {
            var file: String
            var offset: UInt64?
            var structure: String
            var first: UInt64?
            var last: UInt64?
            var message: String
        }
        struct Gap: Encodable {
            var file: String
            var offset: UInt64
            var first: UInt64
            var last: UInt64
            var accepted: String
        }
        /// The first sequence; past 0 if older segments are archived.
        var first: UInt64
        var head: UInt64
        var events: UInt64
        var segments: Int
        /// How far the clock is behind the log's last instant, in seconds; absent if it is not.
        var clock_behind_seconds: Double?
        /// The first sequence that reuses the last instant.
        var clock_behind_since: UInt64?
        var findings: [Item]
        /// Events that were damaged and given up: nothing to mend.
        var accepted_gaps: [Gap]
        /// What is wrong with the view database; absent if nothing is.
        var views: ViewFault?
    }

    func run() throws {
        let folder = try options.folder()
        let reader = try folder.openReader()
        Interruption.listen()
        let bar = ProgressBar("verifying", unit: "events")
        let findings = try reader.verify(deep: deep) { done, total in
            bar.update(done, of: total)
            return !Interruption.isRequested
        }
        let views = try folder.views.check()
        let gaps = try reader.acceptedGaps()
        let statistics = try reader.statistics()
        ProgressBar.clear()
        let clock = ClockState(statistics)
        if options.json {
            try JSONOutput.print(
                Report(
                    first: statistics.firstSequence, head: statistics.head, events: statistics.events,
                    segments: statistics.segments.count,
                    clock_behind_seconds: clock?.behind, clock_behind_since: clock?.since,
                    findings: findings.map(Self.item), accepted_gaps: gaps.map(Self.item), views: views))
        } else {
            for finding in findings { Output.line("\(finding)") }
            for gap in gaps { Output.line("note: \(GapNote.text(gap))") }
            if findings.contains(where: { !$0.isDerived }) {
                Output.line(
                    "restore the files named from a copy, or see what can be mended: touchline repair --dry-run")
            } else if !findings.isEmpty {
                Output.line("all of this can be made anew from the lines: touchline repair")
            }
            if let views { Output.line("\(views); run `touchline rebuild` to make the views anew") }
            if let clock { Output.line(clock.text) }
            if statistics.firstSequence > 0 {
                Output.line("the log starts at sequence \(statistics.firstSequence): what was before is not here")
            }
            let sound = views == nil ? "all sound." : "the log is sound."
            Output.line(
                "\(Text.count(statistics.events)) events in \(Text.count(statistics.segments.count)) segments, "
                    + (findings.isEmpty ? sound : "\(Text.count(findings.count)) findings."))
        }
        Output.flush()
        if !findings.isEmpty || views != nil { throw ExitCode(1) }
    }

    private static func item(_ gap: AcceptedGap) -> Report.Gap {
        Report.Gap(
            file: gap.path, offset: gap.offset, first: gap.sequences.lowerBound, last: gap.sequences.upperBound - 1,
            accepted: gap.accepted.rfc3339)
    }

    private static func item(_ finding: Finding) -> Report.Item {
        Report.Item(
            file: finding.path, offset: finding.offset, structure: finding.structure.rawValue,
            first: finding.sequences?.lowerBound, last: finding.sequences.map { $0.upperBound - 1 },
            message: finding.message)
    }
}
