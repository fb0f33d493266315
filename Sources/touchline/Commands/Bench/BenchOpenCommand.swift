import ArgumentParser
import EventLog
import Foundation
import SystemPackage
public import TouchlineBench

extension SyntheticLife.IDs: ExpressibleByArgument {}

struct BenchOpenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "How long opening takes after a crash, and how much memory.",
        discussion: """
            A second process appends --events events and is killed with SIGKILL while it goes on appending; a third \
            opens the log and appends one event. It is killed and opened again, some events further on, as often as \
            --runs says, so that it is found in different states.

            Opening reads the footers of closed segments, all lines of the active one (256 MiB at most), and those of \
            a closed one whose part of the index was not written yet. So neither figure grows with the log.

              open      until the log can take appends; budget 1 s
              append    until a first event is acknowledged
              CPU       what open takes of all cores together
              limit     only reading the same bytes, their checksums and LZ4, in the same process on one core
              memory    anonymous memory at its peak; budget 256 MiB, also for the process that appends

            Ten million events take a minute or two and some 2 GiB on the disk.
            """)

    @Option(help: "Events in the log at the first run.")
    var events: UInt64 = 10_000_000

    @Option(help: "Ids of the events: uuid, or none (the log names them).")
    var ids = SyntheticLife.IDs.uuid

    @Option(help: "How often the log is killed and opened.")
    var runs = 7

    @Option(
        name: .customLong("data"),
        help: "Where to work: a folder that is empty or not there yet (default: one among the temporary files).")
    var folder: String?

    @Option(help: .hidden)
    var segmentBytes: UInt64?

    @Flag(help: "Print one JSON document with stable keys.")
    var json = false

    func validate() throws {
        guard events > 0 else { throw ValidationError("--events 0: give at least 1") }
        guard runs > 0 else { throw ValidationError("--runs \(runs): give at least 1") }
    }

    func run() throws {
        Interruption.listen()
        var options = OpenBenchmark.Options()
        options.events = events
        options.ids = ids
        options.runs = runs
        options.segmentBytes = segmentBytes
        let bar = ProgressBar("appending", unit: "events")
        let children = OpenBenchmark.Children(
            fill: ["bench", BenchFillChild.name], open: ["bench", BenchOpenChild.name])
        let report = try OpenBenchmark.run(options, folder: folder.map { FilePath($0) }, children: children) {
            try Interruption.check("stopped; the log it had filled is gone")
            bar.update($0, of: $1)
        }
        ProgressBar.clear()
        if json { return try JSONOutput.print(report) }
        write(report)
    }

    private func write(_ report: OpenBenchmark.Report) {
        Output.line(BenchText.machine(report.machine))
        Output.line(
            "appended at \(Text.count(UInt64(report.append_rate))) events/s, synthetic, ids \(report.ids.rawValue)")
        Output.line()
        var table = TextTable(
            ">events", ">read", ">unindexed", ">unpacked", ">open", ">append", ">CPU", ">limit", ">memory")
        for run in report.runs {
            table.add(
                Text.count(run.events), Text.count(run.events_read), Text.count(run.unindexed_segments),
                Text.count(run.unpacked_segments), BenchText.milliseconds(run.open_seconds),
                BenchText.milliseconds(run.first_append_seconds), BenchText.milliseconds(run.cpu_seconds),
                BenchText.milliseconds(run.limit_seconds), Text.bytes(run.anonymous_bytes))
        }
        Output.write(table.text())
        Output.line()
        Output.write(sum(report).text())
        if report.noisy { Output.line("The machine is noisy: these figures say little.") }
        Output.flush()
    }

    private func sum(_ report: OpenBenchmark.Report) -> TextTable {
        var sum = TextTable("", ">median", ">min", ">max", ">budget", "")
        func add(_ name: String, _ spread: Spread, budget: Double?, _ text: (Double) -> String) {
            sum.add(
                name, text(spread.median), text(spread.min), text(spread.max), budget.map(text) ?? "",
                budget.map { spread.max <= $0 ? "kept" : "MISSED" } ?? "")
        }
        let memory = { (bytes: Double) in Text.bytes(UInt64(bytes)) }
        let budget = Double(report.budget_anonymous_bytes)
        add("open", report.open_seconds, budget: report.budget_open_seconds, BenchText.milliseconds)
        add("append", report.first_append_seconds, budget: nil, BenchText.milliseconds)
        add("CPU", report.cpu_seconds, budget: nil, BenchText.milliseconds)
        add("limit", report.limit_seconds, budget: nil, BenchText.milliseconds)
        add("memory", report.anonymous_bytes, budget: budget, memory)
        if let appending = Spread([Double(report.appending_anonymous_bytes)]) {
            add("memory, appending", appending, budget: budget, memory)
        }
        return sum
    }
}

/// What the children of `bench open` are told.
struct BenchChildOptions: ParsableArguments {
    @Argument var directory: String
    @Option var ids = SyntheticLife.IDs.uuid
    @Option var customers = 1
    @Option var segmentBytes: UInt64?

    /// How the log is written.
    var options: LogOptions {
        var options = LogOptions()
        if let segmentBytes { options.segmentBytesMax = segmentBytes }
        return options
    }
}

/// Appends until it is killed.
struct BenchFillChild: AsyncParsableCommand {
    static let name = "open-fill"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @OptionGroup var child: BenchChildOptions
    @Option var round = 0

    func run() async throws {
        BenchChild.endWithParent()
        let life = SyntheticLife(seed: 7 + UInt64(clamping: round), customers: child.customers, ids: child.ids)
        let fill = BenchFill(directory: FilePath(child.directory), options: child.options, life: life)
        try await fill.run {
            Output.line("\($0.events) \($0.anonymousBytes)")
            Output.flush()
        }
    }
}

/// Opens once.
struct BenchOpenChild: AsyncParsableCommand {
    static let name = "open-measure"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @OptionGroup var child: BenchChildOptions

    func run() async throws {
        BenchChild.endWithParent()
        try JSONOutput.line(await OpenMeasurement.take(FilePath(child.directory), options: child.options))
        Output.flush()
    }
}
