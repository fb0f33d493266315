import ArgumentParser
import CRM
import TouchlineService

struct CustomerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customer", abstract: "Everything about one customer, now or at any moment.",
        discussion: """
            A customer that was merged is answered for by its survivor, and the answer says so. --value adds where he \
            stands among all customers (fifths of recency, frequency and spend) and what he is expected to spend; of a \
            past moment that replays the whole log.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Argument(help: "The customer's id.")
    var subject: String

    @Flag(help: "Add fifths and expected spend among all customers.")
    var value = false

    func run() throws {
        let asking = try Asking(options)
        let part = CustomerValueQuery.part(amongAll: value ? CustomerValueQuery() : nil)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, scope: value ? .log : .customer(subject)
        ) { try CustomerQuery(subject: subject, value: part).run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        show(answer)
        Output.flush()
    }

    private func show(_ answer: CustomerAnswer) {
        if let asked = answer.asked { Output.line("\(asked) was merged into \(answer.subject).") }
        Output.line(
            "\(answer.subject)  (known up to sequence \(answer.at.map(String.init) ?? "–"), as of \(answer.now))")
        if !answer.mergedFrom.isEmpty { Output.line("merged from \(answer.mergedFrom.joined(separator: ", "))") }
        section(
            "Profile",
            answer.profile.filter { $0.value != .null }.sorted { $0.key < $1.key }
                .map { ($0.key, $0.value.plainText) })
        if !answer.tags.isEmpty { Output.line("  tags  \(answer.tags.joined(separator: ", "))") }
        if answer.points != 0 { Output.line("  points  \(answer.points)") }
        section("Events", answer.events.sorted { $0.key < $1.key }.map { ($0.key, Text.count($0.value)) })
        let purchases = answer.purchases
        section(
            "Purchases",
            [
                ("orders", Text.count(purchases.count)),
                (
                    "total",
                    purchases.totals.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                ), ("first", Text.time(purchases.first)), ("last", Text.time(purchases.last)),
            ].filter { !$0.1.isEmpty })
        for (title, part) in [("Funnel", answer.funnel), ("Service", answer.service), ("Churn", answer.churn)] {
            PartText.show(title, part)
        }
        if let part = answer.value.value as? CustomerPurchasesPart {
            section("Value", CustomersText.purchases(part))
        }
        section(
            "Touches",
            answer.touches.map { ($0.channel, "\($0.count), first \(Text.time($0.first)), last \(Text.time($0.last))") }
        )
        section(
            "Consents",
            answer.consents.map { ($0.purpose, "\($0.state) \($0.channel ?? "") since \(Text.time($0.time))") })
        section("Identities", answer.identities.map { ($0.kind, $0.value) })
        section(
            "Open tasks",
            answer.tasks.map {
                ($0.task, "due \(Text.time($0.due))\($0.isOverdue ? " (overdue)" : "") \($0.about ?? "")")
            })
    }

    private func section(_ title: String, _ lines: [(String, String)]) {
        guard !lines.isEmpty else { return }
        Output.line()
        Output.line(title)
        let width = lines.map { DisplayWidth.of($0.0) }.max() ?? 0
        for (name, value) in lines {
            Output.line("  " + name + String(repeating: " ", count: width - DisplayWidth.of(name) + 2) + value)
        }
    }
}
