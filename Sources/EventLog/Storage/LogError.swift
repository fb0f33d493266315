import SystemPackage

/// Why a log could not be opened or read.
public struct LogError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Code: Sendable, Equatable {
        /// The folder holds no log.
        case notALog
        /// The folder holds a log already.
        case alreadyALog
        /// The log was written in another format version, or needs a feature that this program does not know.
        case otherVersion
        /// Another process writes this log; its number, if it could be read.
        case locked(process: Int32?)
        /// The folder or a file in it may not be written.
        case readOnly
        /// The disk has no room.
        case noSpace
        /// Bytes on disk are not what was written.
        case damaged
        /// Events that were damaged and given up: `repair` was told to accept the gap.
        case gap
        /// Events were to be given up that are not just what cannot be read.
        case notAGap
        /// The sequence is before the log's first: that part was archived.
        case archived
        /// The sequence is not in the log yet.
        case beyondEnd
        /// A call to the operating system failed with this error number.
        case system(Int32)
    }

    /// What is wrong, for programs.
    public var code: Code
    /// What is wrong and how to mend it, in one line for people.
    public var message: String
    /// The file or folder it is about.
    public var path: String?
    /// Where in the file.
    public var offset: UInt64?
    /// The events that cannot be read because of it.
    public var sequences: Range<UInt64>?

    /// Makes an error.
    public init(
        code: Code, message: String, path: String? = nil, offset: UInt64? = nil, sequences: Range<UInt64>? = nil
    ) {
        self.code = code
        self.message = message
        self.path = path
        self.offset = offset
        self.sequences = sequences
    }

    /// Path, place and message in one line.
    public var description: String {
        var text = path.map { $0 + ": " } ?? ""
        if let offset { text += "at byte \(offset): " }
        return text + message
    }

    private static func message(_ error: FileError, _ number: Errno) -> String {
        switch number {
        case .noSuchFileOrDirectory, .notDirectory:
            "it is not there (\(error.operation): \(number)); check the path, or restore the file from a copy"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            "\(error.operation) failed (\(number)); raise the limit of open files, or stop other programs"
        default:
            "\(error.operation) failed (\(number)); check the disk and the system's log, then try again"
        }
    }

    /// The error of a failed call.
    package init(_ error: FileError) {
        let number = Errno(rawValue: error.number)
        switch number {
        case .permissionDenied, .readOnlyFileSystem, .notPermitted:
            self.init(
                code: .readOnly,
                message: "\(error.operation) is not permitted (\(number)); "
                    + "let this user read the folder, and write it to append",
                path: error.path)
        case .noSpace, .diskQuotaExceeded:
            self.init(code: .noSpace, message: "the disk has no room (\(number)); free some", path: error.path)
        default:
            self.init(code: .system(error.number), message: Self.message(error, number), path: error.path)
        }
    }
}
