import ArgumentParser
import EventLog
import TouchlineService

struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print the last events, and with -f what comes after them.",
        discussion: """
            Nothing is printed before it is on disk, nothing is skipped and nothing comes twice. To go on where an \
            earlier tail stopped, give --from with the sequence after the last one it printed.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: EventSelection

    @Flag(name: .shortAndLong, help: "Go on with events as they are appended, until ctrl-C.")
    var follow = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "How many of the last selected events to begin with (default: 10, or all if --from or --since is given).",
            valueName: "count"))
    var number: Int?

    func validate() throws {
        if let number, number < 0 { throw ValidationError("--number takes 0 or more") }
    }

    func run() throws {
        let folder = try options.folder()
        let reader = try folder.openReader()
        let bounds = try selection.bounds(reader, folder, start: reader.firstSequence)
        Interruption.listen()
        let end = min(bounds.to ?? .max, reader.head)
        try printLast(reader, from: bounds.from, to: end)
        // What is asked for may be yet to come; what is before it is not asked for.
        var next = max(bounds.from, end)
        while follow, !Interruption.isRequested, bounds.to.map({ next < $0 }) ?? true {
            Output.flush()
            _ = reader.wait(past: next, timeout: .milliseconds(500))
            let end = min(bounds.to ?? .max, reader.head)
            if next < end {
                try each(reader, from: next, to: end) { write($0) }
                next = end
            }
        }
        Output.flush()
    }

    /// Prints the last events of the selection that there are already.
    private func printLast(_ reader: LogReader, from start: UInt64, to end: UInt64) throws {
        guard start < end else { return }
        if number == nil, selection.from != nil || selection.since != nil {
            return try each(reader, from: start, to: end) { write($0) }
        }
        let wanted = number ?? 10
        guard wanted > 0 else { return }
        if let subject = selection.subject {
            let events = try reader.history(of: subject, before: end)
                .filter { $0.sequence >= start && selection.types?.matches($0.type) ?? true }
            return events.suffix(wanted).forEach { write($0) }
        }
        if selection.types == nil {
            return try each(reader, from: max(start, end > UInt64(wanted) ? end - UInt64(wanted) : 0), to: end) {
                write($0)
            }
        }
        // Which of them are the last is known only at the end; no more than twice as many are kept.
        var last: [StoredEvent] = []
        try each(reader, from: start, to: end) { event in
            last.append(event)
            if last.count >= 2 * wanted + 1_000 { last.removeFirst(last.count - wanted) }
        }
        last.suffix(wanted).forEach { write($0) }
    }

    private func each(_ reader: LogReader, from start: UInt64, to end: UInt64, _ body: (StoredEvent) -> Void) throws {
        var cursor = reader.cursor(from: start, to: end, types: selection.types)
        while let batch = try cursor.nextBatch() {
            for event in batch where selection.subject == nil || event.subject == selection.subject { body(event) }
            if Interruption.isRequested { break }
        }
    }

    private func write(_ event: StoredEvent) {
        Output.write(event.line)
        Output.line()
    }
}
