/// The one place that decides the order of events.
///
/// Everything above appends through this protocol and reads through `LogReader`; neither may notice whether the order
/// is decided in this process (`LocalSequencer`) or elsewhere. `append` may be called from any task, any number of
/// times at once; calls wait while too many bytes are queued. It returns only when the events are durable.
public protocol Sequencer: Sendable {
    /// Appends the events of one request, all or none.
    ///
    /// - Returns: one acknowledgement an event, in the request's order, once all of them are durable.
    /// - Throws: `AppendError` if the request is refused or its outcome is unknown. Cancelling the calling task before
    ///   the request is taken into a batch withdraws it; after that it is ignored.
    func append(_ request: AppendRequest) async throws -> [Acknowledgement]
}

/// The events of one request: one batch or nothing.
public struct AppendRequest: Sendable {
    /// The events, in order: 1 to `Limits.requestEventsMax`, together at most `Limits.requestBytesMax`.
    public var events: [EventDraft]
    /// What this request expects of each subject it touches, at the subject's first event in it; takes precedence over
    /// `EventDraft.expectedVersion`.
    ///
    /// 0 = the subject has no event yet, n = its last `subjectsequence`.
    public var expectedVersion: UInt64?

    /// A request of these events.
    public init(events: [EventDraft], expectedVersion: UInt64? = nil) {
        self.events = events
        self.expectedVersion = expectedVersion
    }
}

/// What the log says of one accepted event.
public struct Acknowledgement: Sendable, Equatable {
    /// The event's place in the log.
    public var sequence: UInt64
    /// The event's number within its subject; `nil` for a system event.
    public var subjectSequence: UInt64?
    /// Whether the log held this event already, under this sequence, before this request.
    public var isDuplicate: Bool

    /// Makes an acknowledgement.
    public init(sequence: UInt64, subjectSequence: UInt64?, isDuplicate: Bool) {
        self.sequence = sequence
        self.subjectSequence = subjectSequence
        self.isDuplicate = isDuplicate
    }
}

/// Why a request was refused.
public struct AppendError: Error, Sendable, Equatable {
    /// What is wrong, for programs.
    public enum Code: Sendable, Equatable {
        /// The event itself cannot be stored (a limit, a reserved name, a field sent that only the log may set).
        case invalidEvent
        /// The id was used before by an event with other content; `sequence` names it.
        case idConflict(sequence: UInt64)
        /// The subject is at another version than expected.
        case versionConflict(expected: UInt64, actual: UInt64)
        /// The request holds no event, too many, or too many bytes.
        case requestSize
        /// The disk has no room; nothing was written.
        case noSpace
        /// The log has rot in its active segment, or a gap that was not accepted; appends stop until it is mended.
        case damaged
        /// A write or sync failed: whether these events are stored is known only after the log is opened again.
        case outcomeUnknown
        /// The writer is closed, or was poisoned by an earlier failure.
        case closed
    }
    /// What is wrong, for programs.
    public var code: Code
    /// The index of the event in its request that is to blame, if one is.
    public var eventIndex: Int?
    /// What is wrong and how to mend it, in one line for people.
    public var message: String

    /// Makes an error.
    public init(code: Code, eventIndex: Int? = nil, message: String) {
        self.code = code
        self.eventIndex = eventIndex
        self.message = message
    }
}
