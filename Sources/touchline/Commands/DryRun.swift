import CSVImport
import EventLog
import TouchlineService

/// An import that only tells what it would do.
struct DryRun {
    private static let examplesPerRule = 3
    /// Events whose ids are looked up in the log: an import that was undone holds all of them or hardly any.
    private static let lookupsMax = 1_000

    private let importer: CSVImporter
    private let reader: LogReader
    private let file: String

    init(_ importer: CSVImporter, reader: LogReader, file: String) {
        self.reader = reader
        self.importer = importer
        self.file = file
    }

    private struct Report: Encodable {
        var `import`: String
        var rows = 0
        var events = 0
        var events_by_rule: [Int]
        var skipped_by_reason: [String: Int] = [:]
        var rejected: [Rejection] = []
        var examples: [[String]]
        var undone_import: String?
        var next_attempt: Int?
    }

    private struct Rejection: Encodable {
        var line: Int
        var cause: String
    }

    func run(json: Bool) throws {
        var report = Report(
            import: importer.importID, events_by_rule: Array(repeating: 0, count: importer.rules.count),
            examples: Array(repeating: [], count: importer.rules.count))
        var clashes = IDClashes()
        var undone: UndoneImport?
        while let item = try importer.next() {
            try Interruption.check("stopped; nothing was imported")
            switch item {
            case .skipped: continue
            case .rejected(let row): report.rejected.append(Rejection(line: row.line, cause: row.cause))
            case .event(let event):
                if undone == nil, report.events < Self.lookupsMax {
                    undone = try UndoneImport.holding(idOf: event.draft, in: reader)
                }
                if let cause = clashes.clash(of: event) {
                    report.rejected.append(Rejection(line: event.line, cause: cause))
                    continue
                }
                report.events += 1
                report.events_by_rule[event.rule - 1] += 1
                if report.examples[event.rule - 1].count < Self.examplesPerRule {
                    report.examples[event.rule - 1].append(event.json)
                }
            }
        }
        report.undone_import = undone?.identifier
        report.next_attempt = undone?.nextAttempt
        report.rows = importer.counts.rows
        report.skipped_by_reason = importer.counts.skippedByReason
        ProgressBar.clear()
        if json { try JSONOutput.print(report) } else { show(report) }
        Output.flush()
        if let undone { StandardError.write("touchline: \(undone.note)\n") }
    }

    private func show(_ report: Report) {
        for (number, rule) in importer.rules.enumerated() {
            Output.line(
                "rule \(rule.number), \(rule.place) (\(rule.types.joined(separator: ", "))): "
                    + "\(Text.count(report.events_by_rule[number])) events")
            for example in report.examples[number] { Output.line("  " + example) }
        }
        for (reason, count) in report.skipped_by_reason.sorted(by: { $0.key < $1.key }) {
            Output.line("skipped, \(reason): \(Text.count(count))")
        }
        for row in report.rejected { Output.line("\(file): line \(row.line): rejected: \(row.cause)") }
        Output.line(
            "\(Text.count(report.rows)) rows, \(Text.count(report.events)) events, \(Text.count(report.rejected.count))"
                + " rejected. Nothing was imported.")
    }
}
