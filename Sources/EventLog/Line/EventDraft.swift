/// An event as a sender gives it, validated and normalised, before the log adds its own attributes.
public struct EventDraft: Sendable, Equatable {
    /// The sender's id; `nil`: the log gives the event its sequence as id, under a reserved source.
    public var id: String?
    /// The sender; required with an id.
    public var source: String?
    /// The CloudEvents type, such as `purchase.completed`.
    public var type: String
    /// The customer the event is about; `nil` for a system event.
    public var subject: String?
    /// RFC 3339 with a zone, as the sender wrote it; `nil`: the log takes its own `recordedtime`.
    public var time: String?
    /// Other CloudEvents extension attributes: name and JSON text of the value, sorted by name.
    public var extensions: [Extension]
    /// JSON text of `data` without insignificant white space; `nil`: no data.
    public var data: [UInt8]?
    /// The version the subject must be at, never stored: 0 = no event yet, `nil` = any.
    public var expectedVersion: UInt64?
    /// What a restored line carries already; `nil` for a new event.
    public var restored: Restored?

    /// One extension attribute.
    public struct Extension: Sendable, Equatable {
        /// Lower-case letters and digits, 1 to 20.
        public var name: String
        /// JSON text of a string, integer or boolean.
        public var value: [UInt8]

        /// Makes an extension attribute.
        public init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The attributes that only the log sets, as read from a line that is being restored.
    public struct Restored: Sendable, Equatable {
        /// Must be the log's next sequence.
        public var sequence: UInt64
        /// Must not be before the log's last.
        public var recordedTime: Instant
        /// Must be the subject's next version; `nil` without a subject.
        public var subjectSequence: UInt64?

        /// Makes the restored attributes.
        public init(sequence: UInt64, recordedTime: Instant, subjectSequence: UInt64?) {
            self.sequence = sequence
            self.recordedTime = recordedTime
            self.subjectSequence = subjectSequence
        }
    }

    /// Makes a draft from parts that are valid already.
    ///
    /// `data` is JSON text.
    public init(
        id: String? = nil, source: String? = nil, type: String, subject: String?, time: String? = nil,
        extensions: [Extension] = [], data: [UInt8]? = nil, expectedVersion: UInt64? = nil, restored: Restored? = nil
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.extensions = extensions.sorted { $0.name < $1.name }
        self.data = data
        self.expectedVersion = expectedVersion
        self.restored = restored
    }
}
