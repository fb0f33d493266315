/// A batch as its directory tells it: no text is made and no reference counted an event.
///
/// For code that goes through every event of a log and makes a `StoredEvent` of few of them or of none. Ranges in
/// `entries` were checked against `lines` when the batch was read.
package struct BatchEntries: Sendable {
    /// The sequence of the first of `entries`.
    package let firstSequence: UInt64
    /// The batch's types; `typeIndex` of an entry is an index of them.
    package let types: [String]
    /// What is known of each event of the batch, wanted or not.
    package let entries: [EventEntry]
    /// The lines of all these events.
    package let lines: [UInt8]
    /// The number of events that are wanted.
    package let count: Int
    private let selection: [UInt32]?
    private let first: Int

    fileprivate init(_ batch: EventBatch) {
        firstSequence = batch.content.firstSequence
        types = batch.content.types
        entries = batch.content.entries
        lines = batch.content.lines
        count = batch.count
        selection = batch.selection
        first = batch.range.lowerBound
    }

    /// Which of `entries` the wanted event at a place is.
    package func index(at position: Int) -> Int { selection.map { Int($0[position]) } ?? first + position }
}

extension EventBatch {
    /// The events by their places alone.
    package var byEntry: BatchEntries { BatchEntries(self) }
}

extension EventEntry {
    /// The line, as a range of the batch's lines.
    package var line: Range<Int> { Int(lineStart)..<Int(lineEnd) }

    /// The subject's text as escaped, as a range of the batch's lines; empty if the event has none.
    package var subject: Range<Int> {
        let start = Int(lineStart) + Int(subjectOffset)
        return start..<(start + Int(subjectLength))
    }
}

/// The types of many batches, numbered 0, 1, 2 … as they come up.
package struct TypeNumbers: Sendable {
    /// The types by number.
    package private(set) var types: [String] = []
    private var numbers: [String: Int] = [:]
    private var last: [String] = []
    private var lastNumbers: [Int] = []

    /// No type yet.
    package init() {}

    /// The number of a type, new if need be.
    package mutating func number(of type: String) -> Int {
        if let number = numbers[type] { return number }
        numbers[type] = types.count
        types.append(type)
        return types.count - 1
    }

    /// The number of each type of a batch: one look-up a type rather than one an event.
    package mutating func numbers(of batch: [String]) -> [Int] {
        if batch != last {
            last = batch
            lastNumbers = batch.map { number(of: $0) }
        }
        return lastNumbers
    }
}
