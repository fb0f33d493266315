import ArgumentParser
import CRM
import EventLog
import Projection
import TouchlineService

struct ProjectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projections", abstract: "List the projectors: version, cursor, lag, rows, anomalies, digest.")

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Also compute the SHA-256 of each projector's rows: equal for equal views, however they came about.")
    var digest = false

    @Flag(help: "Print the views' tables as Markdown, every column with its meaning, and nothing else.")
    var tables = false

    private struct Listing: Encodable {
        var head: UInt64
        var digest: String?
        var projections: [ProjectorStatus]
    }

    func run() throws {
        if tables { return try printTables() }
        let asking = try Asking(options)
        let views = try Views(asking.folder, reader: asking.reader)
        let bar = ProgressBar("projecting", unit: "events")
        try views.catchUp { done, total in
            try Interruption.check("stopped; nothing is lost, ask again to go on")
            bar.update(done, of: total)
        }
        ProgressBar.clear()
        let head = asking.reader.head
        let listing = try views.read { db in
            let projections = try ViewStatus.projectors(db, views.set, head: head, digest: digest)
            let isWhole = digest && projections.allSatisfy(\.is_current)
            return Listing(
                head: head, digest: isWhole ? try ViewDigest.digest(db, of: views.set) : nil, projections: projections)
        }
        if options.json { return try JSONOutput.print(listing) }
        var table = TextTable("projector", ">version", ">cursor", ">lag", ">rows", ">anomalies", "digest")
        for status in listing.projections {
            table.add(
                status.name, status.version.map(String.init) ?? "–", Text.count(status.cursor),
                Text.count(status.lag), Text.count(status.rows), Text.count(status.anomalies),
                status.is_current ? status.digest : "made by another version: run `touchline rebuild`")
        }
        Output.write(table.text())
        if let digest = listing.digest { Output.line("all: \(digest)") }
        Output.flush()
    }

    /// The same for every folder: what the columns mean does not depend on a zone.
    private func printTables() throws {
        for projector in try ProjectorCatalogue.projectors(CRMConfiguration()) {
            Output.line("## \(projector.name)")
            for table in projector.tables {
                Output.line(
                    "\n### `\(table.name)`\n\n\(table.summary) Key: \(table.primaryKey.joined(separator: ", ")).\n")
                Output.line("| column | kind | holds |\n|---|---|---|")
                for column in table.columns {
                    Output.line("| `\(column.name)` | \(column.kind.rawValue.lowercased()) | \(column.summary) |")
                }
            }
            for view in projector.views { Output.line("\nView `\(view.name)`: \(view.summary)") }
            Output.line()
        }
        Output.flush()
    }
}
