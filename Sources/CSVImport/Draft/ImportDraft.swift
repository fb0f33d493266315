import CRM
import EventLog

/// A starting mapping for a CSV file, guessed from its header and first rows.
///
/// Guesses are by names and by what fits every value looked at; each is said in a comment. The mapping can be used as
/// it stands, and is meant to be read and changed.
public struct ImportDraft: Sendable {
    /// The mapping's YAML text, with comments.
    public let yaml: String

    /// Looks at a file and drafts a mapping for it.
    /// - Throws: `ImportError` if the file cannot be read or is empty.
    public init(file: String) throws(ImportError) {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let sample = try FileSample(path: file, name: name)
        yaml = DraftWriter(sample, fileName: name).write()
    }
}

/// Decides what the columns mean and writes it down.
private struct DraftWriter {
    private let sample: FileSample
    private let stem: String
    private let numbers: NumberStyle
    private let columns: [ColumnProfile]
    private var lines: [String] = []

    init(_ sample: FileSample, fileName: String) {
        self.sample = sample
        let parts = fileName.split(separator: ".")
        let letters = (parts.first ?? "file").lowercased().unicodeScalars.map { scalar -> Character in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "_"
        }
        stem = letters.isEmpty ? "file" : String(letters)
        numbers = Self.numbers(sample)
        let style = numbers
        columns = sample.names.indices.map { index in
            ColumnProfile(name: sample.names[index], values: sample.rows.map { $0[index] }, numbers: style)
        }
    }

    /// Which mark stands before decimals, by what most cells that show it have.
    private static func numbers(_ sample: FileSample) -> NumberStyle {
        var (points, commas, groups) = (0, 0, 0)
        for cell in sample.rows.prefix(1_000).joined() where cell.utf8.count < 20 {
            let bytes = ArraySlice(cell.utf8)
            if NumberStyle.plain.parse(bytes) != nil {
                if cell.contains(".") { points += 1 }
            } else if NumberStyle.point.parse(bytes) != nil {
                // 1,234 between commas or blanks is a thousand and some; between semicolons it may be a decimal comma.
                if sample.dialect.delimiter == .byte(UInt8(ascii: ";")) { commas += 1 } else { groups += 1 }
            } else if NumberStyle.comma.parse(bytes) != nil {
                commas += 1
            }
        }
        if commas > points { return .comma }
        return groups > 0 ? .point : .plain
    }

    // MARK: Columns by meaning

    private func column(_ words: [String], where condition: (ColumnProfile) -> Bool) -> ColumnProfile? {
        for word in words {
            if let found = columns.first(where: { $0.isCalled([word]) && condition($0) }) { return found }
        }
        return nil
    }

    private var time: ColumnProfile? {
        let times = columns.filter { $0.timeFormat != nil && $0.filled > 0 }
        let words = ["timestamp", "time", "date", "日期", "时间", "created", "start"]
        return column(words) { $0.timeFormat != nil && $0.filled > 0 && $0.empty == 0 } ?? times.first { $0.empty == 0 }
            ?? times.first
    }

    private var subject: ColumnProfile? {
        let words = [
            "customer", "client", "case_id", "caseid", "case:id", "case id", "visitor", "user", "member",
            "客户", "会员", "用户", "account", "contact", "subject", "case", "session", "ticket", "id",
        ]
        let others = ["country", "type", "segment", "amount", "status", "value", "count"]
        return column(["case:concept:name"]) { $0.canBeSubject }
            ?? column(words) { $0.canBeSubject && !$0.isCalled(others + ["name"]) }
            ?? column(words) { $0.canBeSubject && !$0.isCalled(others) && $0.distinct > 1 }
    }

    private var order: ColumnProfile? {
        column(["invoice", "order", "transaction", "receipt", "订单", "单号"]) {
            $0.filled > 0 && $0.timeFormat == nil && !$0.isCalled(["date", "time", "amount", "status"])
        }
    }

    private var amount: ColumnProfile? {
        column(["amount", "total", "revenue", "sales", "金额", "总价", "dollar", "value", "paid", "spent"]) {
            $0.isNumber && $0.filled > 0
        }
    }

