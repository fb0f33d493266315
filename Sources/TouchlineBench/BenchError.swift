/// Why a benchmark cannot be run.
package struct BenchError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, for programs.
    package enum Code: Sendable, Equatable {
        /// What was asked for cannot be done: a folder with data in it, too little room.
        case refused
        /// A file or a process failed.
        case failed
    }

    /// What is wrong.
    package var code: Code
    /// What happened, and the mend.
    package var message: String

    /// An error of this kind.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
