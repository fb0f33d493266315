/// Why projecting could not go on.
public struct ProjectionError: Error, Sendable, Equatable {
    /// What is wrong, for programs.
    public enum Code: Sendable, Equatable {
        /// The views were made from another log, or from a history that this log no longer holds.
        case anotherHistory
        /// Another process holds the lock for longer than the caller would wait.
        case locked
        /// A projector's version or configuration, or the files' layout, is not the one the views were made with.
        case outdated
        /// Events that are needed are archived.
        case archived
        /// No such projector.
        case unknownProjector
        /// A rebuild did not pass its own check.
        case verification
        /// The caller asked to stop.
        case cancelled
        /// Bytes of the views are not those that were written.
        case damaged
        /// A file of the views cannot be read or written.
        case file
    }
    /// What is wrong, for programs.
    public var code: Code
    /// What is wrong and how to mend it, in one line for people.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
