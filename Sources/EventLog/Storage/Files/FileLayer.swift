package import SystemPackage

/// Everything the engine asks of the operating system, and nothing else.
///
/// The engine's own code runs unchanged on the system's files and on simulated ones that crash, tear and rot. Reads and
/// writes may be short or interrupted, as the system's are; `OpenFile.readFully` and `writeFully` above this layer
/// finish them. Paths are complete. All operations may be called from any thread.
package protocol FileLayer: Sendable {
    /// Opens a file.
    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile
    /// Gives `from` the name `to`, in place of what had that name; atomic, durable only after `syncDirectory`.
    func rename(_ from: FilePath, to: FilePath) throws(FileError)
    /// Takes the name away; the file goes with its last open descriptor.
    func unlink(_ path: FilePath) throws(FileError)
    /// Makes an empty directory; one that is there already is no error.
    func makeDirectory(_ path: FilePath) throws(FileError)
    /// Makes the names in a directory durable.
    func syncDirectory(_ path: FilePath) throws(FileError)
    /// The names in a directory, in no order.
    func list(_ directory: FilePath) throws(FileError) -> [String]
    /// Maps the head word. With `creating`, a file that is missing or short is made with that word first.
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord
    /// Tries to lock the file for one writer, making it if it is missing. Returns nil if another holds the lock.
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)?
}

/// How a file is opened.
package enum OpenMode: Sendable {
    /// For reading; it must exist.
    case read
    /// For reading and writing; it must exist.
    case readWrite
    /// For reading and writing; made empty, whatever was there.
    case create
}

/// One open file; closed when the last reference goes.
package protocol OpenFile: AnyObject, Sendable {
    /// The path it was opened with, for messages.
    var path: FilePath { get }
    /// Reads at most `buffer.count` bytes at `offset`; 0 at the end of the file.
    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int
    /// Writes at most `bytes.count` bytes at `offset`, at least one.
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int
    /// Returns once everything written is on disk, with the size that is needed to read it (`fdatasync`).
    func sync() throws(FileError)
    /// Cuts or extends the file (zero-filled); durable only after `sync`.
    func truncate(to size: UInt64) throws(FileError)
    /// The file's size in bytes.
    func size() throws(FileError) -> UInt64
    /// Whether a name still leads to this file; false once another was renamed over it.
    func isLinked() -> Bool
    /// Tells the kernel that these bytes will not be read again soon.
    func forget(from offset: UInt64, count: UInt64)
}

/// The one word that every reader maps: the durable next sequence, as `HeadCode` writes it.
package protocol HeadWord: AnyObject, Sendable {
    /// The word as it is now.
    func load() -> UInt64
    /// Stores the word, all of it at once, then wakes all who wait. Only the writer calls it.
    func store(_ word: UInt64)
    /// Wakes all who wait, without a change.
    func wake()
    /// Sleeps until the word differs from `value`, someone wakes, or the time is over.
    func wait(while value: UInt64, nanoseconds: Int64)
}

/// A lock that dies with its process, or with the last reference.
package protocol FileLock: AnyObject, Sendable {
    /// Lets others take the lock.
    func release()
}

/// A failed call to the operating system.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, such as `open`.
    package var operation: String
    /// The file it was tried on.
    package var path: String
    /// The system's error number.
    package var number: Int32

    /// A failed call.
    package init(operation: String, path: FilePath, number: Int32) {
        self.operation = operation
        self.path = path.string
        self.number = number
    }

    /// Whether the disk or the user's share of it is full.
    package var isNoSpace: Bool {
        Errno(rawValue: number) == .noSpace || Errno(rawValue: number) == .diskQuotaExceeded
    }

    package var description: String { "\(operation) \(path): \(Errno(rawValue: number))" }
}

extension OpenFile {
    /// Reads until the buffer is full or the file ends; returns how many bytes were read.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            do {
                let count = try readSome(into: rest, at: offset + UInt64(done))
                if count == 0 { break }
                done += count
            } catch  where error.number == Errno.interrupted.rawValue {
                continue
            }
        }
        return done
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file.
    package func readBytes(at offset: UInt64, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(FileError) {
                initialized = try readFully(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes at `offset`.
    package func writeFully(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            do throws(FileError) {
                let count = try writeSome(rest, at: offset + UInt64(done))
                guard count > 0 else {
                    throw FileError(operation: "write", path: path, number: Errno.ioError.rawValue)
                }
                done += count
            } catch  where error.number == Errno.interrupted.rawValue {
                continue
            }
        }
    }

    /// Writes all bytes at `offset`.
    package func writeFully(_ bytes: [UInt8], at offset: UInt64) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { buffer in
            do throws(FileError) {
                try writeFully(buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
