import ArgumentParser
import CRM
import TouchlineService

struct CampaignsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaigns", abstract: "Touches and responses per campaign: distinct customers, after merges.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "One campaign, with its variants.")
    var campaign: String?

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["campaigns", "merges"]
        ) { try CampaignsQuery(campaign: campaign).run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        if answer.campaigns.isEmpty { Output.line("No campaigns yet.") }
        var table = TextTable(
            "campaign", "name", ">sent", ">delivered", ">opened", ">clicked", ">redeemed", ">sent and redeemed",
            ">unsubscribed")
        for campaign in answer.campaigns {
            add(campaign.campaign, campaign.name, campaign.counts, to: &table)
            guard self.campaign != nil else { continue }
            for variant in campaign.variants { add("  variant \(variant.variant)", nil, variant.counts, to: &table) }
        }
        if !table.isEmpty { Output.write(table.text()) }
        Output.line("As of \(Text.time(answer.now)), known up to sequence \(answer.at.map(String.init) ?? "–").")
        Output.flush()
    }

    private func add(_ name: String, _ title: String?, _ counts: CampaignsAnswer.Counts, to table: inout TextTable) {
        table.add(
            name, title, Text.count(counts.sent), Text.count(counts.delivered), Text.count(counts.opened),
            Text.count(counts.clicked), Text.count(counts.redeemed), Text.count(counts.sentAndRedeemed),
            Text.count(counts.unsubscribed))
    }
}
