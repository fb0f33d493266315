import ArgumentParser
import EventLog
import TouchlineService

struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print the last events, and with -f what comes after them.",
        discussion: """
            Nothing is printed before it is on disk, nothing is skipped and nothing comes twice. To go on where an earlier
            tail stopped, give --from with the sequence after the last one it printed.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: EventSelection

    @Flag(name: .shortAndLong, help: "Go on with events as they are appended, until ctrl-C.")
    var follow = false

    @Option(name: .shortAndLong, help: ArgumentHelp("How many of the last events to begin with.", valueName: "count"))
    var number: UInt64 = 10

    func run() throws {
        let folder = try options.folder()
        let reader = try folder.openReader()
        let bounds = try selection.bounds(reader, folder)
        let head = reader.head
        let isPlaced = selection.from != nil || selection.since != nil
        var next = isPlaced ? bounds.from : max(bounds.from, head > number ? head - number : 0)
        Interruption.listen()
        while true {
            let end = min(bounds.to ?? reader.head, reader.head)
            if next < end { next = try print(reader, from: next, to: end) }
            Output.flush()
            if !follow || Interruption.isRequested || bounds.to.map({ next >= $0 }) ?? false { return }
            _ = reader.wait(past: next, timeout: .milliseconds(500))
        }
    }

    private func print(_ reader: LogReader, from start: UInt64, to end: UInt64) throws -> UInt64 {
        var cursor = reader.cursor(from: start, to: end, types: selection.types)
        while let batch = try cursor.nextBatch() {
            for event in batch where selection.subject == nil || event.subject == selection.subject {
                Output.write(event.line)
                Output.line()
            }
            if Interruption.isRequested { break }
        }
        return end
    }
}
