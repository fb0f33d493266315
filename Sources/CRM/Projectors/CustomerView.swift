public import Projection

/// The SQL view `<table>_by_customer`: the rows of a per-subject table with the customer they belong to.
///
/// No row moves when two customers are merged: rows keep `subject` as sent. The view puts `customer` before them, the
/// survivor at the end of the chain of merges, or the subject itself.
public func customerView(of table: TableDefinition) -> ViewDefinition {
    let columns = table.columns.map { "t.\"\($0.name)\"" }.joined(separator: ", ")
    return ViewDefinition(
        "\(table.name)_by_customer",
        "\(table.summary) With `customer`: the survivor after merges.",
        select: """
            SELECT coalesce(s.customer, t.subject) AS customer, \(columns)
            FROM "\(table.name)" AS t LEFT JOIN survivors AS s ON s.subject = t.subject
            """)
}
