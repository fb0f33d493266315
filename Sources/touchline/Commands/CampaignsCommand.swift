import ArgumentParser
import CRM
import Foundation
import TouchlineService

struct CampaignsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaigns", abstract: "Touches and responses per campaign: distinct customers, after merges.",
        discussion: """
            With --attribution also the net revenue of the orders that a campaign brought, by four rules side by side, \
            beside its cost. A touch is a sending or what answered it (delivered, opened, clicked, redeemed) in the \
            window before the order, or a redemption that names the order; the rules are printed with the figures. \
            An order is counted in its own currency.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "One campaign, with its variants.")
    var campaign: String?

    @Flag(help: "Revenue by campaign and variant: first touch, last touch, linear, redeemed; and cost.")
    var attribution = false

    @Option(help: "How long before an order a touch counts, such as 30d or 4w.")
    var window = Days(count: AttributionQuery.windowDaysDefault)

    func validate() throws {
        guard (1...AttributionQuery.windowDaysMax).contains(window.count) else {
            throw ValidationError("--window takes 1d to \(AttributionQuery.windowDaysMax)d")
        }
    }

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request,
            projectors: attribution ? ["campaigns", "customers", "merges"] : ["campaigns", "merges"]
        ) {
            let attribution = attribution ? AttributionQuery(windowDays: window.count) : nil
            return try CampaignsQuery(campaign: campaign, attribution: attribution).run($0, $1)
        }
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
        if let attribution = answer.attribution { show(attribution) }
        Output.line("As of \(Text.time(answer.now)), known up to sequence \(answer.at.map(String.init) ?? "–").")
        Output.flush()
    }

    private func add(_ name: String, _ title: String?, _ counts: CampaignsAnswer.Counts, to table: inout TextTable) {
        table.add(
            name, title, Text.count(counts.sent), Text.count(counts.delivered), Text.count(counts.opened),
            Text.count(counts.clicked), Text.count(counts.redeemed), Text.count(counts.sentAndRedeemed),
            Text.count(counts.unsubscribed))
    }

    private func show(_ answer: AttributionAnswer) {
        Output.line()
        var table = TextTable(
            "campaign", ">orders", "net revenue", ">first", ">last", ">linear", ">redeemed", ">cost", ">return")
        for (campaign, credit) in answer.campaigns.sorted(by: { $0.key < $1.key }) {
            add(campaign, credit, to: &table)
            guard self.campaign != nil else { continue }
            for (variant, credit) in (answer.variants[campaign] ?? [:]).sorted(by: { $0.key < $1.key }) {
                add("  variant \(variant)", credit, to: &table)
            }
        }
        if !table.isEmpty { Output.write(table.text()) }
        Output.line(
            "Of \(Text.count(answer.orders)) orders (\(Text.money(answer.revenue)))"
                + " \(Text.count(answer.untouchedOrders)) (\(Text.money(answer.untouchedRevenue))) were touched by none."
        )
        for rule in AttributionRule.allCases {
            Output.line("\(rule.rawValue): \(rule.sentence(windowDays: answer.windowDays))")
        }
        Output.line("cost: \(answer.costRule); return: linear revenue in the cost's currency over the cost")
        Output.line()
    }

    /// A line a currency, the cost beside its own.
    private func add(_ name: String, _ credit: AttributionAnswer.Credit, to table: inout TextTable) {
        var currencies = Set(credit.revenue.values.flatMap(\.sums.keys))
        if let currency = credit.costCurrency { currencies.insert(currency) }
        for (number, currency) in currencies.sorted().enumerated() {
            let amounts = AttributionRule.allCases.map { rule in
                (credit.revenue[rule.rawValue]?.sums[currency]).map { $0.map { "\($0)" } ?? "?" }
            }
            let isCosts = currency == credit.costCurrency
            let returned = isCosts ? credit.returns?[AttributionRule.linear.rawValue] : nil
            table.add(
                number == 0 ? name : "", number == 0 ? Text.count(credit.orders) : "", currency, amounts[0], amounts[1],
                amounts[2], amounts[3], isCosts ? credit.cost.map { "\($0)" } : "",
                returned.map { String(format: "%.2f", $0) })
        }
    }
}
