/// One event as the log holds it: the line's bytes, and what the batch directory says of it.
///
/// A value of this type shares the bytes of its batch; making one copies nothing but the two short texts.
public struct StoredEvent: Sendable {
    /// The event's place in the whole log.
    public let sequence: UInt64
    /// When it happened: the sender's `time`, or `recordedTime` if the sender gave none.
    public let time: Instant
    /// When the log took it.
    public let recordedTime: Instant
    /// The CloudEvents type.
    public let type: String
    /// The customer it is about; `nil` for a system event.
    public let subject: String?
    /// The whole line as stored, without the line feed.
    public let line: ArraySlice<UInt8>
    /// Where the value of `data` starts in `line`, as an index of `line`; `nil` if the event has no data.
    public let dataStart: Int?
    /// Where the members of `data` are, if that was found out.
    private let members: JSONMembers

    /// Makes an event from its parts.
    public init(
        sequence: UInt64, time: Instant, recordedTime: Instant, type: String, subject: String?,
        line: ArraySlice<UInt8>, dataStart: Int?
    ) {
        self.init(
            sequence: sequence, time: time, recordedTime: recordedTime, type: type, subject: subject, line: line,
            dataStart: dataStart, findingMembers: false)
    }

    /// Makes an event from its parts; if many members of `data` will be asked for, they are looked for once, now.
    @inline(__always)
    package init(
        sequence: UInt64, time: Instant, recordedTime: Instant, type: String, subject: String?,
        line: ArraySlice<UInt8>, dataStart: Int?, findingMembers: Bool
    ) {
        self.sequence = sequence
        self.time = time
        self.recordedTime = recordedTime
        self.type = type
        self.subject = subject
        self.line = line
        self.dataStart = dataStart
        if findingMembers, let dataStart, dataStart < line.endIndex {
            let text = line.span
            members = JSONMembers(of: text.extracting((dataStart - line.startIndex)..<(text.count - 1)))
        } else {
            members = .unknown
        }
    }

    /// The value of `data`; a view of JSON null if the event has none.
    public var data: JSONView {
        guard let dataStart, dataStart < line.endIndex else { return JSONView.null }
        // `data` is the last key, so its value runs to the line's closing brace.
        return JSONView(line[dataStart..<(line.endIndex - 1)], members: members)
    }

    /// The whole line as JSON.
    public var json: JSONView { JSONView(line) }

    /// The sender's id.
    ///
    /// With `source` it names the event for ever.
    public var id: String { json["id"]?.string ?? "" }

    /// The sender.
    public var source: String { json["source"]?.string ?? "" }

    /// The event's number within its subject: 1, 2, 3 …; `nil` for a system event.
    public var subjectSequence: UInt64? { json["subjectsequence"]?.integer.map { UInt64(clamping: $0) } }

    /// The order in which a fold applies the events of one subject: by time, and at one time by sequence.
    public func precedes(_ other: StoredEvent) -> Bool {
        (time, sequence) < (other.time, other.sequence)
    }
}
