extension ReferenceFold {
    /// How many leads ever got as far as each stage of the pipeline `leads`.
    ///
    /// A lead is told of under `lead:<id>`, under its prospect and under the customer that became of it: one lead a
    /// customer and id. Its opportunities are those of the same customer that name it or that its qualification names.
    package func leadStages() -> [String: Int] {
        var reached: [String: Int] = [:]
        for subjects in merges.groups(of: known.bySubject.keys).values {
            let events = subjects.flatMap { known.bySubject[$0] ?? [] }
            let ids = Set(events.filter { $0.family == "lead" }.compactMap { $0.text("lead") })
            for id in ids {
                for stage in stages(of: id, events) { reached[stage, default: 0] += 1 }
            }
        }
        return reached
    }

    private func stages(of lead: String, _ events: [ReferenceEvent]) -> Set<String> {
        var stages: Set<String> = ["captured"]
        let qualifications = events.filter { $0.type == "lead.qualified" && $0.text("lead") == lead }
        if !qualifications.isEmpty { stages.insert("qualified") }
        // A qualification names whichever opportunity of the customer has that id; an opening is of its own subject.
        let named = Set(qualifications.compactMap { $0.text("opportunity") })
        let naming = events.filter { $0.type == "opportunity.opened" && $0.text("lead") == lead }
        let opened = Set(naming.map { [$0.subject, $0.text("opportunity")] })
        for event in events {
            guard let opportunity = event.text("opportunity") else { continue }
            let isNamed = named.contains(opportunity)
            if event.type == "contract.signed", isNamed || opened.contains(where: { $0[1] == opportunity }) {
                stages.insert("contract")
            }
            guard isNamed || opened.contains([event.subject, opportunity]) else { continue }
            if event.family == "opportunity" { stages.insert("opportunity") }
            if event.type == "opportunity.won" { stages.insert("won") }
        }
        return stages
    }
}
