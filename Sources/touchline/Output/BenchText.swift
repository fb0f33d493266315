import Foundation
import TouchlineBench

/// Figures of benchmarks as people read them.
enum BenchText {
    /// Seconds in milliseconds.
    static func milliseconds(_ seconds: Double) -> String {
        String(format: seconds < 0.01 ? "%.2f ms" : "%.0f ms", seconds * 1000)
    }

    /// The machine in one line.
    static func machine(_ machine: Machine) -> String {
        "\(machine.processor), \(machine.cores) cores, \(Text.bytes(machine.memory_bytes)), Linux \(machine.kernel), "
            + "\(machine.file_system); load \(String(format: "%.1f", machine.load)) before it began"
    }

    /// Prints a report.
    static func write(_ report: BenchReport) {
        Output.line(machine(report.machine))
        Output.line(data(report.data) + "; " + (report.runs == 1 ? "one run" : "medians of \(report.runs) runs"))
        Output.line()
        var table = TextTable("", ">median", ">min", ">max", ">limit", ">of the limit", ">budget", "")
        for row in report.rows {
            table.add(
                row.name, value(row.figure.median, row.unit), value(row.figure.min, row.unit),
                value(row.figure.max, row.unit), row.limit.map { value($0.median, row.unit) },
                row.ratio.map { factor($0.median) }, row.budget.map { budget($0, row.unit) },
                row.kept.map { $0 ? "kept" : "MISSED" })
        }
        Output.write(table.text())
        Output.line()
        for limit in limits(report.rows) { Output.line("limit of \(limit)") }
        for note in report.notes { Output.line(note) }
        if report.noisy {
            let cores = String(format: "%.1f", report.foreign_cores)
            Output.line("The machine is noisy (others used \(cores) cores meanwhile): these figures say little.")
        }
        Output.flush()
    }

    private static func data(_ data: BenchData) -> String {
        var text = "\(data.name), \(Text.count(data.events)) events"
        if let ids = data.ids { text += ", ids \(ids.rawValue)" }
        if let bytes = data.raw_bytes, data.events > 0 { text += ", \(bytes / data.events) bytes a line" }
        return text
    }

    /// What the limits are, each once, with the rows that have it; of rows whose names differ in the last part, what is
    /// before it.
    private static func limits(_ rows: [BenchRow]) -> [String] {
        var names: [(limit: String, rows: [String])] = []
        for row in rows where row.limit != nil {
            guard let limit = row.limit_is else { continue }
            let name = row.name.split(separator: ".").dropLast().joined(separator: ".")
            if let index = names.firstIndex(where: { $0.limit == limit }) {
                if !names[index].rows.contains(name) { names[index].rows.append(name) }
            } else {
                names.append((limit, [name]))
            }
        }
        return names.map { "\($0.rows.joined(separator: ", ")): \($0.limit)" }
    }

    private static func budget(_ budget: BenchBudget, _ unit: String) -> String {
        let text = { (number: Double) in budget.of == .ratio ? "\(factor(number)) of it" : value(number, unit) }
        return [budget.at_least.map { "≥ " + text($0) }, budget.at_most.map { "≤ " + text($0) }]
            .compactMap(\.self).joined(separator: " ")
    }

    private static func factor(_ ratio: Double) -> String {
        String(format: ratio >= 100 ? "%.0f" : ratio >= 10 ? "%.1f" : "%.2f", ratio)
    }

    /// A figure with its unit.
    private static func value(_ number: Double, _ unit: String) -> String {
        switch unit {
        case "us" where number >= 10_000: milliseconds(number / 1e6)
        case "us": String(format: number < 10 ? "%.1f µs" : "%.0f µs", number)
        case "s": number < 1 ? milliseconds(number) : String(format: "%.2f s", number)
        case "bytes": Text.bytes(UInt64(max(0, number)))
        case "bytes/byte": String(format: "%.3f", number)
        case "us/event": String(format: "%.1f µs/event", number)
        case "x": factor(number) + " ×"
        default: (number < 100 ? String(format: "%.1f", number) : Text.count(UInt64(number))) + " " + unit
        }
    }
}
