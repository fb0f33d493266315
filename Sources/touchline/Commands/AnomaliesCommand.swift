import ArgumentParser
import CRM
import Projection
import TouchlineService

struct AnomaliesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anomalies", abstract: "List what is in the log and did not fit a view.")

    @OptionGroup var options: GlobalOptions

    @Option(help: "Only those of one projector.")
    var projector: String?

    private struct Listing: Encodable {
        var at: UInt64?
        var anomalies: [ListedAnomaly]
    }

    func run() throws {
        let asking = try Asking(options)
        let set = try asking.folder.projectors()
        let names = set.projectors.map(\.name) + ["corrections"]
        if let projector, !names.contains(projector) {
            throw ServiceError(.usage, "no projector is named \(projector); there are \(names.joined(separator: ", "))")
        }
        let gaps = projector == nil ? try GapNote.anomalies(asking.reader) : []
        let listing = try asking.answers(.init()).answer { db, context in
            let listed = gaps + (try ViewStatus.anomalies(db, set, projector: projector))
            return Listing(at: context.lastSequence, anomalies: listed.sorted { $0.sequence < $1.sequence })
        }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(listing) }
        if listing.anomalies.isEmpty { Output.line("No anomalies.") }
        var table = TextTable(">sequence", "projector", "subject", "kind", "detail")
        for anomaly in listing.anomalies {
            table.add(String(anomaly.sequence), anomaly.projector, anomaly.subject, anomaly.kind, anomaly.detail)
        }
        if !table.isEmpty { Output.write(table.text()) }
        Output.flush()
    }
}
