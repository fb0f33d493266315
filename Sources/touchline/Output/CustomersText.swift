import CRM
import Foundation

/// Lists of customers as people read them.
enum CustomersText {
    /// What customers are worth.
    static func value(_ answer: CustomerValueAnswer) {
        let (basis, whole) = (answer.basis, answer.whole)
        let others = answer.currencies.filter { $0.currency != basis.currency }
        Output.line(
            "Customers who bought in \(basis.currency), as of \(answer.day), known up to "
                + (answer.at.map(String.init) ?? "–")
                + (others.isEmpty
                    ? ""
                    : "; other currencies: "
                        + others.map { "\($0.currency) (\(Text.count($0.customers)))" }.joined(separator: ", ")))
        if let model = basis.model { Output.line(ChurnText.model(model)) }
        if let model = basis.spendModel {
            Output.line(
                "Spend gamma-gamma (p \(ChurnText.number(model.p)), q \(ChurnText.number(model.q)), v "
                    + "\(ChurnText.number(model.v))), fitted to \(Text.count(model.customers)) who bought again.")
        }
        for note in basis.notes { Output.line("Note: \(note)") }
        Output.line(
            "\(Text.count(whole.customers)) customers, \(Text.percent(whole.repeatRate)) bought again;"
                + " \(Text.count(whole.orders)) orders on \(Text.count(whole.purchaseDays)) days, \(whole.spend)"
                + " \(basis.currency), \(money(whole.meanSpend)) a day")
        Output.line("Days between purchases: \(gaps(whole.gaps))")
        if let purchases = whole.expectedPurchases, let spend = whole.expectedSpend {
            Output.line(
                "Expected within \(basis.horizonDays) days: \(Text.count(Int(purchases.rounded()))) purchase days,"
                    + " \(money(spend)) \(basis.currency)")
        }
        Output.line()
        var table = TextTable(
            "customer", "name", "RFM", "last purchase", ">days", ">orders", ">spend", ">a day", ">usual gap", ">alive",
            ">expected", ">a day", ">value")
        for customer in answer.customers {
            table.add(
                customer.customer, customer.name, customer.rfm.code, customer.lastPurchase,
                Text.count(customer.purchaseDays), Text.count(customer.orders), "\(customer.spend)",
                money(customer.meanSpend), customer.gaps.median.map(String.init), Text.percent(customer.alive),
                customer.expectedPurchases.map { String(format: "%.2f", $0) } ?? "–",
                customer.expectedMeanSpend.map(money) ?? "–", customer.expectedSpend.map(money) ?? "–")
        }
        Output.write(table.text())
        if whole.customers > answer.customers.count {
            Output.line("\(Text.count(answer.customers.count)) of \(Text.count(whole.customers)); more with --limit")
        }
    }

    /// How one customer buys, a name and a value a line.
    static func purchases(_ part: CustomerPurchasesPart) -> [(String, String)] {
        var lines = part.spend.map { spend in
            (
                spend.currency,
                "\(spend.spend) on \(Text.count(spend.purchaseDays)) days (\(Text.count(spend.orders)) orders),"
                    + " \(money(spend.meanSpend)) a day"
            )
        }
        lines.append(("last purchase", "\(Text.count(part.daysSince)) days ago"))
        lines.append(("days between", gaps(part.gaps)))
        guard let all = part.amongAll else { return lines }
        let (value, currency) = (all.value, all.basis.currency)
        lines.append(("RFM", "\(value.rfm.code) among \(Text.count(all.of)) customers in \(currency)"))
        if let purchases = value.expectedPurchases, let spend = value.expectedSpend, let mean = value.expectedMeanSpend
        {
            lines.append(
                (
                    "expected",
                    "\(money(spend)) \(currency) within \(all.basis.horizonDays) days"
                        + " (\(String(format: "%.2f", purchases)) purchase days of \(money(mean)))"
                ))
        }
        return lines + all.basis.notes.map { ("note", $0) }
    }

    /// Customers that may be one.
    static func duplicates(_ answer: DuplicatesAnswer) {
        Output.line(
            "\(Text.count(answer.groupCount)) groups of \(Text.count(answer.customers)) customers that may be one,"
                + " as of \(Text.time(answer.now)), known up to \(answer.at.map(String.init) ?? "–")")
        for group in answer.groups {
            Output.line()
            for reason in group.reasons {
                Output.line("\(title(reason.reason, reason.kind)) \(reason.value)")
            }
            var table = TextTable("customer", "name", "phone", "e-mail", "owner", ">events", "last event", "")
            for customer in group.customers {
                table.add(
                    customer.customer, customer.name, customer.phone, customer.email, customer.owner,
                    Text.count(customer.events), Text.time(customer.lastEvent),
                    customer.unmerged.map { "unmerged \(Text.time($0))" })
            }
            Output.write(table.text(indent: 2))
            if group.count > group.customers.count {
                Output.line("  … \(Text.count(group.count - group.customers.count)) more")
            }
            if let note = group.note { Output.line("  Note: \(note)") }
        }
        if answer.groupCount > answer.groups.count {
            Output.line()
            Output.line("\(Text.count(answer.groups.count)) of \(Text.count(answer.groupCount)); more with --limit")
        }
        guard !answer.shared.isEmpty else { return }
        Output.line()
        Output.line("Shared by so many that it joins nobody:")
        var table = TextTable("what", "value", ">customers", "such as")
        for shared in answer.shared {
            table.add(
                title(shared.reason, shared.kind), shared.value, Text.count(shared.customers),
                shared.examples.joined(separator: ", "))
        }
        Output.write(table.text(indent: 2))
    }

    private static func title(_ reason: String, _ kind: String?) -> String {
        switch reason {
        case "phone": "same phone number"
        case "email": "same e-mail address"
        default: "same \(kind ?? "") identity"
        }
    }

    private static func gaps(_ figures: GapFigures) -> String {
        guard let median = figures.median, let p90 = figures.p90, let mean = figures.mean else { return "none yet" }
        return "median \(median), p90 \(p90), mean \(String(format: "%.1f", mean))"
    }

    private static func money(_ amount: Double) -> String { String(format: "%.2f", amount) }
}
