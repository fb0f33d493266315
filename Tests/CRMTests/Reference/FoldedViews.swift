import EventLog
import Projection

/// The rows of some projectors over a whole log, folded in memory, by table and column.
struct FoldedViews {
    /// A row: column name to value.
    typealias Row = [String: SQLValue]

    /// The rows by table.
    private(set) var tables: [String: [Row]] = [:]

    /// No rows yet.
    init() {}

    mutating func insert(_ row: Row, table: String) { tables[table, default: []].append(row) }

    /// Folds the lines of a log, as it stores them.
    init(_ set: ProjectorSet, storedLines: [String], asOf: Instant? = nil) throws {
        var bySubject: [String: [StoredEvent]] = [:]
        var system: [StoredEvent] = []
        for line in storedLines {
            let event = try StoredEvent(line: ArraySlice(Array(line.utf8)))
            if let subject = event.subject {
                bySubject[subject, default: []].append(event)
            } else {
                system.append(event)
            }
        }
        add(set.fold(subject: nil, known: system, asOf: asOf), set)
        for subject in bySubject.keys.sorted() {
            add(set.fold(subject: subject, known: bySubject[subject] ?? [], asOf: asOf), set)
        }
    }

    private mutating func add(_ folded: FoldedSubject, _ set: ProjectorSet) {
        for (projector, rows) in zip(set.projectors, folded.projectors) {
            for (table, rows) in zip(projector.tables, rows.rows) {
                for row in rows {
                    let names = table.columns.map(\.name)
                    tables[table.name, default: []].append(Dictionary(uniqueKeysWithValues: zip(names, row)))
                }
            }
        }
    }
}
