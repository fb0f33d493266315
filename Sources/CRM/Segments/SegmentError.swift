/// What is wrong with a segment, in one line with the mend.
public struct SegmentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The segment; `nil` if all are meant.
    public var segment: String?
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var mend: String

    /// Makes the error.
    public init(segment: String?, message: String, mend: String) {
        self.segment = segment
        self.message = message
        self.mend = mend
    }

    /// One line.
    public var description: String {
        (segment.map { "segment \"\($0)\": " } ?? "segments: ") + "\(message); \(mend)"
    }
}

/// What is wrong with a condition, before it is known whose it is.
struct ConditionFault: Error {
    var message: String
    var mend: String
}
