import ArgumentParser

/// The `touchline` command.
@main
struct Touchline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchline",
        abstract: "What happened with every customer, kept as events and replayed into answers.",
        discussion: """
            Every touch between a company and a customer is appended to a compressed, append-only log that any LZ4 \
            tool can read, and replayed into customer views, funnel stages and churn-risk scores.

            A first walk:
              touchline init
              echo '{"type":"customer.registered","subject":"C-1","data":{"name":"Ada"}}' | touchline append
              touchline customer C-1
              cat touchline-data/log/*.lz4 | lz4 -dc

            All commands take --data DIR (default: $TOUCHLINE_DATA, else ./touchline-data). \
            Exit status: 0 good, 1 a check found something wrong, 64 usage, 65 bad input, 74 I/O.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Events in and out:",
                subcommands: [
                    InitCommand.self, AppendCommand.self, ImportCommand.self, CatCommand.self, TailCommand.self,
                ]),
            CommandGroup(
                name: "Answers:",
                subcommands: [
                    CustomerCommand.self, CustomersCommand.self, CohortsCommand.self, SegmentsCommand.self,
                    TimelineCommand.self,
                    AuditCommand.self,
                    FunnelCommand.self, ChurnCommand.self, CampaignsCommand.self, ServiceCommand.self,
                    AgendaCommand.self,
                ]),
            CommandGroup(
                name: "Operating:",
                subcommands: [
                    RebuildCommand.self, ProjectionsCommand.self, AnomaliesCommand.self, DefinitionsCommand.self,
                    CatalogueCommand.self,
                    VerifyCommand.self, RepairCommand.self, StatsCommand.self, BenchCommand.self,
                ]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            do {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            } catch {
                Failure.exit(with: error)
            }
        } catch {
            exit(withError: error)
        }
    }
}
