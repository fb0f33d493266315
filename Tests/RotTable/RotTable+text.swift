extension RotTable {
    /// The table as Markdown.
    package var text: String {
        let heads = ["structure", "flips", "found by verify", "failed reads too", "harmless", "MISSED"]
        let cells = (rows + [("all", sum)]).map { name, row in
            [name] + [row.flips, row.found, row.failedReads, row.harmless, row.missed].map(String.init)
        }
        let widths = heads.indices.map { column in ([heads] + cells).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let blank = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + blank : blank + cell
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map {
            $0 == 0 ? String(repeating: "-", count: $1) : String(repeating: "-", count: $1 - 1) + ":"
        }
        return ([line(heads), line(rule)] + cells.map(line)).joined(separator: "\n")
    }
}
