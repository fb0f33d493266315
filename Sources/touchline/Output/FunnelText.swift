import CRM

/// A funnel for people.
enum FunnelText {
    /// Prints an answer.
    static func show(_ answer: FunnelAnswer) {
        Output.line(heading(answer))
        show(answer.figures)
        for group in answer.groups ?? [] {
            Output.line()
            Output.line("\(answer.by ?? "") \(group.name)")
            show(group.figures)
        }
        if let over = answer.over { show(over, answer) }
        if let forecast = answer.forecast { show(forecast) }
        if let contacts = answer.contacts { show(contacts) }
        let others = answer.pipelines.filter { $0.pipeline != answer.pipeline }
        if !others.isEmpty {
            Output.line()
            Output.line(
                "Other pipelines: "
                    + others.map { "\(Text.word($0.pipeline)) (\($0.opportunities))" }.joined(separator: ", "))
        }
    }

    private static func heading(_ answer: FunnelAnswer) -> String {
        let known = answer.at.map(String.init) ?? "–"
        let start = "Pipeline \(Text.word(answer.pipeline)) at \(Text.time(answer.now)), known up to \(known)"
        guard let sequence = answer.definition.sequence, let hash = answer.definition.sha256 else { return start }
        return start + "; stages as event \(sequence) defines them (\(hash.prefix(12)))"
    }

    private static func show(_ figures: FunnelAnswer.Figures) {
        let isWeighted = figures.weightedValue != nil
        let isLimited = figures.stages.contains { $0.limitDays != nil }
        var table = TextTable(
            columns: ["stage", ">reached", ">current", ">conversion", ">median stay", ">p90"]
                + (isLimited ? [">limit", ">over"] : []) + ["open value"] + (isWeighted ? ["weighted"] : []))
        for stage in figures.stages {
            var cells = [
                stage.stage, Text.count(stage.reached), Text.count(stage.current), Text.percent(stage.conversion),
                Text.duration(stage.timeInStage.median), Text.duration(stage.timeInStage.p90),
            ]
            if isLimited {
                cells.append(Text.duration(stage.limitDays.map { $0 * 86_400 }))
                cells.append(stage.limitDays == nil ? "" : Text.count(stage.overLimit))
            }
            cells.append(Text.money(stage.value))
            if isWeighted { cells.append(stage.weightedValue.map { Text.money($0) } ?? "") }
            table.add(cells: cells)
        }
        Output.write(table.isEmpty ? "no opportunity by then\n" : table.text())
        var line = "won \(Text.count(figures.won)), lost \(Text.count(figures.lost)), open \(Text.count(figures.open))"
        if figures.moved > 0 { line += ", moved \(Text.count(figures.moved))" }
        Output.line(line + "; win rate \(Text.percent(figures.winRate))")
        if figures.cycleWon.count + figures.cycleLost.count > 0 {
            Output.line("cycle: won \(cycle(figures.cycleWon)); lost \(cycle(figures.cycleLost))")
        }
        if !figures.lostByReason.isEmpty {
            let reasons = figures.lostByReason.prefix(6).map { "\(Text.word($0.reason)) \($0.count)" }
            Output.line("lost for: " + reasons.joined(separator: ", "))
        }
    }

    private static func cycle(_ figures: DurationFigures) -> String {
        guard figures.count > 0 else { return "–" }
        return "median \(Text.duration(figures.median)), p90 \(Text.duration(figures.p90)), "
            + "mean \(Text.duration(figures.mean))"
    }

    private static func show(_ over: [FunnelAnswer.Over], _ answer: FunnelAnswer) {
        Output.line()
        guard answer.figures.stages.contains(where: { $0.limitDays != nil }) else {
            return Output.line(
                "No stage here has a limit; give one in pipelines.yaml, as in {name: proposal, limit: 14d}")
        }
        guard !over.isEmpty else { return Output.line("No open deal has been in its stage too long") }
        Output.line("Open deals over their stage's limit")
        var table = TextTable("opportunity", "customer", "stage", "owner", ">there for", ">limit", ">amount", "")
        for deal in over {
            table.add(
                deal.opportunity, deal.subject, deal.stage, deal.owner, Text.duration(deal.ageSeconds),
                Text.duration(deal.limitSeconds), deal.amount, deal.currency)
        }
        Output.write(table.text())
    }

    private static func show(_ forecast: FunnelForecast) {
        Output.line()
        Output.line("Forecast: open value × the share of past stays, as long or longer, that were won")
        var table = TextTable(
            forecast.period.rawValue, "", ">expected deals", ">their value", ">forecast", ">of it undated")
        for row in forecast.ahead {
            table.add(
                row.period, row.currency, Text.count(row.deals), row.value.map { "\($0)" } ?? "?", row.forecast,
                row.forecastUndated)
        }
        Output.write(table.isEmpty ? "nothing open that history says anything of\n" : table.text())
        show(notesOf: forecast)
        guard !forecast.earlier.isEmpty else { return }
        Output.line()
        Output.line("The same rule at the start of earlier periods")
        var earlier = TextTable(
            forecast.period.rawValue, "", ">forecast then", ">won of what was open", ">error", ">won in all")
        for row in forecast.earlier {
            earlier.add(
                row.period + (row.isComplete ? "" : " so far"), row.currency, row.forecast,
                row.wonOfOpen.map { "\($0)" } ?? "?", row.error.map { ($0 > 0 ? "+" : "") + Text.percent($0) } ?? "–",
                row.won.map { "\($0)" } ?? "?")
        }
        Output.write(earlier.text())
    }

    private static func show(_ contacts: ContactFigures) {
        Output.line()
        guard let median = contacts.median, let p90 = contacts.p90, let mean = contacts.mean else {
            return Output.line("contacts before the first purchase: nobody had bought by then")
        }
        Output.line(
            "contacts before the first purchase: median \(median), p90 \(p90), mean \(Text.decimal(mean)) "
                + "of \(Text.count(contacts.customers)) customers; \(Text.count(contacts.withoutContact)) without any")
    }

    private static func show(notesOf forecast: FunnelForecast) {
        let least = forecast.comparablesMin
        if forecast.smallSampleDeals > 0 {
            Output.line(
                "\(Text.count(forecast.smallSampleDeals)) of the open deals rest on fewer than \(least) past stays: "
                    + "their share says little")
        }
        let small = forecast.stages.filter(\.isSmall)
        if !small.isEmpty {
            let names = small.map { "\(Text.word($0.stage)) (\($0.stays))" }.joined(separator: ", ")
            Output.line("stages with fewer than \(least) past stays: \(names)")
        }
        if forecast.dealsWithoutHistory > 0 {
            Output.line(
                "not in it, for no past stay in their stage lasted as long: "
                    + "\(Text.count(forecast.dealsWithoutHistory)) deals, \(Text.money(forecast.valueWithoutHistory))")
        }
        if forecast.dealsWithoutAmount > 0 {
            Output.line("not in it, for they have no amount: \(Text.count(forecast.dealsWithoutAmount)) deals")
        }
    }
}
