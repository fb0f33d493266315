import EventLog

/// Whether a file's first row names its columns.
enum HeaderGuess {
    /// A header has no numbers and no times, and its names do not come again as values of their columns.
    static func isHeader(_ first: [String], over rows: ArraySlice<[String]>) -> Bool {
        let patterns = ColumnProfile.candidates.compactMap { try? TimePattern($0) }
        for (index, cell) in first.enumerated() where !cell.isEmpty {
            let bytes = ASCII.trimmed(ArraySlice(cell.utf8))
            if NumberStyle.plain.parse(bytes) != nil || NumberStyle.comma.parse(bytes) != nil { return false }
            if PlainTime.parse(bytes) != nil || patterns.contains(where: { $0.parse(bytes) != nil }) { return false }
            // Files put together repeat their header as a whole: such a row says nothing.
            let values = rows.filter { $0 != first && index < $0.count }.map { $0[index] }.filter { !$0.isEmpty }
            if values.contains(cell) { return false }
            if looksLike(cell, values) { return false }
        }
        return true
    }

    /// Whether nearly all values are spelled like the cell, with digits at the same places: `C-1042` and `C-7713`.
    private static func looksLike(_ cell: String, _ values: [String]) -> Bool {
        guard values.count > 1, cell.utf8.contains(where: ASCII.isDigit) else { return false }
        let shape = shape(cell)
        return values.count { Self.shape($0) == shape } * 10 >= values.count * 9
    }

    private static func shape(_ cell: String) -> [UInt8] {
        cell.utf8.map { ASCII.isDigit($0) ? UInt8(ascii: "0") : $0 }
    }
}
