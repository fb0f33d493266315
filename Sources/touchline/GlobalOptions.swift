import ArgumentParser
import CRM
import EventLog
import Foundation
import SystemPackage
import TouchlineService

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(name: .long, help: "The data folder (default: $TOUCHLINE_DATA, else ./touchline-data).")
    var data: String?

    @Flag(name: .long, help: "Print one JSON document with stable keys.")
    var json = false

    /// The path of the data folder.
    var path: FilePath {
        FilePath(data ?? ProcessInfo.processInfo.environment["TOUCHLINE_DATA"] ?? "touchline-data")
    }

    /// Opens the data folder.
    func folder() throws -> DataFolder { try DataFolder(path) }
}

/// The moment a question is asked of.
struct MomentOptions: ParsableArguments {
    @Option(help: "Only what the log's first SEQ + 1 events say.")
    var at: UInt64?

    @Option(help: "Only what had happened by TIME (RFC 3339, or a date: the end of that day).")
    var asOf: String?

    @Option(help: "Only what was recorded by TIME (worded likewise).")
    var knownAt: String?

    /// As the service takes it.
    var request: MomentRequest { MomentRequest(at: at, asOf: asOf, knownAt: knownAt) }
}

/// A question that is answered from tables: opens what is needed, asks, prints.
struct Asking {
    let folder: DataFolder
    let reader: LogReader

    init(_ options: GlobalOptions) throws {
        folder = try options.folder()
        reader = try folder.openReader()
        try GapNote.write(reader)
        Interruption.listen()
    }

    /// The way to answers, with a progress bar while views catch up or a past is replayed.
    func answers(_ request: MomentRequest) throws -> Answers {
        let bar = ProgressBar(request.isPresent ? "projecting" : "replaying", unit: "events")
        return try Answers(folder, reader: reader) { done, total in
            try Interruption.check("stopped; nothing is lost, ask again to go on")
            bar.update(done, of: total)
        }
    }
}
