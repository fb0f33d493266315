import CRM
import EventLog

/// Computes values from a row.
///
/// Not thread-safe: it belongs to one importer.
final class RowEvaluator {
    let header: Header
    let numbers: NumberStyle
    let clock: ZoneClock?
    /// The number of the current row, from 1.
    var rowNumber = 0
    /// The sums of the current group, in the order of the rule's `sums`; `nil` = nothing was added.
    var sums: ArraySlice<DecimalAmount?> = []

    init(_ plan: ImportPlan) {
        header = plan.header
        numbers = plan.options.numbers
        clock = plan.zone.flatMap(ZoneClock.init)
    }

    // MARK: Text

    /// Appends the value's text; nothing if it is empty.
    func append(_ value: Value, _ row: CSVRow, to text: inout [UInt8]) throws(RowFault) {
        switch value {
        case .template(let parts): appendTemplate(parts, row, to: &text)
        case .first(let choices):
            for choice in choices {
                let start = text.count
                try append(choice, row, to: &text)
                if text[start...].contains(where: { !ASCII.isBlank($0) }) { return }
                text.removeSubrange(start...)
            }
        case .lookup(let table, let by, let column):
            if let found = table.value(try self.text(by, row), column: column) { text += found }
        case .mapped(let base, let map): try appendMapped(base, map, row, to: &text)
        case .time(let base, let patterns):
            try appendTime(base, patterns, row, isDate: !patterns.contains(where: \.hasTime), to: &text)
        case .number, .product, .magnitude, .sum:
            if let number = try number(value, row) { text += number.description.utf8 }
        case .object, .list: throw RowFault("an object or a list cannot be text")
        }
    }

    /// The value's text.
    func text(_ value: Value, _ row: CSVRow) throws(RowFault) -> [UInt8] {
        var text: [UInt8] = []
        try append(value, row, to: &text)
        return text
    }

    /// A template whose columns are all empty is empty, whatever text stands around them.
    private func appendTemplate(_ parts: [TemplatePart], _ row: CSVRow, to text: inout [UInt8]) {
        let start = text.count
        var hasHole = false
        var hasText = false
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .column(let index):
                hasHole = true
                text += row.field(index)
                if !hasText { hasText = !row.isEmpty(index) }
            case .rowNumber:
                hasHole = true
                hasText = true
                Decimal.append(rowNumber, to: &text)
            }
        }
        if hasHole, !hasText { text.removeSubrange(start...) }
    }

    private func appendMapped(
        _ base: Value, _ map: ValueMap, _ row: CSVRow, to text: inout [UInt8]
    ) throws(RowFault) {
        let key = try self.text(base, row)
        if key.allSatisfy(ASCII.isBlank) {
            if let value = map.whenEmpty { try append(value, row, to: &text) }
            return
        }
        guard let value = map.entries[key] ?? map.otherwise else {
            throw RowFault("\(describe(base, row)) has no entry in the map; add one, or \"*\" for all others")
        }
        try append(value, row, to: &text)
    }

    // MARK: Times

    /// Appends the value's time: a date for `isDate`, else RFC 3339 with an offset.
    ///
    /// Nothing if the value is empty.
    func appendTime(
        _ base: Value, _ patterns: [TimePattern], _ row: CSVRow, isDate: Bool, to text: inout [UInt8]
    ) throws(RowFault) {
        let time: LocalTime?
        if case .template(let parts) = base, parts.count == 1, case .column(let index) = parts[0] {
            let cell = ASCII.trimmed(row.field(index))
            if cell.isEmpty { return }
            time = Self.parse(cell, patterns)
        } else {
            let spelled = try self.text(base, row)
            let cell = ASCII.trimmed(spelled[...])
            if cell.isEmpty { return }
            time = Self.parse(cell, patterns)
        }
        guard let time else {
            let wanted =
                patterns.isEmpty
                ? "a time as 2026-03-01 08:30:00 (for others, give a `format`)"
                : "of the format " + patterns.map { "\"\($0.text)\"" }.joined(separator: " or ")
            throw RowFault("\(describe(base, row)) is not \(wanted)")
        }
        if isDate { time.date.append(to: &text) } else { try time.appendRFC3339(clock: clock, to: &text) }
    }

    private static func parse(_ cell: ArraySlice<UInt8>, _ patterns: [TimePattern]) -> LocalTime? {
        if patterns.isEmpty { return PlainTime.parse(cell) }
        for pattern in patterns {
            if let time = pattern.parse(cell) { return time }
        }
        return nil
    }

    // MARK: Numbers

    /// The value as a number; `nil` if it is empty.
    func number(_ value: Value, _ row: CSVRow) throws(RowFault) -> DecimalAmount? {
        switch value {
        case .number(let number): return number
        case .sum(let place): return sums[sums.startIndex + place]
        case .magnitude(let operand):
            guard let number = try number(operand, row) else { return nil }
            return try fitting(number.magnitude, value, row)
        case .product(let operands):
            var product: DecimalAmount?
            for operand in operands {
                guard let factor = try number(operand, row) else { return nil }
                product =
                    try product.map { before throws(RowFault) in
                        try fitting(before.multiplied(by: factor), value, row)
                    } ?? factor
            }
            return product
        default:
            if case .template(let parts) = value, parts.count == 1, case .column(let index) = parts[0] {
                return try number(of: row.field(index), value, row)
            }
            let text = try self.text(value, row)
            return try number(of: text[...], value, row)
        }
    }

    private func number(of cell: ArraySlice<UInt8>, _ value: Value, _ row: CSVRow) throws(RowFault) -> DecimalAmount? {
        if let number = numbers.parse(cell) { return number }
        if cell.allSatisfy(ASCII.isBlank) { return nil }
        throw RowFault("\(describe(value, row)) is no number: \(numbers.expectation)")
    }

    private func fitting(_ number: DecimalAmount?, _ value: Value, _ row: CSVRow) throws(RowFault) -> DecimalAmount {
        guard let number else { throw RowFault("\(describe(value, row)): the result has more than 38 digits") }
        return number
    }

    // MARK: Messages

    /// The columns that a value reads, with what they hold: `Quantity "6x"`.
    func describe(_ value: Value, _ row: CSVRow) -> String {
        var columns: [Int] = []
        Self.collect(value, &columns)
        if columns.isEmpty { return "the value" }
        return columns.prefix(3).map { index in
            "\(LineError.printable(header.names[index])) \"\(LineError.printable(row.text(index)))\""
        }.joined(separator: ", ")
    }

    private static func collect(_ value: Value, _ columns: inout [Int]) {
        switch value {
        case .template(let parts):
            for case .column(let index) in parts where !columns.contains(index) { columns.append(index) }
        case .first(let values), .product(let values), .list(let values):
            for value in values { collect(value, &columns) }
        case .magnitude(let value), .mapped(let value, _), .time(let value, _), .lookup(_, let value, _):
            collect(value, &columns)
        case .object(let members):
            for member in members { collect(member.value, &columns) }
        case .number, .sum: break
        }
    }
}
