import EventLog

/// The columns of a file, by name.
struct Header {
    let names: [String]
    /// The fields that a row has at least: those up to the last column with a name.
    ///
    /// A delimiter at the end of the header need not stand at the end of every row.
    let fieldsMin: Int
    private let exact: [String: Int]
    private let trimmed: [String: Int]
    private let repeated: Set<String>

    init(_ names: [String]) {
        self.names = names
        fieldsMin = Header.named(names)
        var exact: [String: Int] = [:]
        var trimmed: [String: Int] = [:]
        var repeated: Set<String> = []
        for (index, name) in names.enumerated() {
            if exact[name] == nil { exact[name] = index } else { repeated.insert(name) }
            let short = Header.trim(name)
            if trimmed[short] == nil { trimmed[short] = index }
        }
        self.exact = exact
        self.trimmed = trimmed
        self.repeated = repeated
    }

    /// The column of this name: exactly, else but for blanks around it.
    func index(of name: String) -> Int? { exact[name] ?? trimmed[Header.trim(name)] }

    /// Whether two columns have this name, so that it names neither.
    func isRepeated(_ name: String) -> Bool { repeated.contains(name) }

    /// What to say of a name that no column has.
    func complaint(about name: String) -> String {
        if let complaint = delimiterComplaint(about: name) { return complaint }
        let near = Nearby.names(to: name, among: names)
        let mend =
            near.isEmpty
            ? "the header has " + Header.list(names)
            : "did you mean " + near.map { "\"" + LineError.printable($0) + "\"" }.joined(separator: " or ") + "?"
        return "no column \"\(LineError.printable(name))\"; \(mend)"
    }

    /// What to say if the header was not cut where it should have been.
    private func delimiterComplaint(about name: String) -> String? {
        let wanted = Header.trim(name)
        for (mark, word) in [(",", "\",\""), (";", "\";\""), ("\t", "tab"), ("|", "\"|\""), (" ", "whitespace")] {
            for whole in names {
                let pieces = whole.split(separator: mark).map { Header.trim(String($0)) }
                let isWhole = names.count == 1 && pieces.count > 2 && mark != " "
                guard pieces.count > 1, isWhole || pieces.contains(wanted) else { continue }
                let count = names.count == 1 ? "is one column" : "has a column"
                return "no column \"\(LineError.printable(name))\"; the header \(count), "
                    + "\"\(LineError.printable(whole))\", so the delimiter is probably wrong: say `file: {delimiter: \(word)}`"
            }
        }
        return nil
    }

    /// Up to twelve names in quotes.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).map { "\"" + LineError.printable($0) + "\"" }.joined(separator: ", ")
        return names.count > 12 ? shown + " and \(names.count - 12) more" : shown
    }

    /// How many names there are without the empty ones at the end.
    static func named(_ names: [String]) -> Int { (names.lastIndex { !trim($0).isEmpty } ?? -1) + 1 }

    private static func trim(_ name: String) -> String {
        String(decoding: ASCII.trimmed(ArraySlice(name.utf8)), as: UTF8.self)
    }
}

/// Names that may have been meant.
enum Nearby {
    /// Up to three of `names`, the nearest first: a few letters off, or one within the other.
    static func names(to name: String, among names: [String]) -> [String] {
        let wanted = Array(name.lowercased())
        var found: [(name: String, distance: Int)] = []
        for candidate in names {
            let letters = Array(candidate.lowercased())
            let distance = Nearby.distance(wanted, letters)
            if distance <= max(1, min(3, wanted.count / 3)) {
                found.append((candidate, distance))
            } else if wanted.count >= 3, letters.count >= 3,
                candidate.lowercased().contains(name.lowercased()) || name.lowercased().contains(candidate.lowercased())
            {
                found.append((candidate, distance))
            }
        }
        return found.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
    }

    /// How many letters must be put in, left out, replaced or swapped with their neighbour.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + Array(repeating: 0, count: right.count)
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var best = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, before[column - 2] + 1)
                }
                current[column] = best
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