    private var quantityAndPrice: (ColumnProfile, ColumnProfile)? {
        guard
            let quantity = column(
                ["quantity", "qty", "数量", "units"], where: { $0.isNumber && $0.filled > 0 && !$0.isCalled(["price"]) }),
            let price = column(["price", "单价"], where: { $0.isNumber && $0.filled > 0 })
        else { return nil }
        return (quantity, price)
    }

    private var activity: ColumnProfile? {
        column(["activity", "concept:name", "action", "event", "状态", "stage", "status"]) {
            $0.filled > 0 && $0.empty == 0 && $0.timeFormat == nil && !$0.isCalled(["case"]) && $0.distinct <= 200
        }
    }

    /// The column of a process log that says whether a row starts or completes work, and its word for "complete".
    private var completion: (column: String, value: String)? {
        guard let index = columns.firstIndex(where: { $0.isCalled(["lifecycle"]) }) else { return nil }
        let value = sample.rows.lazy.map { $0[index] }.first { $0.lowercased() == "complete" }
        return value.map { (columns[index].name, $0) }
    }

    // MARK: Writing

    /// The mapping's text.
    func write() -> String {
        var writer = self
        writer.head()
        writer.rules()
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private mutating func head() {
        lines.append("# A starting mapping, guessed from the header and the first \(sample.rows.count) rows.")
        lines.append("# Read it, change what is wrong, then look at what it gives:")
        lines.append("#   touchline import csv FILE --mapping THIS --dry-run")
        lines.append("#")
        lines.append("# Columns:")
        for column in columns {
            let samples =
                column.looksPersonal
                ? "(looks personal)" : column.samples.map { LineError.printable($0, max: 24) }.joined(separator: " | ")
            lines.append(
                "#   \(LineError.printable(column.name)): \(samples)\(column.empty > 0 ? "  (\(column.empty) empty)" : "")"
            )
        }
        lines.append(fileSection())
        lines.append("# Who sends these events; with the id it names each one for ever.")
        lines.append("source: /\(stem)")
        if let time, !time.hasZone {
            lines.append("# The zone whose clocks the file shows: its times name none. Change it if it is another.")
            lines.append("zone: UTC")
        }
        let gaps = [subject, time].compactMap { $0 }.filter { $0.empty > 0 }
        if !gaps.isEmpty || completion != nil { lines.append("skip:") }
        if let completion {
            lines.append("# Only the end of a piece of work counts, not that it was scheduled or started.")
            lines.append(
                "- {when: {\(quoted(completion.column)): {not: \(quoted(completion.value))}}, reason: not complete}")
        }
        if !gaps.isEmpty {
            for column in gaps {
                lines.append(
                    "- {when: {\(quoted(column.name)): \"\"}, reason: \(quoted("no " + LineError.printable(column.name)))}"
                )
            }
        }
    }

    private func fileSection() -> String {
        var parts: [String] = []
        switch sample.dialect.delimiter {
        case .whitespace: parts.append("delimiter: whitespace")
        case .byte(0x09): parts.append("delimiter: tab")
        case .byte(let byte): parts.append("delimiter: \"\(Character(Unicode.Scalar(byte)))\"")
        }
        parts.append("encoding: \(sample.dialect.encoding.rawValue)")
        if sample.needsNames {
            if sample.hasHeader { parts.append("header: true") }
            parts.append("columns: [\(sample.names.map { quoted($0) }.joined(separator: ", "))]")
        }
        switch numbers {
        case .plain: break
        case .point: parts.append("decimal: \".\"")
        case .comma: parts.append("decimal: \",\"")
        }
        return "file: {\(parts.joined(separator: ", "))}"
    }

    private mutating func rules() {
        lines.append("defaults:")
        if let subject {
            lines.append("  # The customer's id.")
            lines.append("  subject: \(hole(subject))")
        } else {
            lines.append(
                "  # No column looks like a customer's id, so each row stands for itself. Name the column if there is one."
            )
            lines.append("  subject: \"row:{#row}\"")
        }
        timeLine()
        if let subject, time != nil, let activity, subject.isCalled(["case", "ticket", "opportunity", "deal", "loan"]) {
            process(activity)
        } else if subject != nil, let pair = quantityAndPrice {
            purchases(sum: pair, amount: nil)
        } else if subject != nil, let amount, amount.empty == 0 {
            purchases(sum: nil, amount: amount)
        } else {
            rows()
        }
    }

    private mutating func timeLine() {
        guard let time, let format = time.timeFormat else {
            lines.append("  # No column looks like a time: without one, events happen when they are imported.")
            return
        }
        lines.append("  # When it happened.")
        if let other = time.otherFormat {
            lines.append("  # Every value looked at fits \(quoted(other)) as well: choose.")
        }
        lines.append(
            format.isEmpty
                ? "  time: \(hole(time))" : "  time: {column: \(quoted(time.name)), format: \(quoted(format))}")
    }

    /// Each row, or each group of rows with one order, is a purchase; negative ones are refunds.
    private mutating func purchases(sum: (ColumnProfile, ColumnProfile)?, amount: ColumnProfile?) {
        let currency = column(["currency", "币种"]) { $0.filled > 0 && $0.empty == 0 }
        let order = self.order.flatMap { $0.empty == 0 ? $0 : nil }
        let isGrouped = order.map { $0.distinct < $0.filled } ?? false
        let value = sum.map { "{multiply: [\(quoted($0.0.name)), \(quoted($0.1.name))]}" } ?? quoted(amount?.name ?? "")
        let total = isGrouped ? "{sum: \(value)}" : sum == nil ? hole(amount) : value
        let signed = sum?.0 ?? amount
        let money = currency.map { hole($0) } ?? "USD"
        let note = currency == nil ? "  # the currency is a guess" : ""
        let orderID = order.map { hole($0) } ?? "\"{#row}\""
        let per = isGrouped ? "per: [\(quoted(order?.name ?? ""))], " : ""
        let id = isGrouped ? "id: \(orderID), " : ""
        if isGrouped {
            lines.append("# Several rows make one order, so `per` gives one event an order and `sum` adds its rows up.")
        }
        lines.append("emit:")
        if let signed, signed.hasNegative {
            lines.append("# Negative rows are money given back.")
            let refundID = isGrouped ? "id: \(templated("refund:", order)), " : ""
            lines.append("- {when: {\(quoted(signed.name)): \"<0\"}, \(per)\(refundID)type: purchase.refunded,")
            lines.append(
                "   data: {order: \(orderID), amount: {abs: \(isGrouped ? total : value)}, currency: \(money)}}\(note)")
        }
        lines.append("- {otherwise: true, \(per)\(id)type: purchase.completed,")
        lines.append("   data: {order: \(orderID), amount: \(total), currency: \(money)}}\(note)")
    }

    /// The first row of a case opens a deal, every later one moves it.
    private mutating func process(_ activity: ColumnProfile) {
        lines.append("  data: {opportunity: \(hole(subject))}")
        lines.append(
            "# The first row of a case opens it and later rows move it. Name the activities that win or lose it, as in")
        lines.append("# - {when: {\(quoted(activity.name)): [APPROVED]}, type: opportunity.won}")
        lines.append("# before the last rule; or use other types, as ticket.opened: touchline catalogue lists them.")
        lines.append("emit:")
        lines.append(
            "- {when: {first_of: \(quoted(subject?.name ?? ""))}, type: opportunity.opened, data: {stage: \(hole(activity))}}"
        )
        lines.append("- {otherwise: true, type: opportunity.stage_changed, data: {to: \(hole(activity))}}")
    }

    /// Each row is an event of the open family, with every column.
    private mutating func rows() {
        lines.append(
            "# One event a row, of a type of your own (x.…) with every column. If the catalogue has a fitting type")
        lines.append("# (touchline catalogue lists them), use it: views understand only those.")
        lines.append("emit:")
        lines.append("- type: x.\(stem)")
        lines.append("  data:")
        for column in columns where !column.name.isEmpty {
            lines.append("    \(quoted(column.name)): \(hole(column))")
        }
    }

    /// A template of one column, as YAML.
    private func hole(_ column: ColumnProfile?) -> String { templated("", column) }

    private func templated(_ prefix: String, _ column: ColumnProfile?) -> String {
        quoted(prefix + "{" + (column?.name ?? "") + "}")
    }

    /// A double-quoted YAML text, which a JSON string is but for what YAML takes for line breaks or does not read.
    private func quoted(_ text: String) -> String {
        var quoted = ""
        for scalar in String(decoding: JSONText.string(text), as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted
    }
}
