import EventLog

/// A table for people: columns aligned by what a terminal shows, so that Chinese and Latin text line up.
struct TextTable {
    /// How a column's cells are placed.
    enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    /// A table with these columns; a title that starts with `>` is aligned to the right.
    init(_ titles: String...) { self.init(columns: titles) }

    /// A table whose columns are made up on the way.
    init(columns titles: [String]) {
        columns = titles.map { $0.hasPrefix(">") ? (String($0.dropFirst()), .right) : ($0, .left) }
    }

    /// Adds a row.
    mutating func add(_ cells: String?...) { add(cells: cells) }

    /// Adds a row of as many cells as there are columns.
    mutating func add(cells: [String?]) {
        // Characters that turn a terminal's lines around come escaped.
        rows.append(cells.map { LineError.printable($0 ?? "", max: .max) })
    }

    /// Whether there is no row.
    var isEmpty: Bool { rows.isEmpty }

    /// The table's text.
    func text(indent: Int = 0) -> String {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        var text = ""
        for row in all {
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - DisplayWidth.of(cell))
                line += columns[column].alignment == .right ? padding + cell : cell + padding
                line += "  "
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}

/// How many terminal cells text takes.
enum DisplayWidth {
    /// The width of a line of text.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width(of: $1) }
    }

    /// `text` cut to `max` cells, with an ellipsis if anything was cut.
    static func cut(_ text: String, to max: Int) -> String {
        guard of(text) > max else { return text }
        var result = ""
        var used = 1
        for character in text {
            used += width(of: character)
            if used > max { break }
            result.append(character)
        }
        return result + "…"
    }

    /// Wide by Unicode's East Asian Width, or shown as an emoji.
    private static func width(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD,
        ]
        if scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .format {
            return 0
        }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
}
