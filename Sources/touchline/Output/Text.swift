import CRM
import EventLog
import Foundation

/// Numbers and spans as people read them.
enum Text {
    /// 1234567 → `1,234,567`.
    static func count(_ number: some BinaryInteger) -> String {
        let digits = String(number)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, digit != "-", (digits.count - index) % 3 == 0, result != "-" { result += "," }
            result.append(digit)
        }
        return result
    }

    /// A name as the data has it, with what would turn a terminal's lines around escaped.
    static func word(_ name: String) -> String { LineError.printable(name, max: .max) }

    /// A number with one decimal.
    static func decimal(_ number: Double) -> String { String(format: "%.1f", number) }

    /// Bytes with a binary unit.
    static func bytes(_ number: some BinaryInteger) -> String {
        var value = Double(number)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 || unit == "GiB" {
                return unit == "B" ? "\(Int(value)) B" : String(format: "%.1f %@", value, unit)
            }
            value /= 1024
        }
        return ""
    }

    /// Seconds as `45 s`, `3 min`, `2.5 h`, `12 days`.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<1: String(format: "%.1f s", seconds)
        case ..<120: "\(Int(seconds.rounded())) s"
        case ..<7200: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: String(format: "%.1f h", seconds / 3600)
        default: String(format: "%.1f days", seconds / 86400)
        }
    }

    /// A span, or a dash where there is none.
    static func duration(_ seconds: Double?) -> String { seconds.map { duration($0) } ?? "–" }

    /// A share as `12.3 %`; a dash where there is none.
    static func percent(_ share: Double?) -> String {
        share.map { String(format: "%.1f %%", $0 * 100) } ?? "–"
    }

    /// Sums of money by currency, as in `120.00 CNY, 3.50 EUR`; a dash where there is none.
    static func money(_ sums: MoneySums) -> String {
        let texts = sums.sums.sorted { $0.key < $1.key }.map { "\($0.value.map { "\($0)" } ?? "?") \($0.key)" }
        return texts.isEmpty ? "–" : texts.joined(separator: ", ")
    }

    /// An instant's text without what nobody reads: `2026-03-01 08:30:00Z`.
    static func time(_ rfc3339: String?) -> String {
        guard let rfc3339, rfc3339.count >= 19 else { return rfc3339 ?? "" }
        return rfc3339.prefix(10) + " " + rfc3339.dropFirst(11).prefix(8) + "Z"
    }
}
