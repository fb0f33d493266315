/// Something a user or operator has to mend, in one line, with the exit status that fits.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble, as the command line's exit status.
    public enum Kind: Int32, Sendable {
        /// A check found something wrong.
        case checkFailed = 1
        /// The command's words are off.
        case usage = 64
        /// The input is not acceptable, or names what is not there.
        case badInput = 65
        /// The disk, a lock or the log's state.
        case io = 74
    }
    /// What kind of trouble.
    public var kind: Kind
    /// What is wrong, where, and how to mend it.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
