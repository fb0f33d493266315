public import ArgumentParser
public import CRM
import TouchlineService

extension CohortPeriod: ExpressibleByArgument {}

struct CohortsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cohorts", abstract: "Who came back, by when they came first.",
        discussion: """
            A cohort is everyone whose first purchase day lies in one calendar month (or quarter, or week) of the \
            folder's zone. For each later period the share is shown that bought again in it; * marks a period that is \
            not over yet. Spend is that of the purchase days, less \
            what was refunded of their orders, per currency; a refund that names no order belongs to no day and is not \
            in it. Merged customers count once.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var moment: MomentOptions

    @Option(help: "The periods: month, quarter or week (Monday to Sunday).")
    var by = CohortPeriod.month

    @Option(help: "How many periods after the first to show.")
    var periods = 12

    @Flag(help: "Show what was spent in each period instead of who came back.")
    var spend = false

    func validate() throws {
        guard (0...1_000).contains(periods) else { throw ValidationError("--periods takes 0 to 1000") }
    }

    func run() throws {
        let asking = try Asking(options)
        let answer = try asking.answers(moment.request).answer(
            at: moment.request, projectors: ["churn", "merges"], CohortsQuery(by: by, periods: periods).run)
        ProgressBar.clear()
        if options.json { return try JSONOutput.print(answer) }
        Output.line(
            "\(Text.count(answer.customers)) customers by the \(answer.by) of their first purchase, as of \(answer.day),"
                + " known up to \(answer.at.map(String.init) ?? "–")")
        Output.write(spend ? spendTable(answer) : retentionTable(answer))
        if answer.cohorts.contains(where: { $0.periods.contains { !$0.isComplete } }) {
            Output.line("* not over yet")
        }
        Output.flush()
    }

    private func retentionTable(_ answer: CohortsAnswer) -> String {
        let width = answer.cohorts.map(\.periods.count).max() ?? 1
        var table = TextTable(
            columns: ["cohort", ">size", ">returned"] + (1..<max(1, width)).map { ">+\($0)" } + ["spend"])
        for cohort in answer.cohorts {
            var cells: [String?] = [
                cohort.cohort + (cohort.periods[0].isComplete ? "" : "*"), Text.count(cohort.size),
                Text.percent(cohort.returnedShare),
            ]
            for place in 1..<max(1, width) {
                let period = place < cohort.periods.count ? cohort.periods[place] : nil
                cells.append(period.map { Text.percent($0.share) + ($0.isComplete ? "" : "*") })
            }
            table.add(cells: cells + [Text.money(cohort.spend)])
        }
        var all: [String?] = ["all", Text.count(answer.customers), nil]
        for place in 1..<max(1, width) {
            all.append(place <= answer.all.count ? Text.percent(answer.all[place - 1].share) : nil)
        }
        table.add(cells: all + [nil])
        return table.text()
    }

    /// A row a cohort and currency: amounts of several currencies are never added.
    private func spendTable(_ answer: CohortsAnswer) -> String {
        let width = answer.cohorts.map(\.periods.count).max() ?? 1
        var table = TextTable(
            columns: ["cohort", ">size", "currency"] + (0..<width).map { ">+\($0)" } + [">until now"])
        for cohort in answer.cohorts {
            for (currency, total) in cohort.spend.sums.sorted(by: { $0.key < $1.key }) {
                let cells = (0..<width).map { place -> String? in
                    guard place < cohort.periods.count else { return nil }
                    let period = cohort.periods[place]
                    return Self.text(period.spend.sums[currency]) + (period.isComplete ? "" : "*")
                }
                table.add(cells: [cohort.cohort, Text.count(cohort.size), currency] + cells + [Self.text(total)])
            }
        }
        return table.text()
    }

    /// Nothing spent is no entry; a sum too large for a decimal has no number.
    private static func text(_ sum: DecimalAmount??) -> String {
        switch sum {
        case .none: "0"
        case .some(.none): "?"
        case .some(.some(let amount)): "\(amount)"
        }
    }
}
