import ArgumentParser
import EventLog
import TouchlineService

struct CatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print events as stored, one CloudEvents line each.",
        discussion: "The same lines as `cat DIR/log/*.lz4 | lz4 -dc`, with checksums checked and a choice of which.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: EventSelection

    func run() throws {
        let folder = try options.folder()
        let reader = try folder.openReader()
        let bounds = try selection.bounds(reader, folder)
        let end = min(bounds.to ?? reader.head, reader.head)
        if let subject = selection.subject {
            for event in try reader.history(of: subject, before: end)
            where event.sequence >= bounds.from && selection.types?.matches(event.type) ?? true {
                Output.write(event.line)
                Output.line()
            }
        } else if bounds.from < end {
            var cursor = reader.cursor(from: bounds.from, to: end, types: selection.types)
            while let batch = try cursor.nextBatch() {
                for event in batch {
                    Output.write(event.line)
                    Output.line()
                }
            }
        }
        Output.flush()
    }
}
