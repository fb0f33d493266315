/// The rows of many subjects, table by table, on their way into a view database.
struct SubjectRows: Sendable {
    /// What the projectors have emitted, in the set's order.
    var projectors: [RowCollector]
    /// Rows of the table `anomalies`.
    private(set) var anomalies = RowBytes()
    /// Subjects that were folded.
    private(set) var subjects = 0
    /// Anomalies that projectors have found.
    private(set) var found = 0
    private let names: [String]

    /// No rows yet, of the projectors of this set.
    init(_ set: ProjectorSet) {
        projectors = set.projectors.map { RowCollector(tableCount: $0.tables.count) }
        names = set.projectors.map(\.name)
    }

    /// Adds what projector number `index` has found not to fit.
    mutating func append(_ found: [Anomaly], of subject: String?, projector index: Int) {
        anomalies.append(found, of: subject, projector: names[index])
        self.found += found.count
    }

    /// Adds retractions that name nothing, which end a subject.
    mutating func append(corrections: [Anomaly], of subject: String?) {
        subjects += 1
        anomalies.append(corrections, of: subject, projector: ViewSchema.correctionsName)
    }

    /// Forgets the rows and keeps the room they had.
    mutating func removeAll() {
        for index in projectors.indices { projectors[index].removeAll() }
        anomalies.removeAll()
        subjects = 0
        found = 0
    }
}

extension RowBytes {
    /// Adds rows of the table `anomalies`.
    mutating func append(_ found: [Anomaly], of subject: String?, projector: String) {
        for (ordinal, anomaly) in found.enumerated() {
            append([
                .text(subject ?? ""), .text(projector), SQLValue(sequence: anomaly.sequence), SQLValue(ordinal),
                .text(anomaly.kind), .text(anomaly.detail),
            ])
        }
    }
}
