import ArgumentParser
import CRM
import TouchlineService

struct CustomersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customers", abstract: "A list of customers, the newest events first, or those that match a text.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Option(help: "Look in ids, names, phone numbers, e-mail addresses, companies and linked identities.")
    var find: String?

    @Option(help: "How many to list at most.")
    var limit = 50

    func run() throws {
        guard limit > 0 else { throw ValidationError("--limit takes 1 or more") }
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["customers", "merges"]
        ) { try CustomersQuery(find: find, limit: limit).run($0, $1) }
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        if answer.customers.isEmpty {
            Output.line(find.map { "No customer matches \"\($0)\"." } ?? "No customers yet.")
        } else {
            var table = TextTable("customer", "name", "phone", "e-mail", "owner", "tier", ">orders", "last event")
            for customer in answer.customers {
                table.add(
                    customer.subject, customer.name, customer.phone, customer.email, customer.owner, customer.tier,
                    Text.count(customer.purchases), Text.time(customer.lastEvent))
            }
            Output.write(table.text())
            if answer.matches > answer.customers.count {
                Output.line("\(Text.count(answer.customers.count)) of \(Text.count(answer.matches)); more with --limit")
            }
        }
        Output.line("As of \(Text.time(answer.now)), known up to sequence \(answer.at.map(String.init) ?? "–").")
        Output.flush()
    }
}
