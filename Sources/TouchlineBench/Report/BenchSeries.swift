/// The figures of several runs on their way into rows.
struct BenchSeries {
    private struct Entry {
        var row: BenchRow
        var figures: [Double] = []
        var limits: [Double] = []
        var ratios: [Double] = []
    }

    private var entries: [Entry] = []

    /// Takes the figure of one run; rows stand in the order in which they first came.
    mutating func add(
        _ name: String, _ unit: String, _ figure: Double, limit: Double? = nil, limitIs: String? = nil,
        budget: BenchBudget? = nil
    ) {
        let index =
            entries.firstIndex { $0.row.name == name }
            ?? {
                let row = BenchRow(
                    name: name, unit: unit, figure: Spread(figure), limit_is: limitIs, budget: budget)
                entries.append(Entry(row: row))
                return entries.count - 1
            }()
        entries[index].figures.append(figure)
        guard let limit else { return }
        entries[index].limits.append(limit)
        if limit > 0 { entries[index].ratios.append(figure / limit) }
    }

    /// Takes all figures of another series, after its own.
    mutating func add(_ other: BenchSeries) { entries += other.entries }

    /// The rows.
    var rows: [BenchRow] {
        entries.map { entry in
            var row = entry.row
            row.figure = Spread(entry.figures) ?? row.figure
            row.limit = Spread(entry.limits)
            row.ratio = Spread(entry.ratios)
            return row
        }
    }
}
