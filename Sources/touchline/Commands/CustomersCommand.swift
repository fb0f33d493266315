import ArgumentParser
import CRM
import GRDB
import TouchlineService

struct CustomersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customers",
        abstract: "A list of customers: the newest events first, by a text, by value, or those that may be one.",
        discussion: """
            --value lists those of whom most is expected, with fifths of recency, frequency and spend (RFM, 5 = best), \
            gaps between purchases and expected spend. All of it is of one currency: amounts of several are never \
            added. Medians are by nearest rank: of an even number of gaps the lower of the middle two. Spend is that \
            of the purchase days; a refund that names no order belongs to no day and is not in it.

            --duplicates lists groups with the same linked identity, phone number or e-mail address, however written. \
            A customer.merged event makes two of them one, customer.unmerged takes it back.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Option(help: "Look in ids, names, phone numbers, e-mail addresses, companies and linked identities.")
    var find: String?

    @Flag(help: "List by expected spend.")
    var value = false

    @Option(help: "With --value: the currency (default: the one with most customers).")
    var currency: String?

    @Option(help: "With --value: how far ahead to look, such as 182d or 26w (default: the churn model's horizon).")
    var horizon: Days?

    @Option(help: "With --value: what a year takes off later money, such as 0.1 (default: nothing).")
    var discount: Double?

    @Flag(help: "List customers that may be one and the same.")
    var duplicates = false

    @Option(name: [.long, .customLong("top")], help: "How many to list at most.")
    var limit = 50

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit takes 1 or more") }
        guard [find != nil, value, duplicates].count(where: { $0 }) < 2 else {
            throw ValidationError("take one of --find, --value and --duplicates")
        }
        guard value || (currency == nil && horizon == nil && discount == nil) else {
            throw ValidationError("--currency, --horizon and --discount go with --value")
        }
        guard discount.map({ (0...10).contains($0) }) ?? true else {
            throw ValidationError("--discount takes a share such as 0.1")
        }
    }

    func run() throws {
        if value { return try listByValue() }
        if duplicates { return try listDuplicates() }
        let answer = try ask(["customers", "merges"], CustomersQuery(find: find, limit: limit).run)
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

    private func listByValue() throws {
        let query = CustomerValueQuery(
            limit: limit, currency: currency, horizonDays: horizon?.count, discount: discount)
        let answer = try ask(["churn", "customers", "merges"], query.run)
        if options.json { return try JSONOutput.print(answer) }
        CustomersText.value(answer)
        Output.flush()
    }

    private func listDuplicates() throws {
        let answer = try ask(["customers", "merges"], DuplicatesQuery(limit: limit).run)
        if options.json { return try JSONOutput.print(answer) }
        CustomersText.duplicates(answer)
        Output.flush()
    }

    private func ask<Answer>(
        _ projectors: [String], _ question: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: projectors, question)
        ProgressBar.clear()
        return answer
    }
}
