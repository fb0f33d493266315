import EventLog
import Foundation
import Projection

/// Collects how the rows of the views differ from what the reference expects.
struct ViewComparison {
    /// What a reference expects of a row: the columns that it knows about.
    typealias Row = FoldedViews.Row

    let views: FoldedViews
    /// One line a difference; empty: all is as expected.
    private(set) var differences: [String] = []

    init(_ views: FoldedViews) { self.views = views }

    /// Compares a whole table, or those of its rows for which `only` holds.
    ///
    /// The rows are told apart by `key`; decimals are compared as numbers.
    mutating func compare(
        _ table: String, key: [String], expected: [Row], decimals: Set<String> = [],
        only: (Row) -> Bool = { _ in true }
    ) {
        let found = Dictionary(grouping: (views.tables[table] ?? []).filter(only)) { Self.name($0, key) }
        let wanted = Dictionary(grouping: expected) { Self.name($0, key) }
        for name in Set(found.keys).union(wanted.keys).sorted() {
            let left = wanted[name] ?? []
            let right = found[name] ?? []
            guard left.count == 1, right.count == 1 else {
                differences.append("\(table) \(name): expected \(left.count) rows, found \(right.count)")
                continue
            }
            for (column, value) in left[0].sorted(by: { $0.key < $1.key }) {
                let other = right[0][column]
                if value == other { continue }
                if decimals.contains(column), let a = Self.decimal(value), let b = Self.decimal(other), a == b {
                    continue
                }
                differences.append(
                    "\(table) \(name).\(column): expected \(Self.show(value)), found \(other.map(Self.show) ?? "no column")"
                )
            }
        }
    }

    static func name(_ row: Row, _ key: [String]) -> String {
        key.map { row[$0].map(show) ?? "?" }.joined(separator: "/")
    }

    static func show(_ value: SQLValue) -> String {
        switch value {
        case .null: "NULL"
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .instant(let instant): instant.rfc3339
        }
    }

    static func decimal(_ value: SQLValue?) -> Decimal? {
        guard case .text(let text)? = value else { return nil }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
    }
}

extension SQLValue {
    init(decimal: Decimal?) { self = decimal.map { .text("\($0)") } ?? .null }
}
