import ArgumentParser
import SystemPackage
import TouchlineService

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a data folder: a configuration and an empty log.")

    @OptionGroup var options: GlobalOptions

    @Option(help: "The IANA zone whose calendar days count, such as Asia/Shanghai.")
    var zone = "UTC"

    @Option(help: ArgumentHelp("Bytes of lines after which a segment is closed.", valueName: "bytes"))
    var segmentBytes: UInt64?

    func run() throws {
        var configuration = FolderConfiguration(zone: zone)
        configuration.segment_bytes_max = segmentBytes
        let folder = try DataFolder.initialize(options.path, configuration: configuration)
        if options.json {
            try JSONOutput.print(["data": folder.path.string, "zone": zone, "personal_fields": "clear"])
        } else {
            Output.line("Made \(folder.path): config.yaml and an empty log. Days are counted in \(zone).")
            Output.line("Personal fields are stored in clear: sealing them is not built yet, and the log is marked so.")
            Output.flush()
        }
    }
}
