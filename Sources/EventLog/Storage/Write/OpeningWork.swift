/// What opening a log for writing had to read, for measurements.
package struct OpeningWork: Sendable, Equatable {
    /// The first sequences of the segments whose lines were read and whose keys are in memory: closed ones without an
    /// index run, and the active one.
    package var segmentsRead: [UInt64]
    /// How many events they hold.
    package var eventsRead: UInt64
    /// How many closed segments wait for repacking.
    package var unpacked: Int

    init(_ opened: OpenedLog) {
        segmentsRead = opened.recent.map(\.segment)
        eventsRead = opened.recent.reduce(0) { $0 + ($1.endSequence - $1.firstSequence) }
        unpacked = opened.unpacked.count
    }
}
