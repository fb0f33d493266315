import CRM

/// What a rule asks of a row: all tests must hold.
struct Condition {
    var tests: [Test] = []

    /// One test of one column.
    enum Test {
        /// One of the patterns matches; or, negated, none does.
        case column(Int, [CellPattern], isNegated: Bool)
        /// No earlier row that counts had this value.
        case firstOf(FirstOf)
    }

    /// Whether the row passes every test.
    ///
    /// `isNew` tells whether its value has not been seen.
    func matches(_ row: CSVRow, _ numbers: NumberStyle, isNew: (FirstOf) -> Bool) -> Bool {
        for test in tests {
            switch test {
            case .column(let index, let patterns, let isNegated):
                let cell = row.field(index)
                var found = false
                for pattern in patterns where pattern.matches(cell, numbers) {
                    found = true
                    break
                }
                if found == isNegated { return false }
            case .firstOf(let first):
                if row.isEmpty(first.column) || !isNew(first) { return false }
            }
        }
        return true
    }
}

/// A column of which the first row with each value is wanted, and the set that keeps the values seen.
struct FirstOf: Equatable {
    let column: Int
    let set: Int
}

/// What a cell is compared with.
enum CellPattern: Equatable {
    case equals([UInt8])
    /// Pieces between the stars; the first and the last are anchored.
    case glob([[UInt8]])
    case empty
    case negative
    case positive

    /// Reads a test as the mapping writes it; `nil` for a comparison that the language does not have.
    init?(_ text: String) {
        switch text {
        case "": self = .empty
        case "<0": self = .negative
        case ">0": self = .positive
        default:
            var pieces: [[UInt8]] = [[]]
            var isGlob = false
            var isEscaped = false
            for byte in text.utf8 {
                if isEscaped {
                    if byte != UInt8(ascii: "*"), byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "<"),
                        byte != UInt8(ascii: ">")
                    {
                        pieces[pieces.count - 1].append(UInt8(ascii: "\\"))
                    }
                    pieces[pieces.count - 1].append(byte)
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "*") {
                    isGlob = true
                    pieces.append([])
                } else {
                    pieces[pieces.count - 1].append(byte)
                }
            }
            if isEscaped { pieces[pieces.count - 1].append(UInt8(ascii: "\\")) }
            if CellPattern.looksLikeComparison(text) { return nil }
            self = isGlob ? .glob(pieces) : .equals(pieces[0])
        }
    }

    /// `<5`, `>= 0`, `<=10`: what someone writes who takes the language for a richer one.
    private static func looksLikeComparison(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "<") || first == UInt8(ascii: ">") else {
            return false
        }
        let rest = text.dropFirst().drop { $0 == "=" || $0 == " " }
        return !rest.isEmpty && Double(rest) != nil
    }

    func matches(_ cell: ArraySlice<UInt8>, _ numbers: NumberStyle) -> Bool {
        switch self {
        case .equals(let text): return cell.elementsEqual(text)
        case .empty: return cell.allSatisfy(ASCII.isBlank)
        case .negative: return numbers.parse(cell).map { $0.isNegative } ?? false
        case .positive: return numbers.parse(cell).map { !$0.isNegative && !$0.isZero } ?? false
        case .glob(let pieces): return Self.matches(cell, pieces)
        }
    }

    private static func matches(_ cell: ArraySlice<UInt8>, _ pieces: [[UInt8]]) -> Bool {
        guard let first = pieces.first, let last = pieces.last, cell.count >= first.count + last.count,
            cell.starts(with: first), cell.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = cell.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            // The leftmost place is always as good as any later one.
            guard let start = rest.indices.first(where: { rest[$0...].starts(with: piece) }) else { return false }
            rest = rest[(start + piece.count)...]
        }
        return true
    }
}
