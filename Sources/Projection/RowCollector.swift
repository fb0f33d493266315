/// Collects the rows that a projector emits, of one subject or of many.
public struct RowCollector: Sendable {
    /// The rows, per table in the order of the projector's `tables`.
    private(set) var tables: [RowBytes]

    /// An empty collector for a projector with this many tables.
    public init(tableCount: Int) {
        tables = Array(repeating: RowBytes(), count: tableCount)
    }

    /// Adds a row to the projector's table number `table`; the values are in the order of its columns.
    ///
    /// The row is made where it is written, as in `insert([.text(id), .null], table: 0)`, and costs no allocation.
    @inlinable
    public mutating func insert<let count: Int>(_ values: InlineArray<count, SQLValue>, table: Int) {
        insert(row: values.span, table: table)
    }

    /// Adds a row whose length is known only when it is made.
    public mutating func insert(row values: Span<SQLValue>, table: Int) {
        tables[table].append(values)
    }

    /// Forgets the rows and keeps the room they had.
    mutating func removeAll() {
        for index in tables.indices { tables[index].removeAll() }
    }

    /// The rows as values, per table in the order of the projector's `tables`.
    public var rows: [[[SQLValue]]] { tables.map(\.rows) }
}
