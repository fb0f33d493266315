import SystemPackage

/// Why an index could not be read or written.
///
/// The index is derived: whatever is wrong with it can be built again.
struct IndexError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    enum Code: Sendable, Equatable {
        /// The file's bytes are not what was written: drop it and build its range again.
        case damaged
        /// The file belongs to another log.
        case otherLog
        /// The file was written by another version of this program.
        case otherVersion
        /// The disk has no room; nothing was changed.
        case noSpace
        /// A call to the system failed with this `errno`.
        case system(Int32)
        /// The caller's range or entries contradict themselves.
        case invalidArgument
        /// A reader's index was asked to write.
        case readOnly
        /// The caller asked to stop; nothing was changed.
        case cancelled
    }

    /// What is wrong, for programs.
    var code: Code
    /// What is wrong, in one line for people.
    var message: String
    /// The file it was found in.
    var path: FilePath
    /// Where in the file, if a place is known.
    var offset: UInt64?
    /// Which part of the file, such as "block 17 of ids".
    var structure: String?

    /// The message with its place.
    var description: String {
        var text = path.string
        if let offset { text += " at byte \(offset)" }
        if let structure { text += ", \(structure)" }
        return text + ": " + message
    }
}

/// One thing that `verify` found wrong with an index.
struct IndexFinding: Sendable, Equatable {
    /// The file it is in.
    var path: FilePath
    /// Where in the file, if a place is known.
    var offset: UInt64?
    /// Which part of the file.
    var structure: String
    /// What is wrong.
    var message: String

    init(_ error: IndexError) {
        path = error.path
        offset = error.offset
        structure = error.structure ?? "file"
        message = error.message
    }
}
