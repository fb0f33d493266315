extension ViewRot {
    /// The rows as a table in Markdown, the states of the files together: a row for each structure, and one for all.
    package static func text(_ rows: [Row]) -> String {
        var structures = rows.map(\.structure).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            .map { name in sum(rows.filter { $0.structure == name }, name: "views: " + name) }
        structures.append(sum(rows, name: "all of the views"))
        let heads = ["structure", "flips", "found by verify", "failed reads too", "harmless", "MISSED"]
        let cells = structures.map { row in
            [row.structure] + [row.flips, row.found, row.failedReads, row.harmless, row.missed.count].map(String.init)
        }
        let widths = heads.indices.map { column in ([heads] + cells).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let blank = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + blank : blank + cell
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { column, width in
            column == 0 ? String(repeating: "-", count: width) : String(repeating: "-", count: width - 1) + ":"
        }
        return ([line(heads), line(rule)] + cells.map(line)).joined(separator: "\n")
    }

    private static func sum(_ rows: [Row], name: String) -> Row {
        rows.reduce(into: Row(state: "", structure: name)) { sum, row in
            sum.flips += row.flips
            sum.found += row.found
            sum.failedReads += row.failedReads
            sum.harmless += row.harmless
            sum.missed += row.missed
        }
    }
}
