import EventLog

/// A look at a file's start: how it is encoded and separated, and its first rows.
struct FileSample {
    /// The most rows that are looked at: enough for dates to reach the thirteenth of a month, mostly.
    static let rowsMax = 50_000
    /// The rows by which the delimiter is found.
    private static let probeRowsMax = 1_000

    var dialect = CSVDialect()
    var hasHeader = true
    var names: [String] = []
    var rows: [[String]] = []
    /// Whether the mapping must name the columns, because the file does not or not clearly.
    var needsNames = false

    /// Looks at the file at `path`.
    init(path: String, name: String) throws(ImportError) {
        let start = try ByteSource(path: path, name: name).next()
        guard start.contains(where: { $0 > 0x20 }) else {
            throw ImportError(code: .file, place: name, message: "is empty; a CSV file starts with a header")
        }
        let encoding = Self.encoding(of: start)
        var best: (score: Double, dialect: CSVDialect)?
        let candidates: [CSVDialect.Delimiter] = [.byte(0x2C), .byte(0x3B), .byte(0x09), .byte(0x7C), .whitespace]
        for delimiter in candidates {
            let dialect = CSVDialect(delimiter: delimiter, encoding: encoding)
            let score = Self.score(try Self.rows(path, name, dialect, max: Self.probeRowsMax), delimiter)
            if score > best?.score ?? 0 { best = (score, dialect) }
        }
        dialect = best?.dialect ?? CSVDialect(encoding: encoding)
        // Pairs of high bytes in a header that are no characters are no Chinese text.
        if encoding == .gb18030, try Self.defect(path, name, dialect) != nil { dialect.encoding = .latin1 }
        rows = try Self.rows(path, name, dialect, max: Self.rowsMax)
        guard var first = rows.first else {
            try refuseDefect(path, name)
            return
        }
        hasHeader = HeaderGuess.isHeader(first, over: rows.dropFirst().prefix(Self.probeRowsMax))
        // A delimiter at the end of lines makes no column.
        first.removeLast(first.count - Self.width(first, rows))
        names = hasHeader ? first : first.indices.map { "column\($0 + 1)" }
        needsNames = !hasHeader || Set(first).count < first.count || first.contains("")
        if hasHeader, needsNames { names = Self.distinct(first) }
        if hasHeader { try refuseDefect(path, name) }
        if hasHeader { rows.removeFirst() }
        let width = names.count
        rows = rows.compactMap { row in
            guard row.count >= width, row[width...].allSatisfy({ $0.isEmpty }) else { return nil }
            return Array(row.prefix(width))
        }
    }

    /// UTF-8 if it is; else GB18030 if nearly all high bytes stand in pairs, as Chinese text has them; else Latin-1.
    private static func encoding(of start: [UInt8]) -> TextEncoding {
        // The chunk may end within a character; its last line does not count.
        let end = start.count < ByteSource.chunkBytes ? start.count : (start.lastIndex(of: 0x0A) ?? start.count)
        if (try? UTF8Span(validating: start.span.extracting(0..<end))) != nil { return .utf8 }
        var high = 0
        var paired = 0
        var index = 0
        while index < end {
            if start[index] >= 0xA1 {
                high += 1
                if index + 1 < end, start[index + 1] >= 0xA1 {
                    high += 1
                    paired += 2
                    index += 1
                }
            } else if start[index] >= 0x80 {
                high += 1
            }
            index += 1
        }
        return paired * 10 >= high * 8 ? .gb18030 : .latin1
    }

    /// Where and why the first row cannot be read; `nil` if it can.
    private static func defect(
        _ path: String, _ name: String, _ dialect: CSVDialect
    ) throws(ImportError) -> (line: Int, cause: String)? {
        var reader = try CSVReader(source: try ByteSource(path: path, name: name), dialect: dialect)
        if case .defect(let line, let cause) = try reader.next() { return (line, cause) }
        return nil
    }

    /// No mapping can follow a file whose header cannot be read.
    private func refuseDefect(_ path: String, _ name: String) throws(ImportError) {
        guard let (line, cause) = try Self.defect(path, name, dialect) else { return }
        throw ImportError(code: .file, place: "\(name):\(line)", message: "the header cannot be read: \(cause)")
    }

    private static func rows(
        _ path: String, _ name: String, _ dialect: CSVDialect, max: Int
    ) throws(ImportError) -> [[String]] {
        var reader = try CSVReader(source: try ByteSource(path: path, name: name), dialect: dialect)
        var rows: [[String]] = []
        while rows.count < max {
            switch try reader.next() {
            case .end: return rows
            case .defect: continue
            case .row:
                let row = reader.row
                rows.append((0..<row.count).map { row.text($0) })
            }
        }
        return rows
    }

    /// How many columns there are: those of the first row, without those at its end that nothing stands in.
    private static func width(_ first: [String], _ rows: [[String]]) -> Int {
        let named = Header.named(first)
        guard named < first.count else { return first.count }
        let last = rows.lazy.filter { $0.count <= first.count }.map { Header.named($0) }.max() ?? named
        return max(named, last)
    }

    /// How well a delimiter fits: many columns, and the same number in nearly every row.
    private static func score(_ rows: [[String]], _ delimiter: CSVDialect.Delimiter) -> Double {
        guard let columns = rows.first?.count, columns > 1 else { return 0 }
        let width = width(rows[0], rows)
        guard width > 1 else { return 0 }
        let share =
            Double(rows.count { $0.count >= width && $0[width...].allSatisfy { $0.isEmpty } }) / Double(rows.count)
        guard share >= (delimiter == .whitespace ? 0.98 : 0.6) else { return 0 }
        // Blanks are within texts too, so any other delimiter that fits is the better guess.
        return share * share + Double(min(columns, 50)) / 1_000 - (delimiter == .whitespace ? 0.5 : 0)
    }

    /// Every name once: repeated ones get a number, empty ones their place.
    private static func distinct(_ names: [String]) -> [String] {
        var used: Set<String> = []
        return names.enumerated().map { index, name in
            var candidate = name.isEmpty ? "column\(index + 1)" : name
            var number = 2
            while !used.insert(candidate).inserted {
                candidate = "\(name) \(number)"
                number += 1
            }
            return candidate
        }
    }
}
